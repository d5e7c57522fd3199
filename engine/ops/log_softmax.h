// log_softmax: y = x - ln sum of e^x over the last axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

Value logSoftmax(Value x);

}  // namespace fw::ir
