// Attention with fewer matrices: queries and keys as one map, symmetric or not, values and output as one or none.
// (Schelbert Geiger and others, Reducing the Transformer Architecture to a Minimum, 2024.)
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/cache_update.h"
#include "engine/ops/concat.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/take.h"

namespace fw {
namespace {

/// A symmetric [N,N], or a lower triangle, from its N(N+1)/2 entries row by row.
ir::Value fromTriangle(Lowering& at, const std::string& name, int64_t width, bool isMirrored, const ir::Init& init) {
  const int64_t count = width * (width + 1) / 2;
  ir::Value entries = at.weight(name, {count}, init);
  if (!isMirrored) entries = ir::concat({entries, at.builder().constant(0, {1})}, 0);
  std::vector<double> from;
  for (int64_t i = 0; i < width; ++i)
    for (int64_t j = 0; j < width; ++j) {
      const int64_t row = std::max(i, j), column = std::min(i, j);
      from.push_back(double(j > i && !isMirrored ? count : row * (row + 1) / 2 + column));
    }
  return ir::take(entries, listed(at.builder(), from, {width, width}, DType::I64), 0);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t width = x.size(2), heads = at.integer("heads");
  if (width % heads != 0) throw Error(Code::Shape, text("width ", width, " is no multiple of ", heads, " heads."));
  const bool causal = isCausal(at);
  const std::string &similarity = at.text("similarity"), &values = at.text("values");
  const double glorot = std::sqrt(3.0 / double(width));
  const auto map = [&](const char* name, ir::Value rows) {
    return at.linear(name, rows, width, false, initUniform(-glorot, glorot));
  };
  // Decoding keeps each of these once: keys and values may be the input itself.
  const auto kept = [&](const char* name, ir::Value rows) {
    if (!at.isDecode()) return rows;
    const ir::Value next = ir::cacheUpdate(at.state(name, {DType::F32, {rows.size(0), at.cacheLength(), width}}, true),
                                           rows, at.position());
    at.setState(name, next);
    return next;
  };
  const bool readsInput = similarity == "collapsed" || similarity == "mirrored" || values != "full";
  const ir::Value input = readsInput ? kept("x", x) : x;

  ir::Value q, k;
  if (similarity == "full") {
    q = map("q", x);
    k = kept("k", map("k", x));
  } else if (similarity == "shared") {
    q = map("qk", x);
    k = kept("k", q);
  } else if (similarity == "collapsed") {
    q = map("qk", x);
    k = input;
  } else if (similarity == "mirrored") {
    q = ir::matmul(x, fromTriangle(at, "qk.entries", width, true, initUniform(-glorot, glorot)));
    k = input;
  } else {
    q = ir::matmul(x, fromTriangle(at, "qk.entries", width, false, initNormal(1 / std::sqrt(double(width)))));
    k = kept("k", q);
  }
  const ir::Value v = values == "full" ? kept("v", map("v", x)) : input;
  ir::AttentionOptions options{.isCausal = causal};
  if (at.isDecode()) options.position = at.position();
  const ir::Value mixed =
      joinHeads(ir::attention(splitHeads(q, heads), splitHeads(k, heads), splitHeads(v, heads), options));
  at.output("y", values == "full" ? map("o", mixed) : values == "collapsed" ? map("vo", mixed) : mixed);
}

std::string check(const Params& params) {
  const std::string &similarity = std::get<std::string>(params.at("similarity")),
                    &values = std::get<std::string>(params.at("values"));
  const bool isOne =
      similarity == "collapsed" || similarity == "mirrored" || similarity == "cholesky" || values == "collapsed";
  if (isOne && std::get<int64_t>(params.at("heads")) > 1) return "one matrix in place of two serves one head alone";
  return {};
}

}  // namespace

BlockDef block_attention_collapsed() {
  const auto example = [](int64_t heads, const char* similarity, const char* values) {
    return BlockExample{
        .params = {{"heads", heads}, {"similarity", std::string(similarity)}, {"values", std::string(values)}},
        .dims = {{"B", 2}, {"T", 7}, {"D", 6}}};
  };
  return {
      .id = "attention.collapsed",
      .title = "Minimal attention",
      .category = "attention",
      .help =
          "Attention with fewer matrices: queries and keys by one map, by the same map, or by a symmetric one; "
          "values and output by one map or by none, so that results are means of the inputs. Where the input "
          "serves as key or value, decoding keeps it once.",
      .paper = "Schelbert Geiger et al., Reducing the Transformer Architecture to a Minimum, 2024",
      .synonyms = {"collapsed", "symmetric", "Cholesky", "W_QK", "minimum"},
      .name = "attention",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params = {intParam("heads", 1).label("Heads").range(1, 65536).help("Divides the width."), maskParam("causal"),
                 choiceParam("similarity", "collapsed", {"full", "shared", "collapsed", "mirrored", "cholesky"})
                     .label("Similarity")
                     .help("full: two maps; shared: queries are keys; collapsed: one matrix between two tokens; "
                           "mirrored: a symmetric one; cholesky: L L^T, which is symmetric and never negative for a "
                           "token with itself."),
                 choiceParam("values", "none", {"full", "collapsed", "none"})
                     .label("Values")
                     .help("full: values and output by a map each; collapsed: by one; none: the inputs.")},
      .summary = {"heads", "similarity", "values"},
      .isCausal = true,
      .lower = lower,
      .check = check,
      .examples = {example(2, "full", "full"), example(3, "shared", "none"), example(1, "collapsed", "collapsed"),
                   example(1, "mirrored", "none"), example(1, "cholesky", "full")}};
}

}  // namespace fw
