// Post-processors: special tokens around a text, offsets without blanks.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

/// Blanks at the ends of byte-level tokens leave the offsets; the one blank that was put before the text stays.
void trimOffsets(Encoding& encoding, bool hasPrefix) {
  const auto isBlank = [](char32_t c) { return c == byteToCharacter(' ') || unicode::isWhitespace(c); };
  for (size_t i = 0; i < encoding.tokens.size(); ++i) {
    const std::vector<char32_t> token = unicode::codePoints(encoding.tokens[i]);
    int64_t leading = std::find_if_not(token.begin(), token.end(), isBlank) - token.begin();
    const int64_t trailing = std::find_if_not(token.rbegin(), token.rend(), isBlank) - token.rbegin();
    Encoding::Span& span = encoding.offsets[i];
    if (leading > 0) {
      if ((i == 0 || span.begin == 0) && hasPrefix && leading == 1) leading = 0;
      span.begin = std::min(span.begin + leading, span.end);
    }
    if (trailing > 0 && span.end >= trailing) span.end = std::max(span.end - trailing, span.begin);
  }
}

struct Special {
  int64_t id;
  std::string token;
};

void surround(Encoding& encoding, const std::vector<Special>& before, const std::vector<Special>& after) {
  Encoding out;
  const auto add = [&](const std::vector<Special>& specials) {
    for (const Special& special : specials) {
      out.ids.push_back(special.id);
      out.tokens.push_back(special.token);
      out.offsets.push_back({});
    }
  };
  add(before);
  out.ids.insert(out.ids.end(), encoding.ids.begin(), encoding.ids.end());
  out.tokens.insert(out.tokens.end(), encoding.tokens.begin(), encoding.tokens.end());
  out.offsets.insert(out.offsets.end(), encoding.offsets.begin(), encoding.offsets.end());
  add(after);
  encoding = std::move(out);
}

/// ["[CLS]", 101]
Special pairOf(const SortedJson& json, const char* name, const std::string& place) {
  const SortedJson& pair = fields::listOf(json, name, place);
  if (pair.size() != 2 || !pair[0].is_string())
    throw Error(Code::File, text("[", place, "] '", name, "' is no [token, id]."));
  return {int64_t(fields::tokenId(pair[1], pair[0].get<std::string>(), place)), pair[0].get<std::string>()};
}

PostProcessor templated(const SortedJson& json, const std::string& place) {
  std::map<std::string, std::vector<Special>> known;
  if (const SortedJson* specials = fields::find(json, "special_tokens", place)) {
    if (!specials->is_object()) throw Error(Code::File, text("[", place, "] 'special_tokens' is no object."));
    for (auto member = specials->begin(); member != specials->end(); ++member) {
      const SortedJson &ids = fields::listOf(*member, "ids", place), &tokens = fields::listOf(*member, "tokens", place);
      if (ids.size() != tokens.size())
        throw Error(Code::File, text("[", place, "] '", member.key(), "' has ", ids.size(), " ids and ", tokens.size(),
                                     " tokens; expected as many."));
      for (size_t i = 0; i < ids.size(); ++i)
        known[member.key()].push_back({int64_t(fields::tokenId(ids[i], member.key(), place)),
                                       tokens[i].is_string() ? tokens[i].get<std::string>() : ""});
    }
  }
  std::vector<Special> before, after;
  bool isSequenceSeen = false;
  for (const SortedJson& part : fields::listOf(json, "single", place)) {
    if (fields::find(part, "Sequence", place)) {
      isSequenceSeen = true;
      continue;
    }
    const std::string id = fields::textOf(fields::require(part, "SpecialToken", place), "id", place);
    const auto at = known.find(id);
    if (at == known.end())
      throw Error(Code::File, text("[", place, "] the special token '", id, "' is not among 'special_tokens'."));
    std::vector<Special>& side = isSequenceSeen ? after : before;
    side.insert(side.end(), at->second.begin(), at->second.end());
  }
  return [before, after](Encoding& encoding, bool hasSpecialTokens) {
    if (hasSpecialTokens) surround(encoding, before, after);
  };
}

}  // namespace

PostProcessor makePostProcessor(const SortedJson& json, const std::string& place) {
  if (json.is_null()) return {};
  const std::string type = fields::textOf(json, "type", place);
  if (type == "Sequence") {
    std::vector<PostProcessor> steps;
    for (const SortedJson& step : fields::listOf(json, "processors", place))
      if (PostProcessor made = makePostProcessor(step, place)) steps.push_back(std::move(made));
    return [steps](Encoding& encoding, bool hasSpecialTokens) {
      for (const PostProcessor& step : steps) step(encoding, hasSpecialTokens);
    };
  }
  if (type == "ByteLevel") {
    const bool isTrimmed = fields::flagOf(json, "trim_offsets", true, place);
    const bool hasPrefix = fields::flagOf(json, "add_prefix_space", true, place);
    return [=](Encoding& encoding, bool) {
      if (isTrimmed) trimOffsets(encoding, hasPrefix);
    };
  }
  if (type == "TemplateProcessing") return templated(json, place);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    const Special begin = pairOf(json, "cls", place), end = pairOf(json, "sep", place);
    const bool isRoberta = type == "RobertaProcessing";
    const bool isTrimmed = isRoberta && fields::flagOf(json, "trim_offsets", true, place);
    const bool hasPrefix = fields::flagOf(json, "add_prefix_space", true, place);
    return [=](Encoding& encoding, bool hasSpecialTokens) {
      if (isTrimmed) trimOffsets(encoding, hasPrefix);
      if (hasSpecialTokens) surround(encoding, {begin}, {end});
    };
  }
  throw Error(Code::File, text("[", place, "] the post-processor '", type,
                               "' is not known; known are Sequence, ByteLevel, TemplateProcessing, BertProcessing, "
                               "RobertaProcessing."));
}

}  // namespace fw
