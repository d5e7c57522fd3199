// tokenize: a text as tokens, with their places in it.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
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
          {"decoded", tokenizer.decode(encoding.ids)}};
}

/// One JSON text a line.
std::vector<std::string> readLines(const std::string& path) {
  std::vector<std::string> texts;
  std::istringstream lines(readFile(path));
  for (std::string line; std::getline(lines, line);) {
    const Json json = parseJson(line, path);
    if (!json.is_string()) throw Error(Code::Data, text("[", path, "] line ", texts.size() + 1, " is no JSON text."));
    texts.push_back(json.get<std::string>());
  }
  return texts;
}

}  // namespace

void addTokenize(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("tokenize", "A text as the tokens of a model or a tokenizer.json");
  struct Options {
    std::string model, text, file, lines;
    bool isPlain = false, isJson = false;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Folder with a tokenizer.json, or that file")->required();
  CLI::Option* text = verb->add_option("--text", options->text, "The text");
  CLI::Option* file = verb->add_option("--file", options->file, "A text file")->excludes(text);
  verb->add_option("--lines", options->lines, "A file of texts, each a JSON text on a line")
      ->excludes(text)
      ->excludes(file);
  verb->add_flag("--plain", options->isPlain, "Without the tokens put around a text");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const std::shared_ptr<const Tokenizer> tokenizer = findTokenizer(options->model);
    if (!tokenizer) throw Error(Code::File, fw::text("[", options->model, "] has no tokenizer.json."));
    std::vector<std::string> texts{options->text};
    if (!options->file.empty()) texts = {readFile(options->file)};
    if (!options->lines.empty()) texts = readLines(options->lines);
    Json all = Json::array();
    for (const std::string& one : texts) {
      const Encoding encoding = tokenizer->encode(one, !options->isPlain);
      if (options->isJson) {
        all.push_back(toJson(*tokenizer, encoding));
        continue;
      }
      for (size_t i = 0; i < encoding.ids.size(); ++i)
        std::cout << encoding.ids[i] << '\t' << encoding.offsets[i].begin << '\t' << encoding.offsets[i].end << '\t'
                  << encoding.tokens[i] << '\n';
    }
    if (options->isJson)
      printJson({{"vocabulary", tokenizer->size()}, {"texts", std::move(all)}, {"notes", tokenizer->notes()}});
    else
      for (const std::string& note : tokenizer->notes()) std::cerr << "info: " << note << '\n';
  });
}

}  // namespace fw::cli
