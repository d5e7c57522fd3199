// A small program of tiles over a broadcast iteration space: each value is read once and written once, whatever the
// length of the chain in between.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"
#include "kernels/tiles.h"

namespace fw::kernels {

struct ElementwiseInput {
  const void* data;
  const int64_t* strides;  // [rank], in elements; 0 where the input is broadcast; nullptr: contiguous over all sizes
  Element element = Element::F32;
};

/// Slots number the values of a program: first the inputs, then the results of the steps.
struct ElementwiseStep {
  Tile tile;
  int slots[3];
  int slotCount;
  const float* constants = nullptr;
};

struct ElementwiseOutput {
  void* data;  // contiguous over the sizes
  int slot;    // of a step
  Element element = Element::F32;
};

struct ElementwiseArgs {
  static constexpr int maxRank = 8, maxInputs = 16, maxSteps = 48, maxOutputs = 8;

  const int64_t* sizes;  // [rank]
  int rank;
  const ElementwiseInput* inputs;
  int inputCount;
  const ElementwiseStep* steps;
  int stepCount;
  const ElementwiseOutput* outputs;
  int outputCount;
};

namespace cpu {

/// An output may have the memory of an input that is contiguous over the sizes and has the same element.
void elementwise(const Launch& launch, const ElementwiseArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
