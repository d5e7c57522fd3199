// The threads that share a kernel's loop.
#pragma once

#include <cstdint>

namespace fw::kernels {

/// Does one task; `thread` is in [0, threads) and belongs to whoever does it, so that threads may own scratch memory.
using TeamWork = void (*)(const void* context, int64_t task, int thread);

/// Calls work(context, task, thread) once for each task in [0, count), on the calling thread and up to threads - 1
/// others, and returns when all are done. Up to `threads` tasks are dealt out the same way each time, which finds data
/// in the caches it was left in; more go to whoever is free. A thread that the system has not yet given a processor is
/// not waited for: the others take its tasks. Inside a task it is a plain loop.
void runByTeam(int threads, int64_t count, TeamWork work, const void* context);

}  // namespace fw::kernels
