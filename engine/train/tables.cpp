// Looking tasks and optimisers up.
#include "engine/arch/architecture.h"
#include "engine/base/error.h"
#include "engine/train/optimizer.h"
#include "engine/train/task.h"

namespace fw {
namespace {

template <class Def>
const Def& find(const std::vector<Def>& table, const std::string& id, const char* what) {
  std::string known;
  for (const Def& def : table) {
    if (def.id == id) return def;
    known += (known.empty() ? "" : ", ") + def.id;
  }
  throw Error(Code::Usage, text("there is no ", what, " '", id, "'; there are: ", known, "."));
}

}  // namespace

const OptimizerDef& findOptimizer(const std::string& id) { return find(allOptimizers(), id, "optimizer"); }
const TaskDef& findTask(const std::string& id) { return find(allTasks(), id, "task"); }

std::unique_ptr<Task> makeTask(const std::string& id, const Params& given, uint64_t seed) {
  const TaskDef& def = findTask(id);
  return def.make(completeOptions(id, def.params, given), seed);
}

}  // namespace fw
