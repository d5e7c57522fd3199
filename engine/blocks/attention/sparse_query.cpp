// Sparse-query attention: fewer query heads than the width holds, so that scores cost less. (Filipek, Sparse Query
// Attention, 2025.)
#include <map>

#include "engine/base/error.h"
#include "engine/blocks/attention.h"

namespace fw {
namespace {

/// By what the heads of the width are divided for queries and for keys and values; 0: one head.
struct Variant {
  int64_t queries, keys;
};

const std::map<std::string, Variant>& variants() {
  static const std::map<std::string, Variant> all = {{"mha", {1, 1}},   {"gqa", {1, 4}},  {"mqa", {1, 0}},
                                                     {"sqa", {2, 4}},   {"ssqa", {2, 2}}, {"xsqa", {4, 4}},
                                                     {"xsmqa", {4, 0}}, {"rsqa", {4, 2}}};
  return all;
}

void lower(Lowering& at) {
  const int64_t ofWidth = at.integer("width_heads");
  HeadCounts counts{at.integer("heads"), at.integer("kv_heads"), ofWidth};
  if (const auto variant = variants().find(at.text("variant")); variant != variants().end()) {
    const auto part = [&](int64_t divisor) {
      if (divisor == 0) return int64_t(1);
      if (ofWidth % divisor != 0)
        throw Error(Code::Shape, text(ofWidth, " heads of the width are no multiple of ", divisor, ", which ",
                                      at.text("variant"), " divides them by."));
      return ofWidth / divisor;
    };
    counts = {part(variant->second.queries), part(variant->second.keys), ofWidth};
  }
  if (counts.keys == 0) counts.keys = counts.queries;
  lowerAttention(at, counts);
}

}  // namespace

BlockDef block_attention_sparse_query() {
  BlockDef def = attentionBlock(
      {.id = "attention.sparse_query",
       .title = "Sparse-query attention",
       .help = "Fewer query heads than the width holds: the products with the keys cost the query heads' share of "
               "multi-head attention, the cache the key heads' share. More key heads than query heads is the reverse "
               "form, whose queries are read in turn.",
       .paper = "Filipek, Sparse Query Attention (SQA): A Computationally Efficient Attention Mechanism with Query "
                "Heads Reduction, 2025",
       .synonyms = {"SQA", "sSQA", "xSQA", "xSMQA", "rSQA", "query heads"}},
      0, "causal");
  def.params.insert(
      def.params.begin(),
      {choiceParam("variant", "ssqa", {"own", "mha", "gqa", "mqa", "sqa", "ssqa", "xsqa", "xsmqa", "rsqa"})
           .label("Variant")
           .help("How many of the width's heads are queries / keys: mha 1/1, gqa 1/4 of the keys, mqa one "
                 "key, sqa 1/2 and 1/4, ssqa 1/2 and 1/2, xsqa 1/4 and 1/4, xsmqa 1/4 and one, rsqa 1/4 "
                 "and 1/2; own: the counts below."),
       intParam("width_heads", 8)
           .label("Heads of the width")
           .range(1, 65536)
           .help("A head is the width divided by this; multi-head attention would have so many.")});
  for (ParamDef& param : def.params) {
    if (param.name == "heads" || param.name == "kv_heads") param.when("variant=own");
    if (param.name == "kv_heads") param.help("Divides the heads or is a multiple of them; 0: as many as heads.");
  }
  def.summary = {"variant", "width_heads", "mask"};
  def.lower = lower;
  const auto example = [](Params params) {
    params["width_heads"] = int64_t(4);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"T", 7}, {"D", 8}}};
  };
  def.examples = {
      example({{"variant", std::string("ssqa")}, {"bias", std::string("o")}}),
      example({{"variant", std::string("xsmqa")}, {"positions", std::string("alibi")}}),
      example({{"variant", std::string("rsqa")}, {"rope_scaling", std::string("ntk")}, {"rope_factor", 4.0}}),
      example({{"variant", std::string("own")}, {"heads", int64_t(2)}, {"kv_heads", int64_t(6)}})};
  return def;
}

}  // namespace fw
