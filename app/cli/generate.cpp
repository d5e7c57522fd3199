// generate: text token by token.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "app/cli/command.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/io/tokenizer/tokenizer.h"

namespace fw::cli {

namespace {

/// What generation_config.json of the folder `model` asks for; null without one.
Json generationConfig(const std::string& model) {
  const std::filesystem::path path = std::filesystem::path(model) / "generation_config.json";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  return readJsonFile(path.string());
}

/// A sentence about what of it would change the text and does not act here; empty: nothing.
std::string ignoredWishes(const Json& config) {
  // What leaves the text as it is.
  static const std::vector<std::pair<const char*, Json>> neutral = {
      {"repetition_penalty", 1.0},        {"no_repeat_ngram_size", 0},      {"num_beams", 1},
      {"bad_words_ids", nullptr},         {"suppress_tokens", nullptr},     {"begin_suppress_tokens", nullptr},
      {"forced_bos_token_id", nullptr},   {"forced_eos_token_id", nullptr}, {"min_length", 0},
      {"encoder_no_repeat_ngram_size", 0}};
  std::string asked;
  for (const auto& [name, plain] : neutral)
    if (config.contains(name) && !config[name].is_null() && config[name] != plain)
      asked += (asked.empty() ? "" : ", ") + std::string(name) + " " + config[name].dump().substr(0, 40);
  return asked.empty() ? "" : "generation_config.json asks for " + asked + "; that does not act here.";
}

}  // namespace

void addGenerate(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("generate", "Continue a prompt token by token");
  struct Options {
    std::string model, prompt;
    GenerateOptions generate;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Run folder, preset, .fw.json or Hugging Face folder")->required();
  verb->add_option("--prompt", options->prompt, "Text to go on from")->required();
  verb->add_option("--tokens", options->generate.tokens, "How many")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  CLI::Option* least = verb->add_option("--min-tokens", options->generate.least,
                                        "Tokens before the text may end; else what generation_config.json says")
                           ->check(CLI::NonNegativeNumber)
                           ->capture_default_str();
  verb->add_option("--temperature", options->generate.temperature, "0: the likeliest")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--seed", options->generate.seed, "Of the choices")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--device", options->generate.device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  addWeightsDtype(*verb, options->generate.weightFormat);
  verb->callback([options, least] {
    const OpenedModel opened = openModel(options->model);
    const std::shared_ptr<const Tokenizer> tokenizer = findTokenizer(options->model);
    options->generate.stops = stopTokens(options->model);
    if (const Json config = generationConfig(options->model); config.is_object()) {
      if (least->count() == 0 && config.contains("min_new_tokens") && config["min_new_tokens"].is_number_integer())
        options->generate.least = config["min_new_tokens"].get<int64_t>();
      if (const std::string note = ignoredWishes(config); !note.empty()) std::cerr << "info: " << note << '\n';
    }
    options->generate.prompt.clear();
    if (tokenizer)
      options->generate.prompt = tokenizer->encode(options->prompt).ids;
    else  // tokens are bytes
      for (const char c : options->prompt) options->generate.prompt.push_back(uint8_t(c));
    std::optional<TokenStream> stream;
    if (tokenizer) stream.emplace(*tokenizer);
    std::string prompt = options->prompt;
    if (stream) {
      prompt.clear();
      for (const int64_t token : options->generate.prompt) prompt += stream->push(token);
    }
    if (const std::string note =
            rotationNote(*opened.architecture, int64_t(options->generate.prompt.size()) + options->generate.tokens);
        !note.empty())
      std::cerr << "info: " << note << '\n';
    // Nothing is said before the model is known to answer.
    const auto sayPrompt = [&] { std::cout << std::exchange(prompt, {}); };
    naming(options->model, opened, [&] {
      generate(
          *opened.architecture, opened.weights, options->generate,
          [&](int64_t token) {
            sayPrompt();
            if (stream)
              std::cout << stream->push(token) << std::flush;
            else if (token < 256)
              std::cout << char(uint8_t(token)) << std::flush;
            else
              std::cout << '<' << token << '>' << std::flush;
            return true;
          },
          interruptToken());
    });
    sayPrompt();
    if (stream) std::cout << stream->finish();
    std::cout << std::endl;
  });
}

}  // namespace fw::cli
