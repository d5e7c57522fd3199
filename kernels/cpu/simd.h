// Highway for the CPU kernels: the file that includes this is compiled once per instruction set (scalar, AVX2,
// AVX-512), and the best one for the machine is called.
//
//   // kernels/cpu/scale.cpp: y = a x.
//   #include "kernels/scale.h"
//   #undef HWY_TARGET_INCLUDE
//   #define HWY_TARGET_INCLUDE "kernels/cpu/scale.cpp"  // this file's own path
//   #include "kernels/cpu/simd.h"
//
//   HWY_BEFORE_NAMESPACE();
//   namespace fw::kernels::cpu::HWY_NAMESPACE {  // N_SCALAR, N_AVX2, N_AVX3: one namespace per instruction set
//   namespace hn = hwy::HWY_NAMESPACE;
//
//   void scaleRange(const ScaleArgs& args, int64_t begin, int64_t end) {
//     const hn::ScalableTag<float> d;
//     const int64_t lanes = hn::Lanes(d);
//     int64_t i = begin;
//     for (; i + lanes <= end; i += lanes) hn::StoreU(hn::Mul(hn::Set(d, args.a), hn::LoadU(d, args.x + i)), d, args.y
//     + i); for (; i < end; ++i) args.y[i] = args.a * args.x[i];
//   }
//
//   }  // namespace fw::kernels::cpu::HWY_NAMESPACE
//   HWY_AFTER_NAMESPACE();
//
//   #if HWY_ONCE  // what follows is compiled once
//   namespace fw::kernels::cpu {
//   HWY_EXPORT(scaleRange);
//   void scale(const Launch& launch, const ScaleArgs& args) {
//     const auto range = HWY_DYNAMIC_DISPATCH(scaleRange);
//     parallelFor(launch, args.count, 16384, [&](int64_t begin, int64_t end) { range(args, begin, end); });
//   }
//   }  // namespace fw::kernels::cpu
//   #endif
//
// The scalar target has one lane and lacks the operations that move data between lanes: guard these by
// `#if HWY_TARGET != HWY_SCALAR`. Inlined helpers shared by files stand in headers like simd_math.h, whose include
// guard flips with HWY_TARGET_TOGGLE. Tests run a kernel on every target with tests/support/each_target.h.
//
// No include guard: the file is read again for each instruction set.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)  // little faster than a neighbour, long to compile
#endif
#ifndef HWY_COMPILE_ALL_ATTAINABLE
#define HWY_COMPILE_ALL_ATTAINABLE  // keeps the scalar target, also where the compiler's baseline is higher
#endif
#include "hwy/foreach_target.h"  // IWYU pragma: keep; reads the including file again
// Highway's own header after it: it chooses the macros of the instruction set in turn.
#include "hwy/highway.h"
