// Models of text: their tokenizer, and how well they foretell a text.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/exec/executor.h"
#include "engine/io/tokenizer/tokenizer.h"
#include "engine/train/token_loss.h"
#include "engine/workbench/inference.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

std::vector<int64_t> tokensOf(const TextOptions& options) {
  std::vector<int64_t> tokens;
  if (options.tokenizer)
    tokens = options.tokenizer->encode(options.text).ids;
  else
    for (const char c : options.text) tokens.push_back(uint8_t(c));
  if (options.most > 0 && int64_t(tokens.size()) > options.most) tokens.resize(size_t(options.most));
  if (tokens.size() < 2)
    throw Error(Code::Data, text("[text] the text has ", tokens.size(), " tokens; expected at least 2."));
  return tokens;
}

}  // namespace

std::shared_ptr<const Tokenizer> findTokenizer(const std::string& model) {
  std::error_code ignored;
  fs::path path(model);
  if (fs::is_directory(path, ignored)) path /= "tokenizer.json";
  if (path.filename().string().find("tokenizer") == std::string::npos || !fs::is_regular_file(path, ignored)) return {};
  return std::make_shared<const Tokenizer>(loadTokenizer(path.string()));
}

std::vector<int64_t> stopTokens(const std::string& model) {
  std::error_code ignored;
  for (const char* name : {"generation_config.json", "config.json"}) {
    const fs::path path = fs::path(model) / name;
    if (!fs::is_regular_file(path, ignored)) continue;
    const Json json = readJsonFile(path.string());
    if (!json.is_object() || !json.contains("eos_token_id")) continue;
    const Json& value = json["eos_token_id"];
    std::vector<int64_t> tokens;
    for (const Json& one : value.is_array() ? value : Json::array({value}))
      if (one.is_number_integer()) tokens.push_back(one.get<int64_t>());
    if (!tokens.empty()) return tokens;
  }
  return {};
}

TextEvaluation evaluateText(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                            const TextOptions& options, const CancelToken& cancel, const Progress& progress) {
  const std::vector<int64_t> tokens = tokensOf(options);
  const int64_t count = int64_t(tokens.size()) - 1, time = std::min(options.context, count);
  const auto model = lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", 1}, {"T", time}}});
  ir::Builder builder(*model);
  std::map<std::string, ir::Value> outputs;
  for (const ir::OutputInfo& output : model->outputs) outputs[output.name] = builder.value(output.value);
  const ir::Value logits = findOutput("text", outputs, "logits");
  const int64_t vocabulary = logits.size(-1);
  for (const int64_t token : tokens)
    if (token < 0 || token >= vocabulary)
      throw Error(Code::Data, text("[text] token ", token, " is outside the model's vocabulary of ", vocabulary, "."));
  const TaskLoss loss = tokenLoss("text", builder, outputs, 1, time, vocabulary);
  ir::Graph graph = builder.finish();
  graph.outputs = {{.name = "loss", .value = loss.loss.ref},
                   {.name = "right", .value = loss.measures[0].numerator.ref}};
  graph.probes.clear();

  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  Store store(*backend);
  Executor executor(planForInference(graph, weights, 1, options.weightFormat, store), store);
  TextEvaluation result{.tokens = count, .bytes = int64_t(options.text.size())};
  for (int64_t begin = 0; begin < count; begin += time) {
    std::vector<int64_t> seen(size_t(time), 0), next(size_t(time), kIgnoredLabel);
    const int64_t here = std::min(time, count - begin);
    for (int64_t t = 0; t < here; ++t) {
      seen[size_t(t)] = tokens[size_t(begin + t)];
      next[size_t(t)] = tokens[size_t(begin + t + 1)];
    }
    executor.setInput("tokens", Tensor::fromInts({1, time}, seen));
    executor.setInput("labels", Tensor::fromInts({1, time}, next));
    executor.run(cancel);
    result.loss += double(executor.output("loss").toFloats()[0]) * double(here) / double(count);
    result.accuracy += double(executor.output("right").toFloats()[0]) / double(count);
    progress.report(double(begin + here) / double(count));
  }
  result.perplexity = std::exp(result.loss);
  result.bitsPerByte = result.loss * double(count) / std::log(2.0) / double(result.bytes);
  return result;
}

}  // namespace fw
