// tokenize: a text as tokens, with their places in it.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "app/cli/command.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/tokenizer/tokenizer.h"

namespace fw::cli {
namespace {

Json toJson(const Tokenizer& tokenizer, const Encoding& encoding) {
  Json offsets = Json::array();
  for (const Encoding::Span& span : encoding.offsets) offsets.push_back({span.begin, span.end});
  return {{"ids", encoding.ids},
          {"tokens", encoding.tokens},
          {"offsets", std::move(offsets)},
          {"type_ids", encoding.typeIds},
          {"attention_mask", encoding.attentionMask},
          {"decoded", tokenizer.decode(encoding.ids)}};
}

/// A text, or two that belong together.
struct Texts {
  std::string first;
  std::optional<std::string> second;
};

/// One JSON text a line, or a list of two.
std::vector<Texts> readLines(const std::string& path) {
  std::vector<Texts> all;
  std::istringstream lines(readFile(path));
  for (std::string line; std::getline(lines, line);) {
    const Json json = parseJson(line, path);
    const bool isPair = json.is_array() && json.size() == 2 && json[0].is_string() && json[1].is_string();
    if (!json.is_string() && !isPair)
      throw Error(Code::Data, text("[", path, "] line ", all.size() + 1, " is no JSON text and no list of two."));
    if (isPair)
      all.push_back({json[0].get<std::string>(), json[1].get<std::string>()});
    else
      all.push_back({json.get<std::string>(), std::nullopt});
  }
  return all;
}

}  // namespace

void addTokenize(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("tokenize", "A text as the tokens of a model or a tokenizer.json");
  struct Options {
    std::string model, text, file, lines, pair;
    bool isPlain = false, isWhole = false, isJson = false;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Folder with a tokenizer.json, or that file")->required();
  CLI::Option* text = verb->add_option("--text", options->text, "The text");
  CLI::Option* file = verb->add_option("--file", options->file, "A text file")->excludes(text);
  CLI::Option* pair = verb->add_option("--pair", options->pair, "A second text that belongs to the first");
  verb->add_option("--lines", options->lines, "A file of texts, each a JSON text on a line, or a list of two")
      ->excludes(text)
      ->excludes(file)
      ->excludes(pair);
  verb->add_flag("--plain", options->isPlain, "Without the tokens put around a text");
  verb->add_flag("--whole", options->isWhole, "Without the cutting and the filling up that the file asks for");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options, pair] {
    const std::shared_ptr<const Tokenizer> tokenizer = findTokenizer(options->model);
    if (!tokenizer) throw Error(Code::File, fw::text("[", options->model, "] has no tokenizer.json."));
    std::vector<Texts> texts{{options->text, std::nullopt}};
    if (!options->file.empty()) texts[0].first = readFile(options->file);
    if (pair->count() > 0) texts[0].second = options->pair;
    if (!options->lines.empty()) texts = readLines(options->lines);
    Json all = Json::array();
    for (const auto& [first, second] : texts) {
      const Encoding encoding = !options->isWhole ? tokenizer->encodeFitted(first, second, !options->isPlain)
                                : second          ? tokenizer->encodePair(first, *second, !options->isPlain)
                                                  : tokenizer->encode(first, !options->isPlain);
      if (options->isJson) {
        all.push_back(toJson(*tokenizer, encoding));
        continue;
      }
      for (size_t i = 0; i < encoding.ids.size(); ++i)
        std::cout << encoding.ids[i] << '\t' << encoding.offsets[i].begin << '\t' << encoding.offsets[i].end << '\t'
                  << encoding.tokens[i] << '\n';
    }
    const std::vector<std::string> notes = options->isWhole ? tokenizer->notes() : std::vector<std::string>();
    if (options->isJson)
      printJson({{"vocabulary", tokenizer->size()}, {"texts", std::move(all)}, {"notes", notes}});
    else
      for (const std::string& note : notes) std::cerr << "info: " << note << '\n';
  });
}

}  // namespace fw::cli
