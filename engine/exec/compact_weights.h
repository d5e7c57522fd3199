// Weights that stay in few bytes while a model runs: bf16 or f16 as a file holds them, or int8 with a scale for each
// output channel.
#pragma once

#include <functional>
#include <string>

#include "engine/base/tensor.h"
#include "engine/ir/graph.h"

namespace fw {

/// The parameters of `graph` that products with their transpose and embeddings alone read get the dtype that
/// `dtypeOf(parameter)` wants: F16, BF16 or I8; F32 leaves one as it is. Products become `compact_linear`, embeddings
/// are widened row by row. An I8 parameter has a second one beside it, its scale (see scaleName), f32 [rows]. For
/// graphs that run and are not differentiated; goes after what fuses products with their neighbours.
ir::Graph withCompactWeights(const ir::Graph& graph, const std::function<DType(const ir::ParameterInfo&)>& dtypeOf);

/// "head.weight" -> "head.weight/scale"
std::string scaleName(const std::string& weight);

struct QuantisedRows {
  Tensor values;  // i8 [rows, columns], within [-127, 127]
  Tensor scale;   // f32 [rows]
};

/// x[r,c] = values[r,c] scale[r] within half a scale; scale[r] = max |x[r,:]| / 127, or 0 for rows without an element
/// of 1e-35. `x` is f32, f16 or bf16 [rows, columns]. Throws Code::Numeric, with `name` as place, where an element is
/// not finite.
QuantisedRows quantisedRows(const Tensor& x, const std::string& name, int threads = 1);

}  // namespace fw
