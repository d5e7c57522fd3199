// The loss of tasks that ask for a token at some positions.
#include "engine/train/token_loss.h"

#include "engine/base/error.h"
#include "engine/ops/argmax.h"
#include "engine/ops/cross_entropy.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reshape.h"
#include "engine/ops/sum.h"

namespace fw {

ir::Value findOutput(const std::string& task, const std::map<std::string, ir::Value>& outputs,
                     const std::string& name) {
  if (const auto at = outputs.find(name); at != outputs.end()) return at->second;
  std::string known;
  for (const auto& [other, value] : outputs) known += (known.empty() ? "" : ", ") + other;
  throw Error(Code::Graph, text("[", task, "] the model has no output '", name, "'; it has: ", known, "."));
}

TaskLoss tokenLoss(const std::string& task, ir::Builder& builder, const std::map<std::string, ir::Value>& outputs,
                   int64_t batch, int64_t time, int64_t vocabulary) {
  const ir::Value logits = findOutput(task, outputs, "logits");
  const Shape expected{batch, time, vocabulary};
  const Shape& shape = logits.shape();
  if (shape.rank() != 3 || shape[0] != batch || shape[1] != time)
    throw Error(Code::Shape, text("[", task, "] output 'logits' is ", shape, "; expected ", expected, "."));
  if (shape[2] < vocabulary)
    throw Error(Code::Shape, text("[", task, "] output 'logits' has ", shape[2], " classes; expected at least ",
                                  vocabulary, " for the vocabulary of the task."));
  const ir::Value flat = ir::reshape(logits, Shape{batch * time, shape[2]});
  const ir::Value labels = ir::reshape(builder.input("labels", {DType::I64, {batch, time}}), Shape{batch * time});
  const ir::Value counts = ir::cast(ir::notEqual(labels, double(kIgnoredLabel)), DType::F32);
  const ir::Value asked = ir::sum(counts);
  const ir::Value isRight = ir::cast(ir::equal(ir::argmax(flat, -1), labels), DType::F32);
  const ir::Value loss = ir::sum(ir::crossEntropy(flat, labels, kIgnoredLabel)) / ir::maximum(asked, 1.0);
  return {loss, {{"accuracy", ir::sum(isRight * counts), asked}}};
}

}  // namespace fw
