// Attention among features of a table: each has maps of its own, or keys and values mix all features, by a full or a
// low-rank map; in a last layer only the task tokens ask. (Gui et al., Hiformer, 2023.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// Row n of x [B,N,D] through its own matrix: [B,N,out].
ir::Value mapEach(Lowering& at, const std::string& name, ir::Value x, int64_t out) {
  const ir::Value weight = at.weight(name + ".weight", {x.size(1), out, x.size(2)}, initNormal(0.02));
  return ir::transpose(ir::matmul(ir::transpose(x, {1, 0, 2}), weight, {.transposeB = true}), {1, 0, 2});
}

/// All rows of x [B,N,D] together through one matrix, or through `rank` numbers: [B,N,out].
ir::Value mapTogether(Lowering& at, const std::string& name, ir::Value x, int64_t out, int64_t rank) {
  const int64_t batch = x.size(0), count = x.size(1);
  ir::Value all = ir::reshape(x, Shape{batch, count * x.size(2)});
  if (rank > 0) all = at.linear(name + ".down", all, rank, false);
  return ir::reshape(at.linear(rank > 0 ? name + ".up" : name, all, count * out, false), Shape{batch, count, out});
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t count = x.size(1), heads = at.integer("heads"), tasks = at.integer("task_queries");
  const int64_t keys = heads * at.integer("key_width"), values = heads * at.integer("value_width");
  if (tasks > count)
    throw Error(Code::Shape,
                text("input 'x' has ", count, " features; expected at least the ", tasks, " task tokens."));
  const std::string& mode = at.text("mode");
  const ir::Value asking = tasks > 0 ? ir::slice(x, 1, count - tasks, count) : x;
  const bool isOwn = mode != "homogeneous", isTogether = mode == "composite" || mode == "low_rank";
  const auto map = [&](const char* name, ir::Value rows, int64_t out) {
    return isOwn ? mapEach(at, name, rows, out) : at.linear(name, rows, out, false);
  };
  const auto mixed = [&](const char* name, int64_t out, const char* rank) {
    if (!isTogether) return map(name, x, out);
    return mapTogether(at, name, x, out, mode == "low_rank" ? at.integer(rank) : 0);
  };
  const ir::Value q = map("q", asking, keys), k = mixed("k", keys, "key_rank"), v = mixed("v", values, "value_rank");
  const ir::Value y = ir::attention(splitHeads(q, heads), splitHeads(k, heads), splitHeads(v, heads));
  at.output("y", map("o", joinHeads(y), x.size(2)));
}

}  // namespace

BlockDef block_attention_heterogeneous() {
  const auto example = [](const char* mode, int64_t tasks) {
    return BlockExample{.params = {{"heads", int64_t(2)},
                                   {"key_width", int64_t(2)},
                                   {"value_width", int64_t(3)},
                                   {"mode", std::string(mode)},
                                   {"key_rank", int64_t(4)},
                                   {"value_rank", int64_t(5)},
                                   {"task_queries", tasks}},
                        .dims = {{"B", 2}, {"N", 5}, {"D", 6}}};
  };
  return {
      .id = "attention.heterogeneous",
      .title = "Feature interaction",
      .category = "attention",
      .help =
          "Attention among the features of a table. Heterogeneous: each feature has its own maps. Composite: each "
          "key and value mixes all features. The number of features is fixed; the task tokens stand last.",
      .paper =
          "Gui et al., Hiformer: Heterogeneous Feature Interactions Learning with Transformers for Recommender "
          "Systems, 2023",
      .synonyms = {"Hiformer", "recommender", "heterogeneous attention", "tabular"},
      .name = "attention",
      .inputs = {{.name = "x", .dims = "B N D"}},
      .outputs = {{.name = "y", .dims = "B M D"}},
      .params = {intParam("heads", 4).label("Heads").range(1, 65536).help("Each attends by itself."),
                 intParam("key_width", 16).label("Key width").range(1, 65536).help("Of queries and keys of a head."),
                 intParam("value_width", 64).label("Value width").range(1, 65536).help("Of values of a head."),
                 choiceParam("mode", "low_rank", {"homogeneous", "heterogeneous", "composite", "low_rank"})
                     .label("Mode")
                     .help("homogeneous: all features share the maps; heterogeneous: each has its own; composite: "
                           "keys and values from all features together; low_rank: the same through few numbers."),
                 intParam("key_rank", 128)
                     .label("Key rank")
                     .range(1, 1e6)
                     .when("mode=low_rank")
                     .help("Numbers that all keys are made of."),
                 intParam("value_rank", 1024)
                     .label("Value rank")
                     .range(1, 1e6)
                     .when("mode=low_rank")
                     .help("Numbers that all values are made of."),
                 intParam("task_queries", 0)
                     .label("Task tokens")
                     .range(0, 65536)
                     .help("Only the last so many ask and are returned: for a last layer. 0: all.")},
      .summary = {"mode", "heads", "task_queries"},
      .lower = lower,
      .examples = {example("homogeneous", 0), example("heterogeneous", 0), example("composite", 1),
                   example("low_rank", 2)}};
}

}  // namespace fw
