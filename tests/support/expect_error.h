// Expecting an error by its code and its exact sentence.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "engine/base/error.h"

namespace fw {

/// Fails the test unless `action()` throws fw::Error with this code and exactly this sentence.
template <class Action>
void expectError(const Action& action, Code code, const std::string& sentence) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), sentence);
    EXPECT_EQ(int(error.code()), int(code)) << sentence;
    return;
  }
  ADD_FAILURE() << "nothing was thrown; expected: " << sentence;
}

}  // namespace fw
