// A window of an axis, read and written: blocks of bytes.
#include "kernels/dynamic_slice.h"

#include "kernels/copy.h"

namespace fw::kernels::cpu {
namespace {

// Blocks of `width` bytes, `outer` times.
void copyBlocks(const Launch& launch, const char* from, int64_t fromStride, char* to, int64_t toStride, int64_t outer,
                int64_t width) {
  copyStrided(launch, {from, to, 1, 2, {outer, width}, {fromStride, 1}, {toStride, 1}});
}

bool isInside(int64_t position, int64_t length, int64_t size) { return position >= 0 && position <= size - length; }

}  // namespace

bool dynamicSlice(const Launch& launch, const DynamicSliceArgs& args) {
  if (!isInside(*args.position, args.length, args.size)) return false;
  const int64_t row = args.inner * args.elementSize;
  copyBlocks(launch, static_cast<const char*>(args.x) + *args.position * row, args.size * row,
             static_cast<char*>(args.y), args.length * row, args.outer, args.length * row);
  return true;
}

bool dynamicUpdateSlice(const Launch& launch, const DynamicUpdateSliceArgs& args) {
  if (!isInside(*args.position, args.length, args.size)) return false;
  const int64_t row = args.inner * args.elementSize, slab = args.size * row;
  const int64_t before = *args.position * row, window = args.length * row, after = before + window;
  const char* x = static_cast<const char*>(args.x);
  char* y = static_cast<char*>(args.y);
  if (x != y) {
    copyBlocks(launch, x, slab, y, slab, args.outer, before);
    copyBlocks(launch, x + after, slab, y + after, slab, args.outer, slab - after);
  }
  copyBlocks(launch, static_cast<const char*>(args.update), window, y + before, slab, args.outer, window);
  return true;
}

}  // namespace fw::kernels::cpu
