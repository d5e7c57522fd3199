// A graph made ready to run on a device with its weights.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/exec/executor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// The same numbers as another dtype; the tensor itself where it has that already. Throws Code::Data for fractions that
/// would become i64, Code::Type for dtypes that it knows no way to; both name `place`.
Tensor converted(const Tensor& from, DType dtype, const std::string& place);

/// Optimises the graph, plans it for the device of `store`, and loads its parameters into that in the dtypes that
/// `format` asks for: `given`, or starting values from `seed` where none are given. Throws what loadWeights throws.
std::shared_ptr<const Plan> planForInference(const ir::Graph& graph, const std::map<std::string, Tensor>& given,
                                             uint64_t seed, WeightFormat format, Store& store);

}  // namespace fw
