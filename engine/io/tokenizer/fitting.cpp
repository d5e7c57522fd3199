// Truncation and padding: texts cut to a length and filled up to one, as the file of a tokenizer asks.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"

namespace fw {
namespace {

constexpr int64_t kMost = int64_t(1) << 20;  // tokens of a text that is filled up

bool isAtLeft(const SortedJson& json, const std::string& place) {
  const std::string direction = fields::textOf(json, "direction", "Right", place);
  if (direction != "Left" && direction != "Right")
    throw Error(Code::File, text("[", place, "] 'direction' is '", direction, "'; expected Left or Right."));
  return direction == "Left";
}

int64_t length(const Encoding& encoding) { return int64_t(encoding.ids.size()); }

/// `apply` to each of the lists that an encoding is made of.
template <class Apply>
void forEachList(Encoding& encoding, Apply apply) {
  apply(encoding.ids);
  apply(encoding.tokens);
  apply(encoding.offsets);
  apply(encoding.typeIds);
  apply(encoding.attentionMask);
}

void keep(Encoding& encoding, int64_t most, bool isFrontCut) {
  if (length(encoding) <= most) return;
  const auto drop = length(encoding) - most;
  forEachList(encoding, [&](auto& list) {
    list.erase(isFrontCut ? list.begin() : list.end() - drop, isFrontCut ? list.begin() + drop : list.end());
  });
}

/// Lengths of two texts that together have `most` tokens: the longer one gives first.
std::pair<int64_t, int64_t> shared(int64_t first, int64_t second, int64_t most) {
  int64_t shorter = std::min(first, second);
  int64_t longer = shorter > most ? shorter : std::max(shorter, most - shorter);
  if (shorter + longer > most) {
    shorter = most / 2;
    longer = shorter + most % 2;
  }
  return first > second ? std::pair{longer, shorter} : std::pair{shorter, longer};
}

std::function<void(std::vector<Encoding>&, int64_t)> makeCut(const SortedJson& json, const std::string& place) {
  const int64_t limit = fields::integerOf(json, "max_length", 512, place);
  const std::string strategy = fields::textOf(json, "strategy", "LongestFirst", place);
  const bool isFrontCut = isAtLeft(json, place);
  if (limit < 0) throw Error(Code::File, text("[", place, "] 'max_length' is ", limit, "; expected none below 0."));
  if (strategy != "LongestFirst" && strategy != "OnlyFirst" && strategy != "OnlySecond")
    throw Error(Code::File,
                text("[", place, "] 'strategy' is '", strategy, "'; expected LongestFirst, OnlyFirst or OnlySecond."));
  return [=](std::vector<Encoding>& texts, int64_t added) {
    const int64_t most = limit - added;
    if (most < 0)
      throw Error(Code::Data, text("[", place, "] texts are cut to ", limit, " tokens, which has no room for ", added,
                                   " special ones."));
    int64_t total = 0;
    for (const Encoding& one : texts) total += length(one);
    if (most == 0)
      for (Encoding& one : texts) keep(one, 0, isFrontCut);
    if (total <= most || most == 0) return;
    if (strategy == "LongestFirst") {
      if (texts.size() == 1) return keep(texts[0], most, isFrontCut);
      const auto [first, second] = shared(length(texts[0]), length(texts[1]), most);
      keep(texts[0], first, isFrontCut);
      return keep(texts[1], second, isFrontCut);
    }
    const size_t index = strategy == "OnlyFirst" ? 0 : 1;
    if (index >= texts.size())
      throw Error(Code::Data, text("[", place, "] the second text is to be cut, and there is one text."));
    if (length(texts[index]) <= total - most)
      throw Error(Code::Data, text("[", place, "] the text that is to be cut has ", length(texts[index]),
                                   " tokens, and ", total - most, " are too many."));
    keep(texts[index], length(texts[index]) - (total - most), isFrontCut);
  };
}

std::function<void(Encoding&)> makePad(const SortedJson& json, const std::string& place) {
  int64_t fixed = 0;
  if (const SortedJson* strategy = fields::find(json, "strategy", place); strategy && strategy->is_object())
    fixed = fields::integerOf(*strategy, "Fixed", 0, place);
  const int64_t multiple = fields::integerOf(json, "pad_to_multiple_of", 0, place);
  for (const int64_t size : {fixed, multiple})
    if (size < 0 || size > kMost)
      throw Error(Code::File,
                  text("[", place, "] texts are filled up to ", size, " tokens; expected at most ", kMost, "."));
  const SortedJson* id = fields::find(json, "pad_id", place);
  const int64_t padId = id ? int64_t(fields::tokenId(*id, "pad_id", place)) : 0;
  const int64_t typeId = fields::integerOf(json, "pad_type_id", 0, place);
  const std::string token = fields::textOf(json, "pad_token", "[PAD]", place);
  const bool isFront = isAtLeft(json, place);
  return [=](Encoding& encoding) {
    int64_t wanted = std::max(fixed, length(encoding));
    if (multiple > 0) wanted = (wanted + multiple - 1) / multiple * multiple;
    const auto missing = size_t(wanted - length(encoding));
    const auto fill = [&](auto& list, const auto& value) {
      list.insert(isFront ? list.begin() : list.end(), missing, value);
    };
    fill(encoding.ids, padId);
    fill(encoding.tokens, token);
    fill(encoding.offsets, Encoding::Span{});
    fill(encoding.typeIds, typeId);
    fill(encoding.attentionMask, int64_t(0));
  };
}

}  // namespace

Fitting makeFitting(const SortedJson* truncation, const SortedJson* padding, const std::string& place) {
  Fitting made;
  if (truncation) made.cut = makeCut(*truncation, place);
  if (padding) made.pad = makePad(*padding, place);
  return made;
}

}  // namespace fw
