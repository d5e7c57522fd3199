// What the verbs share.
#include "app/cli/command.h"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace fw::cli {

Params parseOptions(const std::vector<std::string>& pairs) {
  Params params;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw Error(Code::Usage, text("'", pair, "' is no option; expected name=value."));
    const std::string name = pair.substr(0, equals), value = pair.substr(equals + 1);
    int64_t whole = 0;
    double real = 0;
    const char* end = value.data() + value.size();
    if (value == "true" || value == "false")
      params[name] = value == "true";
    else if (const auto r = std::from_chars(value.data(), end, whole); r.ec == std::errc() && r.ptr == end)
      params[name] = whole;
    else if (const auto d = std::from_chars(value.data(), end, real); d.ec == std::errc() && d.ptr == end)
      params[name] = real;
    else
      params[name] = value;
  }
  return params;
}

void addWeightsDtype(CLI::App& verb, WeightFormat& format) {
  static const std::map<std::string, WeightFormat> names = {{"auto", WeightFormat::Stored},
                                                            {"f32", WeightFormat::F32},
                                                            {"bf16", WeightFormat::BF16},
                                                            {"int8", WeightFormat::I8}};
  verb.add_option("--weights-dtype", format,
                  "How weights lie in memory: auto (bf16 and f16 as in the file), f32, bf16, int8 (a scale an output)")
      ->transform(CLI::CheckedTransformer(names))
      ->option_text("auto|f32|bf16|int8 [auto]");
}

void printJson(const Json& json) { std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl; }

std::string shortNumber(double value) {
  const char* units[] = {"", " K", " M", " G", " T", " P", " E"};
  int unit = 0;
  while (value >= 999.5 && unit < 6) {
    value /= 1000;
    ++unit;
  }
  char out[32];
  std::snprintf(out, sizeof out, "%.*f", unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value);
  return std::string(out) + units[unit];
}

namespace {

std::stop_source& interruptSource() {
  static std::stop_source source;
  return source;
}

}  // namespace

CancelToken interruptToken() {
  std::signal(SIGINT, [](int) {
    // A second Ctrl+C ends the program at once.
    std::signal(SIGINT, SIG_DFL);
    interruptSource().request_stop();
  });
  return interruptSource().get_token();
}

}  // namespace fw::cli
