// `tokenizer.json`: what is loaded turns a short text, and a pair of them, into ids inside its vocabulary and offsets
// inside the text.
#include "engine/io/tokenizer/tokenizer.h"
#include "tests/fuzz/target.h"

using namespace fw;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = "A  B\xc3\xa9 it's 12\n\xe6\x95\x8f\xf0\x9f\x98\x80<s>\xff";
  constexpr int64_t kCodePoints = 20;
  const auto tokenizer = unlessRefused([&] {
    return parseTokenizer({reinterpret_cast<const char*>(data), size}, "tokenizer.json");
  });
  if (!tokenizer) return 0;
  for (const bool hasSpecialTokens : {false, true}) {
    const auto encoding = unlessRefused([&] { return tokenizer->encode(text, hasSpecialTokens); });
    if (!encoding) continue;
    if (encoding->tokens.size() != encoding->ids.size() || encoding->offsets.size() != encoding->ids.size())
      throw std::logic_error("ids, tokens and offsets are not equally many");
    const auto pair = unlessRefused([&] { return tokenizer->encodeFitted(text, "B it", hasSpecialTokens); });
    if (pair && (pair->typeIds.size() != pair->ids.size() || pair->attentionMask.size() != pair->ids.size()))
      throw std::logic_error("ids, types and attention are not equally many");
    for (const int64_t id : encoding->ids)
      if (id < 0 || id >= tokenizer->size()) throw std::logic_error("an id outside the vocabulary");
    for (const Encoding::Span& span : encoding->offsets)
      if (span.begin < 0 || span.end < span.begin || span.end > kCodePoints)
        throw std::logic_error("an offset outside the text");
    unlessRefused([&] { return tokenizer->decode(encoding->ids, hasSpecialTokens); });
    unlessRefused([&] {
      TokenStream stream(*tokenizer);
      std::string decoded;
      for (const int64_t id : encoding->ids) decoded += stream.push(id);
      return decoded + stream.finish();
    });
  }
  return 0;
}
