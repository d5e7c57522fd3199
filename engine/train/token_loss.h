// The loss of tasks that ask for a token at some positions.
#pragma once

#include <map>
#include <string>

#include "engine/train/task.h"

namespace fw {

constexpr int64_t kIgnoredLabel = -100;  // positions that do not count

/// Mean cross-entropy of output "logits" [B,T,V] against the i64 input "labels" [B,T] over the labels that are not
/// kIgnoredLabel, and the measure "accuracy". Throws Code::Shape that opens with "[task]".
TaskLoss tokenLoss(const std::string& task, ir::Builder& builder, const std::map<std::string, ir::Value>& outputs,
                   int64_t batch, int64_t time, int64_t vocabulary);

/// The output of that name, or Code::Graph "[mqar] the model has no output 'logits'; it has: hidden."
ir::Value findOutput(const std::string& task, const std::map<std::string, ir::Value>& outputs, const std::string& name);

}  // namespace fw
