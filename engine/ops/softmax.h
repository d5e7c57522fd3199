// softmax: y = e^x / sum of e^x over the last axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

Value softmax(Value x);

}  // namespace fw::ir
