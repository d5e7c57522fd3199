// Where the source tree and the build tree are, as CMake says.
#include "tests/support/source_folder.h"

namespace fw {

std::string sourceFolder() { return FORMWRIGHT_SOURCE_FOLDER; }
std::string buildFolder() { return FORMWRIGHT_BUILD_FOLDER; }

}  // namespace fw
