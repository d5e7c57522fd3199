// Byte-pair encoding: characters are merged in the order in which the pairs were learned. (Sennrich, Haddow and Birch,
// "Neural machine translation of rare words with subword units", 2016.)
#include <algorithm>
#include <nlohmann/json.hpp>
#include <queue>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

struct Merge {
  uint32_t rank = 0, id = 0;
};

uint64_t pairKey(uint32_t left, uint32_t right) { return uint64_t(left) << 32 | right; }

struct Symbol {
  uint32_t id = 0;
  size_t bytes = 0;  // 0: merged into the one before
  int previous = -1, next = -1;
};

class Bpe : public TokenModel {
 public:
  Bpe(const SortedJson& json, const std::string& place) : place_(place) {
    vocabulary_ = readVocabulary(fields::require(json, "vocab", place), place);
    prefix_ = fields::textOf(json, "continuing_subword_prefix", "", place);
    suffix_ = fields::textOf(json, "end_of_word_suffix", "", place);
    if (fields::find(json, "unk_token", place)) {
      unknown_ = fields::textOf(json, "unk_token", place);
    }
    isUnknownFused_ = fields::flagOf(json, "fuse_unk", false, place);
    hasByteFallback_ = fields::flagOf(json, "byte_fallback", false, place);
    ignoresMerges_ = fields::flagOf(json, "ignore_merges", false, place);
    readMerges(fields::listOf(json, "merges", place));
    for (int byte = 0; byte < 256; ++byte) bytes_[byte] = vocabulary_.id(byteToken(uint8_t(byte)));
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  std::vector<Token> tokens(std::string_view piece) const override {
    if (piece.empty()) return {};
    if (ignoresMerges_)
      if (const auto id = vocabulary_.id(piece)) return {{*id, std::string(piece), 0, piece.size()}};
    std::vector<Symbol> symbols = characters(piece);
    mergeAll(symbols);
    std::vector<Token> out;
    size_t at = 0;
    for (const Symbol& symbol : symbols) {
      if (symbol.bytes == 0) continue;
      const std::string* written = vocabulary_.token(symbol.id);
      out.push_back({symbol.id, written ? *written : "", at, at + symbol.bytes});
      at += symbol.bytes;
    }
    return out;
  }

 private:
  static std::string byteToken(uint8_t byte) {
    const char* digits = "0123456789ABCDEF";
    return {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
  }

  void readMerges(const SortedJson& list) {
    merges_.reserve(list.size());
    const size_t skipped = prefix_.size();
    for (size_t rank = 0; rank < list.size(); ++rank) {
      const SortedJson& entry = list[rank];
      std::string left, right;
      if (entry.is_string()) {
        const std::string& both = entry.get_ref<const std::string&>();
        const size_t space = both.find(' ');
        if (space != std::string::npos && both.find(' ', space + 1) == std::string::npos) {
          left = both.substr(0, space);
          right = both.substr(space + 1);
        }
      } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
        left = entry[0].get<std::string>();
        right = entry[1].get<std::string>();
      }
      if (left.empty() && right.empty())
        throw Error(Code::File, text("[", place_, "] merge ", rank, " is ", shown(entry),
                                     "; expected two tokens with a space between, or a list of two."));
      const std::string joined = left + (right.size() >= skipped ? right.substr(skipped) : "");
      const auto a = idOf(left, rank), b = idOf(right, rank), both = idOf(joined, rank);
      merges_[pairKey(a, b)] = {uint32_t(rank), both};
    }
  }

  static std::string shown(const SortedJson& entry) {
    const std::string dump = entry.dump(-1, ' ', false, SortedJson::error_handler_t::replace);
    return dump.size() > 60 ? dump.substr(0, 60) + "..." : dump;
  }

  uint32_t idOf(const std::string& token, size_t rank) const {
    if (const auto id = vocabulary_.id(token)) return *id;
    throw Error(Code::File,
                text("[", place_, "] merge ", rank, " needs the token '", token, "', which is not in the vocabulary."));
  }

  std::vector<Symbol> characters(std::string_view piece) const {
    std::vector<Symbol> symbols;
    const auto add = [&](uint32_t id, size_t bytes) {
      const int index = int(symbols.size());
      if (index > 0) symbols.back().next = index;
      symbols.push_back({id, bytes, index - 1, -1});
    };
    std::optional<std::pair<uint32_t, size_t>> unknown;  // not yet added: id and bytes
    const auto flush = [&] {
      if (unknown) add(unknown->first, unknown->second);
      unknown.reset();
    };
    std::string key;
    for (size_t at = 0; at < piece.size();) {
      const size_t begin = at;
      unicode::next(piece, at);
      const size_t bytes = at - begin;
      key.assign(begin > 0 ? prefix_ : "");
      key += piece.substr(begin, bytes);
      if (at == piece.size()) key += suffix_;
      if (const auto id = vocabulary_.id(key)) {
        flush();
        add(*id, bytes);
        continue;
      }
      if (hasByteFallback_ &&
          std::all_of(key.begin(), key.end(), [&](char c) { return bytes_[uint8_t(c)].has_value(); })) {
        for (const char c : key) add(*bytes_[uint8_t(c)], 1);
        continue;
      }
      if (!unknown_) continue;
      const auto id = vocabulary_.id(*unknown_);
      if (!id)
        throw Error(Code::Data, text("[", place_, "] the unknown token '", *unknown_, "' is not in the vocabulary."));
      if (unknown && isUnknownFused_) {
        unknown->second += bytes;
      } else {
        flush();
        unknown = {*id, bytes};
      }
    }
    flush();
    return symbols;
  }

  const Merge* mergeOf(const std::vector<Symbol>& symbols, int left) const {
    if (left < 0 || symbols[size_t(left)].next < 0) return nullptr;
    const auto at = merges_.find(pairKey(symbols[size_t(left)].id, symbols[size_t(symbols[size_t(left)].next)].id));
    return at == merges_.end() ? nullptr : &at->second;
  }

  /// Always the pair that was learned first, the leftmost of equals.
  void mergeAll(std::vector<Symbol>& symbols) const {
    struct Candidate {
      uint32_t rank;
      int left;
      uint32_t id;
      bool operator<(const Candidate& other) const {
        return rank != other.rank ? rank > other.rank : left > other.left;
      }
    };
    std::priority_queue<Candidate> queue;
    const auto offer = [&](int left) {
      if (const Merge* merge = mergeOf(symbols, left)) queue.push({merge->rank, left, merge->id});
    };
    for (int i = 0; i + 1 < int(symbols.size()); ++i) offer(i);
    while (!queue.empty()) {
      const Candidate top = queue.top();
      queue.pop();
      Symbol& left = symbols[size_t(top.left)];
      const Merge* now = left.bytes == 0 ? nullptr : mergeOf(symbols, top.left);
      if (!now || now->id != top.id) continue;  // one of the two has changed since
      Symbol& right = symbols[size_t(left.next)];
      left.id = top.id;
      left.bytes += right.bytes;
      right.bytes = 0;
      left.next = right.next;
      if (left.next >= 0) symbols[size_t(left.next)].previous = top.left;
      offer(left.previous);
      offer(top.left);
    }
  }

  std::string place_;
  Vocabulary vocabulary_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::optional<uint32_t> bytes_[256];
  std::string prefix_, suffix_;
  std::optional<std::string> unknown_;
  bool isUnknownFused_ = false, hasByteFallback_ = false, ignoresMerges_ = false;
};

}  // namespace

std::unique_ptr<TokenModel> makeBpe(const SortedJson& json, const std::string& place) {
  return std::make_unique<Bpe>(json, place);
}

}  // namespace fw
