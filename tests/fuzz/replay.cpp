// usage: fuzz_target_NAME FILE|FOLDER...
// Gives every file to the target once: the corpus as an ordinary test, and a finding of libFuzzer in a debugger.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include "engine/base/file.h"
#include "tests/fuzz/target.h"

namespace fs = std::filesystem;

int main(int count, char** arguments) {
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(arguments[i])) files.emplace_back(arguments[i]);
    if (fs::is_directory(arguments[i]))
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(arguments[i]))
        if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    std::cout << file << std::endl;  // flushed: the last one is that which ended the program
    const std::string bytes = fw::readFile(file);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  std::cout << files.size() << " files" << std::endl;
  return files.empty();
}
