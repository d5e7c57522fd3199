// Decoders: from tokens back to text.
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/make_pattern.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

using Tokens = std::vector<std::string>;

constexpr size_t kMostBytes = size_t(1) << 24;  // of one replacement: a file may double a text again and again

std::string replaced(const std::string& text, const Pattern& pattern, const std::string& content) {
  std::string out;
  for (const Pattern::Piece& piece : pattern.pieces(text)) {
    out += piece.isMatch ? content : text.substr(piece.begin, piece.end - piece.begin);
    if (out.size() > kMostBytes)
      throw Error(Code::Data, fw::text("[tokenizer] the decoder makes more than ", kMostBytes, " bytes of a text."));
  }
  return out;
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  return replaced(text, Pattern::literal(from), to);
}

std::string joined(const Tokens& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

/// A token with a character that stands for no byte is text as it is.
void byteLevel(Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) {
    std::string own;
    bool isBytes = true;
    for (size_t at = 0; at < token.size() && isBytes;) {
      const int byte = characterToByte(unicode::next(token, at));
      isBytes = byte >= 0;
      own += char(byte);
    }
    bytes += isBytes ? own : token;
  }
  tokens = {unicode::repaired(bytes)};
}

/// "<0x41>"; -1 for other tokens.
int byteOf(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int byte = 0;
  for (const char c : token.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    byte = byte * 16 + digit;
  }
  return byte;
}

/// Runs of byte tokens become their characters; each byte of a run that is no UTF-8 becomes U+FFFD.
void byteFallback(Tokens& tokens) {
  Tokens out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    const std::string whole = unicode::repaired(bytes);
    if (whole == bytes)
      out.push_back(whole);
    else
      out.insert(out.end(), bytes.size(), unicode::toUtf8(0xFFFD));
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    if (const int byte = byteOf(token); byte >= 0) {
      bytes += char(byte);
      continue;
    }
    flush();
    out.push_back(token);
  }
  flush();
  tokens = std::move(out);
}

/// Blanks before punctuation and inside contractions go.
std::string cleanedUp(std::string text) {
  static const std::vector<std::pair<const char*, const char*>> rules = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules) text = replaced(text, std::string(from), std::string(to));
  return text;
}

Decoder strip(const SortedJson& json, const std::string& place) {
  const std::string content = unicode::toUtf8(fields::characterOf(json, "content", U' ', place));
  const int64_t start = fields::integerOf(json, "start", 0, place), stop = fields::integerOf(json, "stop", 0, place);
  return [=](Tokens& tokens) {
    for (std::string& token : tokens) {
      for (int64_t i = 0; i < start && token.starts_with(content); ++i) token.erase(0, content.size());
      for (int64_t i = 0; i < stop && token.ends_with(content); ++i) token.resize(token.size() - content.size());
    }
  };
}

Decoder ctc(const SortedJson& json, const std::string& place) {
  const std::string pad = fields::textOf(json, "pad_token", "<pad>", place);
  const std::string word = fields::textOf(json, "word_delimiter_token", "|", place);
  const bool isCleaned = fields::flagOf(json, "cleanup", true, place);
  return [=](Tokens& tokens) {
    Tokens out;
    const std::string* last = nullptr;
    for (const std::string& token : tokens) {
      const bool isRepeated = last && *last == token;
      last = &token;
      if (isRepeated) continue;
      std::string text = replaced(token, pad, "");
      if (isCleaned) text = replaced(cleanedUp(text), word, " ");
      if (!text.empty()) out.push_back(text);
    }
    tokens = std::move(out);
  };
}

Decoder wordPiece(const SortedJson& json, const std::string& place) {
  const std::string prefix = fields::textOf(json, "prefix", "##", place);
  const bool isCleaned = fields::flagOf(json, "cleanup", true, place);
  return [=](Tokens& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0) token = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
      if (isCleaned) token = cleanedUp(token);
    }
  };
}

Decoder metaspace(const SortedJson& json, const std::string& place) {
  const std::string mark = unicode::toUtf8(fields::characterOf(json, "replacement", U'\u2581', place));
  const bool isPrepended = fields::flagOf(json, "add_prefix_space", true, place);
  const bool isNever = fields::textOf(json, "prepend_scheme", isPrepended ? "always" : "never", place) == "never";
  return [=](Tokens& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string out;
      for (size_t at = 0; at < tokens[i].size();) {
        const size_t from = at;
        unicode::next(tokens[i], at);
        const std::string character = tokens[i].substr(from, at - from);
        if (character != mark)
          out += character;
        else if (i > 0 || isNever)
          out += ' ';
      }
      tokens[i] = out;
    }
  };
}

}  // namespace

Decoder makeDecoder(const SortedJson& json, const std::string& place) {
  if (json.is_null()) return {};
  const std::string type = fields::textOf(json, "type", place);
  if (type == "Sequence") {
    std::vector<Decoder> steps;
    for (const SortedJson& step : fields::listOf(json, "decoders", place))
      if (Decoder made = makeDecoder(step, place)) steps.push_back(std::move(made));
    return [steps](Tokens& tokens) {
      for (const Decoder& step : steps) step(tokens);
    };
  }
  if (type == "ByteLevel") return byteLevel;
  if (type == "ByteFallback") return byteFallback;
  if (type == "Fuse") return [](Tokens& tokens) { tokens = {joined(tokens)}; };
  if (type == "Strip") return strip(json, place);
  if (type == "WordPiece") return wordPiece(json, place);
  if (type == "Metaspace") return metaspace(json, place);
  if (type == "CTC") return ctc(json, place);
  if (type == "BPEDecoder") {
    const std::string suffix = fields::textOf(json, "suffix", "</w>", place);
    return [suffix](Tokens& tokens) {
      for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = replaced(tokens[i], suffix, i + 1 < tokens.size() ? " " : "");
    };
  }
  if (type == "Replace") {
    const Pattern pattern = makePattern(fields::require(json, "pattern", place), place);
    const std::string content = fields::textOf(json, "content", place);
    return [pattern, content](Tokens& tokens) {
      for (std::string& token : tokens) token = replaced(token, pattern, content);
    };
  }
  throw Error(Code::File, text("[", place, "] the decoder '", type,
                               "' is not known; known are Sequence, ByteLevel, ByteFallback, Fuse, Strip, WordPiece, "
                               "Metaspace, BPEDecoder, Replace, CTC."));
}

}  // namespace fw
