// The examples of all ops as test cases.
#pragma once

#include <vector>

#include "engine/ir/op.h"
#include "tests/support/example_input.h"

namespace fw::testing {

struct Case {
  const OpDef* op;
  const OpExample* example;
  size_t number;
};

inline std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (const OpDef& op : allOps())
    for (size_t i = 0; i < op.examples.size(); ++i) cases.push_back({&op, &op.examples[i], i});
  return cases;
}

}  // namespace fw::testing
