// Where the source tree and the build tree are.
#pragma once

#include <string>

namespace fw {

std::string sourceFolder();
std::string buildFolder();

}  // namespace fw
