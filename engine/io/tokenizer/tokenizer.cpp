// The parts of a tokenizer file put together.
#include "engine/io/tokenizer/tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/tokenizer/added_tokens.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {

struct Tokenizer::Parts {
  Normalizer normalizer;
  PreTokenizer preTokenizer;
  std::unique_ptr<TokenModel> model;
  PostProcessor postProcessor;
  Fitting fitting;
  Decoder decoder;
  AddedTokens added;
  Vocabulary addedIds;
  std::unordered_map<int64_t, const AddedToken*> addedById;
  std::vector<std::string> notes;
};

namespace {

/// For each byte of a text the number of its character; one more entry for the end.
std::vector<uint32_t> characterNumbers(const std::string& text) {
  std::vector<uint32_t> numbers;
  numbers.reserve(text.size() + 1);
  uint32_t count = 0;
  for (size_t at = 0; at < text.size();) {
    unicode::next(text, at);
    numbers.resize(at, count++);
  }
  numbers.push_back(count);
  return numbers;
}

}  // namespace

Encoding Tokenizer::tokensOf(std::string_view bytes, int64_t typeId) const {
  const std::string text = unicode::repaired(bytes);
  const std::vector<uint32_t> number = characterNumbers(text);
  Pieces pieces = parts_->added.split(text, parts_->normalizer);
  if (parts_->preTokenizer) parts_->preTokenizer(pieces);
  Encoding encoding;
  for (Piece& piece : pieces) {
    if (piece.text.isEmpty()) continue;
    if (!piece.tokens) piece.tokens = parts_->model->tokens(piece.text.text());
    for (Token& token : *piece.tokens) {
      const ByteSpan span = piece.text.original(token.begin, token.end);
      // A span that ends inside a character ends before it, as one that begins inside begins with it.
      encoding.ids.push_back(token.id);
      encoding.tokens.push_back(std::move(token.text));
      encoding.offsets.push_back(
          {number[std::min<size_t>(span.begin, text.size())], number[std::min<size_t>(span.end, text.size())]});
    }
  }
  encoding.typeIds.assign(encoding.ids.size(), typeId);
  encoding.attentionMask.assign(encoding.ids.size(), 1);
  return encoding;
}

Encoding Tokenizer::made(std::string_view first, std::optional<std::string_view> second, bool hasSpecialTokens,
                         bool isFitted) const {
  std::vector<Encoding> texts = {tokensOf(first, 0)};
  if (second) texts.push_back(tokensOf(*second, 1));
  const PostProcessor& after = parts_->postProcessor;
  if (isFitted && parts_->fitting.cut)
    parts_->fitting.cut(texts, !hasSpecialTokens ? 0 : second ? after.addedToPair : after.addedToOne);
  if (after.apply) after.apply(texts, hasSpecialTokens);
  Encoding whole;
  const auto append = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  for (const Encoding& one : texts) {
    append(whole.ids, one.ids);
    append(whole.tokens, one.tokens);
    append(whole.offsets, one.offsets);
    append(whole.typeIds, one.typeIds);
    append(whole.attentionMask, one.attentionMask);
  }
  if (isFitted && parts_->fitting.pad) parts_->fitting.pad(whole);
  return whole;
}

Encoding Tokenizer::encode(std::string_view text, bool hasSpecialTokens) const {
  return made(text, std::nullopt, hasSpecialTokens, false);
}

Encoding Tokenizer::encodePair(std::string_view first, std::string_view second, bool hasSpecialTokens) const {
  return made(first, second, hasSpecialTokens, false);
}

Encoding Tokenizer::encodeFitted(std::string_view first, std::optional<std::string_view> second,
                                 bool hasSpecialTokens) const {
  return made(first, second, hasSpecialTokens, true);
}

std::string Tokenizer::decode(const std::vector<int64_t>& ids, bool hasSpecialTokens) const {
  std::vector<std::string> tokens;
  for (const int64_t id : ids) {
    if (!hasSpecialTokens && isSpecial(id)) continue;
    if (std::string token = this->token(id); !token.empty()) tokens.push_back(std::move(token));
  }
  if (parts_->decoder) parts_->decoder(tokens);
  std::string out;
  for (const std::string& token : tokens) {
    if (!parts_->decoder && !out.empty()) out += ' ';
    out += token;
  }
  return out;
}

int64_t Tokenizer::size() const {
  return std::max({parts_->model->vocabulary().size(), parts_->addedIds.size(), parts_->postProcessor.size});
}

std::optional<int64_t> Tokenizer::id(const std::string& token) const {
  if (const auto id = parts_->addedIds.id(token)) return int64_t(*id);
  if (const auto id = parts_->model->vocabulary().id(token)) return int64_t(*id);
  return std::nullopt;
}

std::string Tokenizer::token(int64_t id) const {
  if (id < 0 || id > INT32_MAX) return {};
  if (const std::string* token = parts_->addedIds.token(uint32_t(id))) return *token;
  const std::string* token = parts_->model->vocabulary().token(uint32_t(id));
  return token ? *token : "";
}

bool Tokenizer::isSpecial(int64_t id) const {
  const auto at = parts_->addedById.find(id);
  return at != parts_->addedById.end() && at->second->isSpecial;
}

const std::vector<std::string>& Tokenizer::notes() const { return parts_->notes; }

std::unique_ptr<TokenModel> makeTokenModel(const SortedJson& json, const std::string& place) {
  std::string type = fields::textOf(json, "type", "", place);
  // Files of old versions leave the type out.
  if (type.empty()) type = fields::find(json, "merges", place) ? "BPE" : "WordPiece";
  if (type == "BPE") return makeBpe(json, place);
  if (type == "WordPiece") return makeWordPiece(json, place);
  if (type == "WordLevel") return makeWordLevel(json, place);
  if (type == "Unigram") return makeUnigram(json, place);
  throw Error(Code::File,
              text("[", place, "] the model '", type, "' is not known; known are BPE, WordPiece, WordLevel, Unigram."));
}

Tokenizer parseTokenizer(std::string_view bytes, const std::string& place) {
  const SortedJson json = parseSortedJson(bytes, place, {.bytes = size_t(1) << 29, .values = int64_t(1) << 25});
  const auto part = [&](const char* name) {
    const SortedJson* found = fields::find(json, name, place);
    return found ? *found : SortedJson();
  };
  auto parts = std::make_shared<Tokenizer::Parts>();
  parts->model = makeTokenModel(fields::require(json, "model", place), place);
  parts->normalizer = makeNormalizer(part("normalizer"), place);
  parts->preTokenizer = makePreTokenizer(part("pre_tokenizer"), place);
  parts->postProcessor = makePostProcessor(part("post_processor"), place);
  parts->decoder = makeDecoder(part("decoder"), place);
  if (const SortedJson* added = fields::find(json, "added_tokens", place))
    parts->added = AddedTokens(readAddedTokens(*added, place), parts->normalizer);
  for (const AddedToken& token : parts->added.all()) {
    parts->addedIds.add(token.content, token.id);
    parts->addedById[token.id] = &token;
  }
  const SortedJson *truncation = fields::find(json, "truncation", place),
                   *padding = fields::find(json, "padding", place);
  parts->fitting = makeFitting(truncation, padding, place);
  if (truncation)
    parts->notes.push_back(text("[", place, "] truncation to ",
                                fields::integerOf(*truncation, "max_length", 512, place),
                                " tokens is not applied: texts are encoded whole."));
  if (padding)
    parts->notes.push_back(text("[", place, "] padding is not applied: a text has as many tokens as it needs."));
  return Tokenizer(std::move(parts));
}

Tokenizer loadTokenizer(const std::string& path) {
  return parseTokenizer(readFile(path, size_t(1) << 29), std::filesystem::path(path).filename().string());
}

std::string TokenStream::push(int64_t id) {
  // A decoder may treat the front of a text in its own way, so many tokens stay before the new ones.
  constexpr ptrdiff_t kMost = 256, kKept = 64;
  ids_.push_back(id);
  const std::string all = tokenizer_.decode(ids_);
  const bool isOpen = all.ends_with("\xEF\xBF\xBD");
  if (isOpen || all.size() < shown_.size()) return {};
  const std::string fresh = all.substr(shown_.size());
  shown_ = all;
  if (ptrdiff_t(ids_.size()) > kMost) {
    ids_.erase(ids_.begin(), ids_.end() - kKept);
    shown_ = tokenizer_.decode(ids_);
  }
  return fresh;
}

std::string TokenStream::finish() {
  const std::string all = tokenizer_.decode(ids_);
  return all.size() > shown_.size() ? all.substr(shown_.size()) : "";
}

}  // namespace fw
