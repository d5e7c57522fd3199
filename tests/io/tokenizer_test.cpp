// Tokenizers against what Hugging Face's library made of the same texts, and files that must fail.
#include "engine/io/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/json.h"
#include "tests/support/expect_error.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

std::string folder() { return sourceFolder() + "/tests/fixtures/tokenizers/"; }

/// Words of three letters: a, b, c, ab, abc and <unk>.
std::string smallBpe(const std::string& rest) {
  return R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "<unk>": 5},
             "merges": ["a b", "ab c"], "unk_token": "<unk>"})" +
         rest + "}";
}

TEST(Tokenizer, EqualsStoredResults) {
  const Json expected = readJsonFile(folder() + "expected.json");
  ASSERT_EQ(expected.size(), 4u);
  for (const auto& [name, cases] : expected.items()) {
    SCOPED_TRACE(name);
    const Tokenizer tokenizer = loadTokenizer(folder() + name + "_tokenizer.json");
    for (const Json& one : cases) {
      const std::string text = one["text"].get<std::string>();
      SCOPED_TRACE(text);
      const Encoding got = tokenizer.encode(text);
      EXPECT_EQ(got.ids, one["ids"].get<std::vector<int64_t>>());
      EXPECT_EQ(got.tokens, one["tokens"].get<std::vector<std::string>>());
      std::vector<int64_t> offsets;
      for (const Encoding::Span& span : got.offsets) offsets.insert(offsets.end(), {span.begin, span.end});
      EXPECT_EQ(offsets, one["offsets"].get<std::vector<int64_t>>());
      EXPECT_EQ(tokenizer.decode(got.ids), one["decoded"].get<std::string>());
    }
  }
}

TEST(Tokenizer, MergesTheFirstLearnedPairFirst) {
  const Tokenizer tokenizer = parseTokenizer(smallBpe(""), "t");
  EXPECT_EQ(tokenizer.encode("abcab").ids, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(tokenizer.encode("bab").ids, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(tokenizer.encode("axb").ids, (std::vector<int64_t>{0, 5, 1}));
  EXPECT_EQ(tokenizer.size(), 6);
  EXPECT_EQ(tokenizer.id("abc"), 4);
  EXPECT_EQ(tokenizer.id("bc"), std::nullopt);
  EXPECT_EQ(tokenizer.token(-1), "");
  EXPECT_EQ(tokenizer.token(int64_t(1) << 40), "");
}

TEST(Tokenizer, AFileMayCutAndFillUp) {
  EXPECT_TRUE(parseTokenizer(smallBpe(R"(, "truncation": null, "padding": null)"), "t").notes().empty());
  const Tokenizer tokenizer =
      parseTokenizer(smallBpe(R"(, "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0},
                    "padding": {"strategy": {"Fixed": 4}, "pad_id": 5, "pad_token": "<unk>"})"),
                     "tokenizer.json");
  EXPECT_EQ(tokenizer.notes(), (std::vector<std::string>{
                                   "[tokenizer.json] truncation to 2 tokens is not applied: texts are encoded whole.",
                                   "[tokenizer.json] padding is not applied: a text has as many tokens as it needs."}));
  EXPECT_EQ(tokenizer.encode("cba").ids, (std::vector<int64_t>{2, 1, 0}));
  const Encoding fitted = tokenizer.encodeFitted("cba", std::nullopt);
  EXPECT_EQ(fitted.ids, (std::vector<int64_t>{2, 1, 5, 5}));
  EXPECT_EQ(fitted.tokens, (std::vector<std::string>{"c", "b", "<unk>", "<unk>"}));
  EXPECT_EQ(fitted.attentionMask, (std::vector<int64_t>{1, 1, 0, 0}));
}

/// Words, with the rest of the file.
Tokenizer words(const std::string& post, const std::string& rest = "") {
  return parseTokenizer(
      R"({"model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"a": 0, "b": 1, "c": 2, "d": 3,
      "[CLS]": 4, "[SEP]": 5, "[PAD]": 6, "[UNK]": 7}}, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": )" +
          post + rest + "}",
      "t");
}

/// Numbers that Hugging Face's library gives for "a b c" and "d a b a".
TEST(Tokenizer, PairsEqualHuggingFace) {
  const std::string specials = R"("special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [4], "tokens": ["[CLS]"]},
      "[SEP]": {"id": "[SEP]", "ids": [5], "tokens": ["[SEP]"]}})";
  const std::string templated = R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 2}}, {"Sequence": {"id": "B", "type_id": 3}},
               {"Sequence": {"id": "A", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 0}}], )" +
                                specials + "}";
  const std::string bert = R"({"type": "BertProcessing", "sep": ["[SEP]", 5], "cls": ["[CLS]", 4]})";
  const std::string roberta = R"({"type": "RobertaProcessing", "sep": ["[SEP]", 5], "cls": ["[CLS]", 4],
      "trim_offsets": true, "add_prefix_space": false})";
  struct Case {
    std::string post;
    std::vector<int64_t> ids, types, cut, cutTypes;
  };
  const std::vector<Case> cases = {
      {templated,
       {4, 3, 0, 1, 0, 0, 1, 2, 3, 0, 1, 0},
       {2, 3, 3, 3, 3, 1, 1, 1, 0, 0, 0, 0},
       {4, 0, 1, 0, 1, 2, 0, 1, 0},
       {2, 3, 3, 3, 1, 1, 0, 0, 0}},
      {bert,
       {4, 0, 1, 2, 5, 3, 0, 1, 0, 5},
       {0, 0, 0, 0, 0, 1, 1, 1, 1, 1},
       {6, 6, 6, 4, 2, 5, 1, 0, 5},
       {7, 7, 7, 0, 0, 0, 1, 1, 1}},
      {roberta,
       {4, 0, 1, 2, 5, 5, 3, 0, 1, 0, 5},
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       {6, 6, 6, 4, 2, 5, 5, 0, 5},
       {7, 7, 7, 0, 0, 0, 0, 0, 0}},
      {"null", {0, 1, 2, 3, 0, 1, 0}, {0, 0, 0, 1, 1, 1, 1}, {6, 6, 6, 0, 1, 2, 0, 1, 0}, {7, 7, 7, 0, 0, 0, 1, 1, 1}}};
  const std::string fitting = R"(, "truncation": {"direction": "Left", "max_length": 6, "strategy": "LongestFirst"},
      "padding": {"strategy": {"Fixed": 9}, "direction": "Left", "pad_id": 6, "pad_type_id": 7, "pad_token": "[PAD]"})";
  for (const Case& one : cases) {
    SCOPED_TRACE(one.post);
    const Encoding pair = words(one.post).encodePair("a b c", "d a b a");
    EXPECT_EQ(pair.ids, one.ids);
    EXPECT_EQ(pair.typeIds, one.types);
    const Encoding cut = words(one.post, fitting).encodeFitted("a b c", "d a b a");
    EXPECT_EQ(cut.ids, one.cut);
    EXPECT_EQ(cut.typeIds, one.cutTypes);
    EXPECT_EQ(words(one.post, fitting).encodePair("a b c", "d a b a").ids, one.ids);
  }
  const std::string second = R"(, "truncation": {"max_length": 5, "strategy": "OnlySecond"},
      "padding": {"strategy": "BatchLongest", "pad_to_multiple_of": 4, "pad_id": 6})";
  const Encoding fitted = words("null", second).encodeFitted("a b c", "d a b a");
  EXPECT_EQ(fitted.ids, (std::vector<int64_t>{0, 1, 2, 3, 0, 6, 6, 6}));
  EXPECT_EQ(fitted.typeIds, (std::vector<int64_t>{0, 0, 0, 1, 1, 0, 0, 0}));
  EXPECT_EQ(fitted.attentionMask, (std::vector<int64_t>{1, 1, 1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(fitted.offsets[4], (Encoding::Span{2, 3}));
}

TEST(TokenizerError, WhatCannotBeCut) {
  const auto cut = [](const char* strategy, int most) {
    return words(R"({"type": "BertProcessing", "sep": ["[SEP]", 5], "cls": ["[CLS]", 4]})",
                 R"(, "truncation": {"max_length": )" + std::to_string(most) + R"(, "strategy": ")" + strategy + "\"}");
  };
  expectError([&] { cut("OnlySecond", 5).encodeFitted("a b c", "d a b a"); }, Code::Data,
              "[t] the text that is to be cut has 4 tokens, and 5 are too many.");
  expectError([&] { cut("OnlySecond", 3).encodeFitted("a b c", std::nullopt); }, Code::Data,
              "[t] the second text is to be cut, and there is one text.");
  expectError([&] { cut("LongestFirst", 2).encodeFitted("a", "b"); }, Code::Data,
              "[t] texts are cut to 2 tokens, which has no room for 3 special ones.");
  EXPECT_EQ(cut("LongestFirst", 2).encodeFitted("a", std::nullopt).ids, (std::vector<int64_t>{4, 5}));
}

TEST(Tokenizer, BrokenBytesCountAsReplacements) {
  const Tokenizer tokenizer = loadTokenizer(folder() + "byte_level_tokenizer.json");
  const std::string broken = std::string("a\xF0\x9F\x98 b\xFF", 7);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(broken).ids), "a\xEF\xBF\xBD b\xEF\xBF\xBD");
}

TEST(Tokenizer, AStreamGivesWholeCharacters) {
  for (const char* name : {"byte_level", "byte_fallback", "word_piece", "unigram"}) {
    SCOPED_TRACE(name);
    const Tokenizer tokenizer = loadTokenizer(folder() + std::string(name) + "_tokenizer.json");
    for (const std::string text : {"Hello, world! 😀 👍🏽 end", "敏捷 caf\u00e9", " two  blanks"}) {
      const std::vector<int64_t> ids = tokenizer.encode(text, false).ids;
      TokenStream stream(tokenizer);
      std::string out;
      for (const int64_t id : ids) {
        const std::string part = stream.push(id);
        EXPECT_EQ(part.find("\xEF\xBF\xBD"), std::string::npos);
        out += part;
      }
      EXPECT_EQ(out + stream.finish(), tokenizer.decode(ids));
    }
    std::vector<int64_t> many;
    for (int i = 0; i < 200; ++i)
      for (const int64_t id : tokenizer.encode(i % 7 ? " it's" : "  \u00e9", false).ids) many.push_back(id);
    TokenStream stream(tokenizer);
    std::string out;
    for (const int64_t id : many) out += stream.push(id);
    EXPECT_EQ(out + stream.finish(), tokenizer.decode(many));
  }
}

/// Special tokens around a text may have ids that the vocabulary has not: they count.
TEST(Tokenizer, SpecialTokensMayLieBeyondTheVocabulary) {
  const auto made = [](const std::string& processor) {
    return parseTokenizer(smallBpe(R"(, "post_processor": )" + processor), "t");
  };
  const Tokenizer bert = made(R"({"type": "BertProcessing", "sep": ["[SEP]", 22], "cls": ["[CLS]", 1]})");
  EXPECT_EQ(bert.encode("a").ids, (std::vector<int64_t>{1, 0, 22}));
  EXPECT_EQ(bert.size(), 23);
  const Tokenizer nested = made(
      R"({"type": "Sequence", "processors": [{"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
          "special_tokens": {"<s>": {"id": "<s>", "ids": [9], "tokens": ["<s>"]}}}]})");
  EXPECT_EQ(nested.encode("b").ids, (std::vector<int64_t>{9, 1}));
  EXPECT_EQ(nested.size(), 10);
}

TEST(Tokenizer, IdsMayBeFarApart) {
  const Tokenizer tokenizer = parseTokenizer(
      R"({"model": {"type": "WordLevel", "vocab": {"a": 2147483647, "<unk>": 7}, "unk_token": "<unk>"}})", "t");
  EXPECT_EQ(tokenizer.encode("a").ids, (std::vector<int64_t>{2147483647}));
  EXPECT_EQ(tokenizer.decode({2147483647, 9}), "a");
}

TEST(TokenizerError, APatternThatBacktracksWithoutEnd) {
  const std::string pattern =
      R"(, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+[cd]$"}, "behavior": "Isolated"})";
  const Tokenizer tokenizer = parseTokenizer(smallBpe(pattern), "tokenizer.json");
  expectError([&] { tokenizer.encode(std::string(4000, 'a') + "b"); }, Code::Data,
              "[tokenizer.json] the pattern '(a+)+[cd]$' backtracks without end on this text; stopped after 5000000 "
              "steps.");
}

/// A text of 100^20 bytes from a file of 3000.
TEST(TokenizerError, ATextThatIsMultipliedAgainAndAgain) {
  const std::string step =
      R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")" + std::string(100, 'a') + "\"}";
  std::string steps = step;
  for (int i = 1; i < 20; ++i) steps += "," + step;
  const Tokenizer encoder =
      parseTokenizer(smallBpe(R"(, "normalizer": {"type": "Sequence", "normalizers": [)" + steps + "]}"), "t");
  expectError([&] { encoder.encode("ab"); }, Code::Data,
              "[tokenizer] the normaliser makes 1048800 bytes of a text of 2; expected at most 1048704.");
  const Tokenizer decoder =
      parseTokenizer(smallBpe(R"(, "decoder": {"type": "Sequence", "decoders": [)" + steps + "]}"), "t");
  expectError(
      [&] {
        decoder.decode({0, 1});
      },
      Code::Data, "[tokenizer] the decoder makes more than 16777216 bytes of a text.");
}

TEST(TokenizerError, EachMistakeOfAFileHasItsSentence) {
  const auto split = [](const std::string& inner) {
    return smallBpe(R"(, "pre_tokenizer": {"type": "Split", )" + inner + "}");
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "[t] is a array; expected an object."},
      {"{}", "[t] 'model' is missing."},
      {R"({"model": 3})", "[t] is a number; expected an object."},
      {R"({"model": {"type": "Foo"}})",
       "[t] the model 'Foo' is not known; known are BPE, WordPiece, WordLevel, Unigram."},
      {R"({"model": {"type": "BPE", "merges": []}})", "[t] 'vocab' is missing."},
      {R"({"model": {"type": "BPE", "vocab": [], "merges": []}})", "[t] 'vocab' is a array; expected an object."},
      {R"({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})",
       "[t] the id of 'a' is -1; expected a whole number from 0 to 2147483647."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 1.5}, "merges": []}})",
       "[t] the id of 'a' is 1.5; expected a whole number from 0 to 2147483647."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}})",
       "[t] the id of 'a' is 99999999999; expected a whole number from 0 to 2147483647."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a"]}})",
       "[t] merge 0 is \"a\"; expected two tokens with a space between, or a list of two."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": [["a", "b", "c"]]}})",
       "[t] merge 0 is [\"a\",\"b\",\"c\"]; expected two tokens with a space between, or a list of two."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a b"]}})",
       "[t] merge 0 needs the token 'b', which is not in the vocabulary."},
      {R"({"model": {"type": "BPE", "vocab": {"a": 1, "a": 2}, "merges": []}})",
       "[t] the key 'a' stands twice in one object."},
      {std::string(1000, '[') + std::string(1000, ']'), "[t] nested deeper than 256 levels."},
      {R"({"model": {"type": "Unigram", "vocab": []}})", "[t] the vocabulary is empty."},
      {R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", "[t] entry 0 of 'vocab' is no [token, score]."},
      {R"({"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 5}})",
       "[t] 'unk_id' is 5, but there are 1 tokens."},
      {smallBpe(R"(, "normalizer": {"type": "Foo"})"),
       "[t] the normaliser 'Foo' is not known; known are Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, "
       "Strip, Prepend, Replace, BertNormalizer, Nmt, ByteLevel, Precompiled."},
      {smallBpe(R"(, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "/////w=="})"),
       "[t] 'precompiled_charsmap' claims a table of 4294967295 bytes but has 4."},
      {smallBpe(R"(, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "*"})"),
       "[t] 'precompiled_charsmap' is not base64."},
      {smallBpe(R"(, "decoder": {"type": "Foo"})"),
       "[t] the decoder 'Foo' is not known; known are Sequence, ByteLevel, ByteFallback, Fuse, Strip, WordPiece, "
       "Metaspace, BPEDecoder, Replace, CTC."},
      {smallBpe(R"(, "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "X"}}]})"),
       "[t] the special token 'X' is not among 'special_tokens'."},
      {smallBpe(
           R"(, "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B", "type_id": 0}}]})"),
       "[t] a template names the text 'B', which is not there."},
      {smallBpe(R"(, "truncation": {"strategy": "Foo"})"),
       "[t] 'strategy' is 'Foo'; expected LongestFirst, OnlyFirst or OnlySecond."},
      {smallBpe(R"(, "padding": {"direction": "Up"})"), "[t] 'direction' is 'Up'; expected Left or Right."},
      {smallBpe(R"(, "padding": {"strategy": {"Fixed": 99999999999}})"),
       "[t] texts are filled up to 99999999999 tokens; expected at most 1048576."},
      {smallBpe(R"(, "truncation": {"max_length": -1})"), "[t] 'max_length' is -1; expected none below 0."},
      {smallBpe(R"(, "added_tokens": {})"), "[t] 'added_tokens' is a object; expected a list."},
      {smallBpe(R"(, "added_tokens": [{"content": "x"}])"), "[t] 'id' is missing."},
      {split(R"("pattern": {"Regex": "("}, "behavior": "Isolated")"),
       "[t] the pattern '(' is no regular expression: missing closing parenthesis."},
      {split(R"("pattern": {"Regex": "x"}, "behavior": "Foo")"),
       "[t] 'behavior' is 'Foo'; expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous."},
      {split(R"("pattern": {"Glob": "x"}, "behavior": "Isolated")"), "[t] a pattern has neither 'String' nor 'Regex'."},
      {split(R"("pattern": {"Regex": ")" + std::string(70000, 'a') + R"("}, "behavior": "Isolated")"),
       "[t] a pattern has 70000 bytes; at most 65536 are read."},
  };
  for (const auto& [json, sentence] : cases) expectError([&] { parseTokenizer(json, "t"); }, Code::File, sentence);
}

TEST(TokenizerError, ACharacterThatNothingStandsFor) {
  const Tokenizer words = parseTokenizer(R"({"model": {"type": "WordLevel", "vocab": {"a": 0}}})", "t");
  expectError([&] { words.encode("b"); }, Code::Data, "[t] the unknown token '<unk>' is not in the vocabulary.");
  const Tokenizer unigram = parseTokenizer(R"({"model": {"type": "Unigram", "vocab": [["a", -1]]}})", "t");
  expectError([&] { unigram.encode("b"); }, Code::Data,
              "[t] a character is not in the vocabulary, and there is no 'unk_id'.");
}

TEST(TokenizerSlow, AHundredMegabytesOfMerges) {
  std::string merges = R"("a b")";
  while (merges.size() < 100'000'000) merges += R"(,"a b")";
  const Tokenizer tokenizer = parseTokenizer(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [)" + merges + "]}}", "t");
  EXPECT_EQ(tokenizer.encode("aba").ids, (std::vector<int64_t>{2, 0}));
}

}  // namespace
}  // namespace fw
