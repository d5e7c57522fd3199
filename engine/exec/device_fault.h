// What a kernel on a GPU refused, told when the host waits for it.
#pragma once

#include "engine/ir/op.h"

namespace fw::kernels {
struct Fault;
}

namespace fw {

/// The op's place in allOps().
int opNumber(const OpDef& op);

/// Throws Code::Data where the fault tells of a refusal, after clearing it.
void throwFault(kernels::Fault& fault);

}  // namespace fw
