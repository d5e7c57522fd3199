// Runs a piece of a test once per instruction set that this machine has, the scalar one included.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

namespace fw::testing {

/// Calls body() with Highway's dispatch forced to each of scalar, AVX2 and AVX-512 that the machine supports, then with
/// the force lifted where there is more (AMX, see kernels/cpu/amx_tiles.h). The name of the target stands in the trace
/// of a failure.
template <class Body>
void forEachTarget(const Body& body) {
  for (int64_t target : {int64_t(HWY_SCALAR), int64_t(HWY_AVX2), int64_t(HWY_AVX3)}) {
    hwy::SetSupportedTargetsForTest(0);
    if (target != HWY_SCALAR && (hwy::SupportedTargets() & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  if ((hwy::SupportedTargets() & HWY_AVX3_DL) == 0) return;
  SCOPED_TRACE("all that there is");
  body();
}

}  // namespace fw::testing
