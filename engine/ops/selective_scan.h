// selective_scan: the recurrence of Mamba.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

struct SelectiveScanResult {
  Value y;          // [B,T,D]
  Value lastState;  // [B,D,N]
};

/// h[t] = exp(delta[t] a) h[t-1] + delta[t] x[t] b[t], y[t] = c[t] h[t] + skip x[t].
/// x, delta: [B,T,D]; a: [D,N] (negative where the past is to fade); b, c: [B,T,N]; skip: [D] or absent; state: h[-1],
/// [B,D,N], or absent for 0.
SelectiveScanResult selectiveScan(Value x, Value delta, Value a, Value b, Value c, Value skip = {}, Value state = {});

}  // namespace fw::ir
