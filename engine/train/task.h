// What a task is: endless seeded data, a loss and measures on a model's outputs. One file each in engine/train/tasks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/block.h"
#include "engine/base/tensor.h"
#include "engine/ir/builder.h"

namespace fw {

enum class Split { Train, Test };

/// Tensors by the names of graph inputs: those of the model ("tokens") and those that the loss adds ("labels").
using Batch = std::map<std::string, Tensor>;

/// A ratio that is summed over batches before it is divided: accuracy is correct / asked.
struct Measure {
  std::string name;                  // "accuracy"
  ir::Value numerator, denominator;  // f32 scalars
};

struct TaskLoss {
  ir::Value loss;  // f32 scalar, mean over what counts
  std::vector<Measure> measures;
};

/// A task with its options chosen. Immutable; safe from any thread.
class Task {
 public:
  virtual ~Task() = default;
  /// Sizes of the letters in the model's input dims for a batch of `batch` rows: {"B", batch}, {"T", 64}.
  virtual std::map<std::string, int64_t> dims(int64_t batch) const = 0;
  /// Batch number `index`: a pure function of the seed, the split and the index.
  virtual Batch batch(Split split, int64_t index, int64_t batch) const = 0;
  /// Appends the loss to a graph whose model outputs are `outputs` (by name); adds the label inputs it needs. Throws
  /// Code::Shape "[mqar] output 'logits' is f32[2,32,10]; expected 64 classes for the vocabulary." and the like.
  virtual TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const = 0;
  /// What analyses of modalities need to know of that batch: "modality" i64 [B,T] (1: image, 2: text, 0: neither),
  /// "direction" i64 [B] (0: understanding, 1: generation), "reference" f32 [B,R], features of what the text means.
  /// Empty where the task has no modalities.
  virtual Batch modalities(Split, int64_t /*index*/, int64_t /*batch*/) const { return {}; }
  /// Number of token ids; 0 where there are no tokens.
  virtual int64_t vocabulary() const { return 0; }
  /// For people and for generate: tokens to text and back; empty where tokens have no text.
  virtual std::string decode(const std::vector<int64_t>&) const { return {}; }
  virtual std::vector<int64_t> encode(const std::string&) const { return {}; }
};

struct TaskDef {
  std::string id;     // "mqar"
  std::string title;  // "Multi-query associative recall"
  std::string help;
  std::string paper;
  std::vector<ParamDef> params;
  std::string metric = "accuracy";  // the measure a person looks at first
  std::unique_ptr<Task> (*make)(const Params& complete, uint64_t seed) = nullptr;
};

/// Every task (generated).
const std::vector<TaskDef>& allTasks();

/// Throws Code::Usage that lists the tasks.
const TaskDef& findTask(const std::string& id);

/// Defaults overlaid by `given`; unknown names and values out of range throw Code::Usage "[mqar] ...".
std::unique_ptr<Task> makeTask(const std::string& id, const Params& given, uint64_t seed);

}  // namespace fw
