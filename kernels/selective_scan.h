// The selective scan of Mamba: h[t] = exp(delta[t] A) h[t-1] + delta[t] x[t] B[t],  y[t] = C[t] h[t] + skip x[t],
// with a state of N numbers for each of D channels. (Gu and Dao, "Mamba", 2023.)
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// Steps between two saved states: the backward pass computes the states between them again.
constexpr int64_t kSelectiveScanChunk = 64;

/// Channels that one task of the CPU takes.
constexpr int64_t kSelectiveScanChannels = 64;

inline int64_t selectiveScanChunks(int64_t time) { return (time + kSelectiveScanChunk - 1) / kSelectiveScanChunk; }

struct SelectiveScanInputs {
  const float* x = nullptr;      // [B,T,D]
  const float* delta = nullptr;  // [B,T,D]
  const float* a = nullptr;      // [D,N]
  const float* b = nullptr;      // [B,T,N]
  const float* c = nullptr;      // [B,T,N]
  const float* skip = nullptr;   // optional [D]
  const float* state = nullptr;  // optional [B,D,N]: h[-1]
  int64_t batch = 0, time = 0, width = 0, stateSize = 0;
};

struct SelectiveScanArgs {
  SelectiveScanInputs in;
  float* y = nullptr;          // [B,T,D]
  float* lastState = nullptr;  // [B,D,N]
  float* saved = nullptr;      // optional [B,chunks,N,D]: the state before each chunk
};

struct SelectiveScanGradientArgs {
  SelectiveScanInputs in;
  const float* saved = nullptr;       // from the forward pass
  const float* dy = nullptr;          // [B,T,D]
  const float* dLastState = nullptr;  // optional [B,D,N]
  const float* dSaved = nullptr;      // optional [B,chunks,N,D]
  float* dx = nullptr;
  float* dDelta = nullptr;
  float* da = nullptr;
  float* db = nullptr;
  float* dc = nullptr;
  float* dSkip = nullptr;      // optional
  float* dState = nullptr;     // optional
  float* workspace = nullptr;  // selectiveScanGradientWorkspace floats
};

namespace cpu {

void selectiveScan(const Launch& launch, const SelectiveScanArgs& args);

int64_t selectiveScanGradientWorkspace(const SelectiveScanInputs& in);
void selectiveScanGradient(const Launch& launch, const SelectiveScanGradientArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
