// Marks functions that both the CPU's kernels and CUDA's call.
#pragma once

#if defined(__CUDACC__)
#define FW_HOST_DEVICE __host__ __device__
#else
#define FW_HOST_DEVICE
#endif
