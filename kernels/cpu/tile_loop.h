// The loop of a tile: a function of vectors applied to whole runs; include after simd.h. The rest of a run, shorter
// than a vector, goes through a buffer.
#if defined(FW_KERNELS_CPU_TILE_LOOP) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_TILE_LOOP
#undef FW_KERNELS_CPU_TILE_LOOP
#else
#define FW_KERNELS_CPU_TILE_LOOP
#endif

#include <cstring>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// output[i] = f(d, inputs[0][i], ..., inputs[arity - 1][i])
template <int arity, class F>
HWY_INLINE void tileLoop(const float* const* inputs, float* output, int64_t count, const F& f) {
  static_assert(arity >= 1 && arity <= 3);
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const float* a = inputs[0];
  const float* b = arity > 1 ? inputs[1] : a;
  const float* c = arity > 2 ? inputs[2] : a;
  constexpr int64_t prefetched = 512;  // elements ahead
  const auto apply = [&](const float* pa, const float* pb, const float* pc) HWY_ATTR {
    if constexpr (arity == 1) {
      return f(d, hn::LoadU(d, pa));
    } else if constexpr (arity == 2) {
      return f(d, hn::LoadU(d, pa), hn::LoadU(d, pb));
    } else {
      return f(d, hn::LoadU(d, pa), hn::LoadU(d, pb), hn::LoadU(d, pc));
    }
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    // Activations of a while ago come from memory, and the functions here are long: what is needed next is asked for
    // now.
    hwy::Prefetch(a + i + prefetched);
    if constexpr (arity > 1) hwy::Prefetch(b + i + prefetched);
    if constexpr (arity > 2) hwy::Prefetch(c + i + prefetched);
    hn::StoreU(apply(a + i, b + i, c + i), d, output + i);
  }
  if (i == count) return;
  const size_t rest = size_t(count - i) * sizeof(float);
  HWY_ALIGN float buffer[3][hn::MaxLanes(d)] = {};
  std::memcpy(buffer[0], a + i, rest);
  if constexpr (arity > 1) std::memcpy(buffer[1], b + i, rest);
  if constexpr (arity > 2) std::memcpy(buffer[2], c + i, rest);
  hn::Store(apply(buffer[0], buffer[1], buffer[2]), d, buffer[0]);
  std::memcpy(output + i, buffer[0], rest);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#define FW_TILE_BODY(name, arity, ...)                                                                \
  void name##Tile(const float* const* inputs, float* output, int64_t count, const float* constants) { \
    (void)constants;                                                                                  \
    tileLoop<arity>(inputs, output, count, __VA_ARGS__);                                              \
  }
/// Inside HWY_BEFORE_NAMESPACE: a tile by its formula; `d` is the tag, x y z the inputs.
#define FW_UNARY_TILE(name, formula)                   \
  FW_TILE_BODY(name, 1, [&](auto d, auto x) HWY_ATTR { \
    (void)d;                                           \
    return formula;                                    \
  })
#define FW_BINARY_TILE(name, formula)                          \
  FW_TILE_BODY(name, 2, [&](auto d, auto x, auto y) HWY_ATTR { \
    (void)d;                                                   \
    return formula;                                            \
  })
#define FW_TERNARY_TILE(name, formula)                                 \
  FW_TILE_BODY(name, 3, [&](auto d, auto x, auto y, auto z) HWY_ATTR { \
    (void)d;                                                           \
    return formula;                                                    \
  })
/// Inside HWY_ONCE: the function of kernels/tiles.h, which calls the tile of this machine's instruction set.
#define FW_DEFINE_TILE(name)                                                                          \
  HWY_EXPORT(name##Tile);                                                                             \
  void tile::name(const float* const* inputs, float* output, int64_t count, const float* constants) { \
    HWY_DYNAMIC_DISPATCH(name##Tile)(inputs, output, count, constants);                               \
  }

#endif  // FW_KERNELS_CPU_TILE_LOOP
