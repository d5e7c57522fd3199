// Unigram: of all ways to cut a piece the one with the largest sum of scores. (Kudo, "Subword regularization", 2018.)
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

// Below the worst score, so that an unknown character is the last resort.
constexpr double kUnknownPenalty = 10;

class Unigram : public TokenModel {
 public:
  Unigram(const SortedJson& json, const std::string& place) : place_(place) {
    const SortedJson& list = fields::listOf(json, "vocab", place);
    if (list.empty()) throw Error(Code::File, text("[", place, "] the vocabulary is empty."));
    std::vector<double> scores;
    for (size_t i = 0; i < list.size(); ++i) {
      const SortedJson& entry = list[i];
      if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
        throw Error(Code::File, text("[", place, "] entry ", i, " of 'vocab' is no [token, score]."));
      vocabulary_.add(entry[0].get<std::string>(), uint32_t(i));
      scores.push_back(entry[1].get<double>());
      worst_ = std::min(worst_, scores.back());
    }
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string& token = list[i][0].get_ref<const std::string&>();
      if (!token.empty() && vocabulary_.id(token) == uint32_t(i)) pieces_.push_back({token, uint32_t(i), scores[i]});
    }
    std::sort(pieces_.begin(), pieces_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
    const int64_t unknown = fields::integerOf(json, "unk_id", -1, place);
    if (fields::find(json, "unk_id", place)) {
      if (unknown < 0 || unknown >= int64_t(list.size()))
        throw Error(Code::File,
                    text("[", place, "] 'unk_id' is ", unknown, ", but there are ", list.size(), " tokens."));
      unknown_ = uint32_t(unknown);
    }
    hasByteFallback_ = fields::flagOf(json, "byte_fallback", false, place);
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  std::vector<Token> tokens(std::string_view piece) const override {
    std::vector<Token> out;
    for (const auto& [begin, end] : cut(piece)) {
      const std::string_view part = piece.substr(begin, end - begin);
      if (const auto id = vocabulary_.id(part)) {
        out.push_back({*id, std::string(part), begin, end});
        continue;
      }
      if (hasByteFallback_ && addBytes(part, begin, end, out)) continue;
      out.push_back({unknown(), std::string(part), begin, end});
    }
    return out;
  }

 private:
  struct Entry {
    std::string text;
    uint32_t id;
    double score;
  };
  struct Best {
    double score = 0;
    size_t begin = 0;
    uint32_t id = 0;
    bool isReached = false;
  };

  uint32_t unknown() const {
    if (unknown_) return *unknown_;
    throw Error(Code::Data, text("[", place_, "] a character is not in the vocabulary, and there is no 'unk_id'."));
  }

  bool addBytes(std::string_view part, size_t begin, size_t end, std::vector<Token>& out) const {
    std::vector<Token> bytes;
    for (const char c : part) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", unsigned(uint8_t(c)));
      const auto id = vocabulary_.id(name);
      if (!id) return false;
      bytes.push_back({*id, name, begin, end});
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
    return true;
  }

  /// The best cut, left to right; neighbouring unknown characters are one part.
  std::vector<std::pair<size_t, size_t>> cut(std::string_view piece) const {
    std::vector<Best> best(piece.size() + 1);
    best[0].isReached = true;
    const auto offer = [&](size_t begin, size_t end, uint32_t id, double score) {
      Best& target = best[end];
      if (target.isReached && score <= target.score) return;
      target = {score, begin, id, true};
    };
    for (size_t begin = 0; begin < piece.size();) {
      size_t after = begin;
      unicode::next(piece, after);
      bool hasCharacter = false;
      const double here = best[begin].score;
      // All entries that begin as the text does lie in [low, high), which shrinks byte by byte.
      auto low = pieces_.begin(), high = pieces_.end();
      for (size_t depth = 0; begin + depth < piece.size() && low != high; ++depth) {
        const uint8_t byte = uint8_t(piece[begin + depth]);
        const auto byteAt = [depth](const Entry& entry) {
          return depth < entry.text.size() ? int(uint8_t(entry.text[depth])) : -1;
        };
        low = std::partition_point(low, high, [&](const Entry& entry) { return byteAt(entry) < byte; });
        high = std::partition_point(low, high, [&](const Entry& entry) { return byteAt(entry) <= byte; });
        if (low == high || low->text.size() != depth + 1) continue;
        const size_t end = begin + depth + 1;
        offer(begin, end, low->id, here + low->score);
        hasCharacter |= end == after;
      }
      if (!hasCharacter) offer(begin, after, unknown(), here + worst_ - kUnknownPenalty);
      begin = after;
    }
    std::vector<std::pair<size_t, size_t>> parts;
    bool wasUnknown = false;
    for (size_t end = piece.size(); end > 0; end = best[end].begin) {
      const bool isUnknown = unknown_ && best[end].id == *unknown_;
      if (isUnknown && wasUnknown)
        parts.back().first = best[end].begin;
      else
        parts.emplace_back(best[end].begin, end);
      wasUnknown = isUnknown;
    }
    std::reverse(parts.begin(), parts.end());
    return parts;
  }

  std::string place_;
  Vocabulary vocabulary_;
  std::vector<Entry> pieces_;  // sorted by text
  double worst_ = std::numeric_limits<double>::infinity();
  std::optional<uint32_t> unknown_;
  bool hasByteFallback_ = false;
};

}  // namespace

std::unique_ptr<TokenModel> makeUnigram(const SortedJson& json, const std::string& place) {
  return std::make_unique<Unigram>(json, place);
}

}  // namespace fw
