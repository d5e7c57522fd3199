// A small config.json for each family.
#pragma once

#include <string>
#include <vector>

namespace fw {

struct SmallConfig {
  std::string family;  // id
  std::string json;
};

/// At least one for each family.
const std::vector<SmallConfig>& smallConfigs();

}  // namespace fw
