// Post-processors: special tokens around a text or two, offsets without blanks.
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

Encoding encodingOf(const std::vector<Special>& specials, int64_t typeId) {
  Encoding out;
  for (const Special& special : specials) {
    out.ids.push_back(special.id);
    out.tokens.push_back(special.token);
    out.offsets.push_back({});
    out.typeIds.push_back(typeId);
    out.attentionMask.push_back(1);
  }
  return out;
}

/// ["[CLS]", 101]
Special pairOf(const SortedJson& json, const char* name, const std::string& place) {
  const SortedJson& pair = fields::listOf(json, name, place);
  if (pair.size() != 2 || !pair[0].is_string())
    throw Error(Code::File, text("[", place, "] '", name, "' is no [token, id]."));
  return {int64_t(fields::tokenId(pair[1], pair[0].get<std::string>(), place)), pair[0].get<std::string>()};
}

/// A sequence of the template, or special tokens.
struct TemplatePart {
  int sequence = -1;  // 0: the first, 1: the second, -1: `specials`
  int64_t typeId = 0;
  std::vector<Special> specials;
};

constexpr size_t kMostParts = 64;  // a template may name a text again and again

std::map<std::string, std::vector<Special>> specialsOf(const SortedJson& json, const std::string& place) {
  std::map<std::string, std::vector<Special>> known;
  const SortedJson* specials = fields::find(json, "special_tokens", place);
  if (!specials) return known;
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
  return known;
}

/// `sequences`: how many texts there are.
std::vector<TemplatePart> partsOf(const SortedJson& list, int sequences,
                                  const std::map<std::string, std::vector<Special>>& known, const std::string& place) {
  if (list.size() > kMostParts)
    throw Error(Code::File, text("[", place, "] a template has ", list.size(), " parts; at most ", kMostParts, "."));
  std::vector<TemplatePart> parts;
  for (const SortedJson& part : list) {
    if (const SortedJson* sequence = fields::find(part, "Sequence", place)) {
      const std::string id = fields::textOf(*sequence, "id", "A", place);
      if (id != "A" && (id != "B" || sequences < 2))
        throw Error(Code::File, text("[", place, "] a template names the text '", id, "', which is not there."));
      parts.push_back({.sequence = id == "A" ? 0 : 1, .typeId = fields::integerOf(*sequence, "type_id", 0, place)});
      continue;
    }
    const SortedJson& special = fields::require(part, "SpecialToken", place);
    const std::string id = fields::textOf(special, "id", place);
    const auto at = known.find(id);
    if (at == known.end())
      throw Error(Code::File, text("[", place, "] the special token '", id, "' is not among 'special_tokens'."));
    parts.push_back({.typeId = fields::integerOf(special, "type_id", 0, place), .specials = at->second});
  }
  return parts;
}

int64_t specialCount(const std::vector<TemplatePart>& parts) {
  int64_t count = 0;
  for (const TemplatePart& part : parts) count += int64_t(part.specials.size());
  return count;
}

/// One more than the largest id.
int64_t sizeOf(const std::vector<TemplatePart>& parts) {
  int64_t size = 0;
  for (const TemplatePart& part : parts)
    for (const Special& special : part.specials) size = std::max(size, special.id + 1);
  return size;
}

PostProcessor templated(const SortedJson& json, const std::string& place) {
  const std::map<std::string, std::vector<Special>> known = specialsOf(json, place);
  const std::vector<TemplatePart> single = partsOf(fields::listOf(json, "single", place), 1, known, place);
  std::vector<TemplatePart> pair = {{.sequence = 0}, {.sequence = 1, .typeId = 1}};
  if (fields::find(json, "pair", place)) pair = partsOf(fields::listOf(json, "pair", place), 2, known, place);
  PostProcessor made{.addedToOne = specialCount(single),
                     .addedToPair = specialCount(pair),
                     .size = std::max(sizeOf(single), sizeOf(pair))};
  made.apply = [single, pair, place](std::vector<Encoding>& encodings, bool hasSpecialTokens) {
    if (encodings.size() > 2)
      throw Error(Code::Data, text("[", place, "] a template meets ", encodings.size(), " parts; expected 1 or 2."));
    std::vector<Encoding> out;
    for (const TemplatePart& part : encodings.size() == 1 ? single : pair) {
      if (part.sequence >= 0) {
        out.push_back(encodings[size_t(part.sequence)]);
        out.back().typeIds.assign(out.back().ids.size(), part.typeId);
      } else if (hasSpecialTokens) {
        out.push_back(encodingOf(part.specials, part.typeId));
      }
    }
    encodings = std::move(out);
  };
  return made;
}

/// [CLS] a [SEP] b [SEP] of BERT, <s> a </s></s> b </s> of RoBERTa, whose texts all have the type 0.
PostProcessor bracketed(const SortedJson& json, bool isRoberta, const std::string& place) {
  const Special begin = pairOf(json, "cls", place), end = pairOf(json, "sep", place);
  const bool isTrimmed = isRoberta && fields::flagOf(json, "trim_offsets", true, place);
  const bool hasPrefix = fields::flagOf(json, "add_prefix_space", true, place);
  PostProcessor made{.addedToOne = 2, .addedToPair = isRoberta ? 4 : 3, .size = std::max(begin.id, end.id) + 1};
  made.apply = [=](std::vector<Encoding>& encodings, bool hasSpecialTokens) {
    std::vector<Encoding> out;
    for (size_t i = 0; i < encodings.size(); ++i) {
      if (isTrimmed) trimOffsets(encodings[i], hasPrefix);
      if (isRoberta) encodings[i].typeIds.assign(encodings[i].ids.size(), 0);
      if (hasSpecialTokens && (i == 0 || isRoberta)) out.push_back(encodingOf({i == 0 ? begin : end}, 0));
      out.push_back(encodings[i]);
      if (hasSpecialTokens) out.push_back(encodingOf({end}, i == 0 || isRoberta ? 0 : 1));
    }
    encodings = std::move(out);
  };
  return made;
}

}  // namespace

PostProcessor makePostProcessor(const SortedJson& json, const std::string& place) {
  if (json.is_null()) return {};
  const std::string type = fields::textOf(json, "type", place);
  if (type == "Sequence") {
    std::vector<PostProcessor> steps;
    PostProcessor made;
    for (const SortedJson& step : fields::listOf(json, "processors", place)) {
      steps.push_back(makePostProcessor(step, place));
      made.addedToOne += steps.back().addedToOne;
      made.addedToPair += steps.back().addedToPair;
      made.size = std::max(made.size, steps.back().size);
    }
    made.apply = [steps](std::vector<Encoding>& encodings, bool hasSpecialTokens) {
      for (const PostProcessor& step : steps)
        if (step.apply) step.apply(encodings, hasSpecialTokens);
    };
    return made;
  }
  if (type == "ByteLevel") {
    const bool isTrimmed = fields::flagOf(json, "trim_offsets", true, place);
    const bool hasPrefix = fields::flagOf(json, "add_prefix_space", true, place);
    return {.apply = [=](std::vector<Encoding>& encodings, bool) {
      for (Encoding& encoding : encodings)
        if (isTrimmed) trimOffsets(encoding, hasPrefix);
    }};
  }
  if (type == "TemplateProcessing") return templated(json, place);
  if (type == "BertProcessing" || type == "RobertaProcessing")
    return bracketed(json, type == "RobertaProcessing", place);
  throw Error(Code::File, text("[", place, "] the post-processor '", type,
                               "' is not known; known are Sequence, ByteLevel, TemplateProcessing, BertProcessing, "
                               "RobertaProcessing."));
}

}  // namespace fw
