// The built command line, run as a process.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "tests/support/process.h"
#include "tests/support/source_folder.h"
#include "tests/support/temporary_folder.h"

namespace fw {

inline std::string cliPath() { return buildFolder() + "/app/formwright-cli"; }

inline ProcessResult cli(const std::vector<std::string>& arguments, const ProcessOptions& options = {}) {
  return runProgram(cliPath(), arguments, options);
}

/// stdout of a call that must succeed, as the one JSON object that it must be.
inline Json cliJson(const std::vector<std::string>& arguments) {
  const ProcessResult result = cli(arguments);
  EXPECT_EQ(result.exitCode, 0) << result.err;
  Json json;
  try {
    json = parseJson(result.out, "stdout");
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what() << "\n" << result.out;
  }
  EXPECT_TRUE(json.is_object()) << result.out;
  return json;
}

inline std::vector<std::string> keysOf(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

/// Expects exit code, nothing on stdout, and this sentence on stderr.
inline void expectRefusal(const std::vector<std::string>& arguments, int exitCode, const std::string& sentence,
                          const ProcessOptions& options = {}) {
  const ProcessResult result = cli(arguments, options);
  EXPECT_EQ(result.exitCode, exitCode);
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "formwright-cli: " + sentence + "\n");
}

/// Expects exit code 2 and a message that contains `part`.
inline void expectUsage(const std::vector<std::string>& arguments, const std::string& part) {
  const ProcessResult result = cli(arguments);
  EXPECT_EQ(result.exitCode, 2) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
}

}  // namespace fw
