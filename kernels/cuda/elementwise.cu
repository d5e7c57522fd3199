// Programs of tiles: a thread runs the whole program for one element. The values live in shared memory, a column for
// each thread, so that a step finds its operands by number without the detour over local memory.
#include "kernels/elementwise.h"

#include <cstring>

#include "kernels/cuda/box.h"
#include "kernels/cuda/convert.h"
#include "kernels/cuda/functions.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kInputs = ElementwiseArgs::maxInputs, kSteps = ElementwiseArgs::maxSteps,
              kOutputs = ElementwiseArgs::maxOutputs;

struct Step {
  uint8_t function;
  uint8_t slots[3];
  float constants[2];
};

/// A program as a kernel takes it: by value.
struct Program {
  int64_t count = 1;
  int rank = 0, inputs = 0, steps = 0, outputs = 0;
  bool isFlat = true;  // no input is broadcast
  int64_t sizes[ElementwiseArgs::maxRank];
  int64_t strides[kInputs][ElementwiseArgs::maxRank];
  const void* input[kInputs];
  void* output[kOutputs];
  Element inputElement[kInputs], outputElement[kOutputs];
  uint8_t outputSlot[kOutputs];
  Step step[kSteps];
};
static_assert(sizeof(Program) <= 4096, "a kernel's arguments take 4 KB");

template <class Index>
__device__ void loadInputs(const Program& program, Index i, SharedArray<float> slots) {
  int64_t at[kInputs];
  for (int k = 0; k < kInputs; ++k) at[k] = 0;
  Index rest = i;
  for (int d = program.rank - 1; d >= 0; --d) {
    const Index size = Index(program.sizes[d]), next = d == 0 ? 0 : rest / size;
    const int64_t index = int64_t(rest - next * size);
    rest = next;
#pragma unroll
    for (int k = 0; k < kInputs; ++k)
      if (k < program.inputs) at[k] += index * program.strides[k][d];
  }
#pragma unroll
  for (int k = 0; k < kInputs; ++k)
    if (k < program.inputs)
      slots[k * int(blockDim.x) + int(threadIdx.x)] = loadFloat(program.input[k], program.inputElement[k], at[k]);
}

__global__ void elementwiseKernel(Program program) {
  SharedMemory memory;
  const int width = int(blockDim.x), me = int(threadIdx.x);
  const SharedArray<float> slots = memory.array<float>(int64_t(program.inputs + program.steps) * width);
  const int64_t i = globalIndex();
  if (i >= program.count) return;
  if (program.isFlat) {
    for (int k = 0; k < program.inputs; ++k)
      slots[k * width + me] = loadFloat(program.input[k], program.inputElement[k], i);
  } else if (program.count <= 0x7fffffff) {
    loadInputs(program, uint32_t(i), slots);
  } else {
    loadInputs(program, uint64_t(i), slots);
  }
  for (int s = 0; s < program.steps; ++s) {
    const Step& step = program.step[s];
    const int arity = arityOf(Function(step.function));
    const float x = arity > 0 ? float(slots[step.slots[0] * width + me]) : 0;
    const float y = arity > 1 ? float(slots[step.slots[1] * width + me]) : 0;
    const float z = arity > 2 ? float(slots[step.slots[2] * width + me]) : 0;
    slots[(program.inputs + s) * width + me] = apply(Function(step.function), x, y, z, step.constants);
  }
  for (int o = 0; o < program.outputs; ++o)
    storeFloat(program.output[o], program.outputElement[o], i, slots[program.outputSlot[o] * width + me]);
}

/// The sizes and strides, neighbouring dimensions joined where every input walks them alike.
void collapse(const ElementwiseArgs& args, Program& program) {
  int64_t contiguous[ElementwiseArgs::maxRank + 1];
  contiguous[args.rank] = 1;
  for (int i = args.rank - 1; i >= 0; --i) contiguous[i] = contiguous[i + 1] * args.sizes[i];
  program.count = contiguous[0];
  for (int k = 0; k < args.inputCount; ++k) program.isFlat = program.isFlat && !args.inputs[k].strides;
  for (int i = 0; i < args.rank; ++i) {
    if (args.sizes[i] == 1) continue;
    const auto stride = [&](int k) { return args.inputs[k].strides ? args.inputs[k].strides[i] : contiguous[i + 1]; };
    bool joins = program.rank > 0;
    for (int k = 0; k < args.inputCount; ++k)
      joins = joins && program.strides[k][program.rank - 1] == stride(k) * args.sizes[i];
    if (!joins) ++program.rank;
    program.sizes[program.rank - 1] = joins ? program.sizes[program.rank - 1] * args.sizes[i] : args.sizes[i];
    for (int k = 0; k < args.inputCount; ++k) program.strides[k][program.rank - 1] = stride(k);
  }
}

}  // namespace

void elementwise(const Launch& launch, const ElementwiseArgs& args) {
  Program program = {};
  program.count = 1;
  program.isFlat = true;
  collapse(args, program);
  program.inputs = args.inputCount;
  program.steps = args.stepCount;
  program.outputs = args.outputCount;
  for (int k = 0; k < args.inputCount; ++k) {
    program.input[k] = args.inputs[k].data;
    program.inputElement[k] = args.inputs[k].element;
  }
  for (int s = 0; s < args.stepCount; ++s) {
    const ElementwiseStep& from = args.steps[s];
    Step& step = program.step[s];
    step.function = uint8_t(functionOf(from.tile));
    for (int k = 0; k < from.slotCount; ++k) step.slots[k] = uint8_t(from.slots[k]);
    for (int c = 0; c < constantsOf(Function(step.function)); ++c) step.constants[c] = from.constants[c];
  }
  for (int o = 0; o < args.outputCount; ++o) {
    program.output[o] = args.outputs[o].data;
    program.outputElement[o] = args.outputs[o].element;
    program.outputSlot[o] = uint8_t(args.outputs[o].slot);
  }
  const int threads = args.inputCount + args.stepCount > 40 ? 128 : 256;
  start(launch, "elementwise", elementwiseKernel, ceilDivide(program.count, threads), threads,
        sharedBytes<float>(int64_t(args.inputCount + args.stepCount) * threads), program);
}

}  // namespace fw::kernels::FW_CUDA
