// Unbiased linear CKA of all pairs of representations over all samples at once, in little memory.
#pragma once

#include <vector>

#include "engine/analysis/comparison.h"
#include "engine/base/job.h"

namespace fw {

/// HSIC_1(i,j) / sqrt(HSIC_1(i,i) HSIC_1(j,j)) of all pairs, row-major [count, count]; NaN where a representation is
/// constant or there are fewer than 4 samples. Exact: the kernels of all samples are made block by block of samples,
/// the same block of all representations at a time, so that they are never in memory as a whole: beside the features it
/// takes at most 160 MB (more only where 128 samples of two representations are larger). Throws Code::Cancelled,
/// Code::Memory.
std::vector<double> blockwiseCka(const std::vector<Features>& all, const CancelToken& cancel = {});

}  // namespace fw
