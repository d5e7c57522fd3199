// Sizes of all wires of an ONNX function or graph.
#pragma once

#include <string>
#include <vector>

#include "engine/workbench/export/onnx_graph.h"

namespace fw {

/// Fills in OnnxBody::wires, also those of the bodies of scans: from what is known of inputs, outputs and results, the
/// library's rules tell the sizes of the others at each batch and time at which the model was lowered. `batch` and
/// `time` are the wires that hold B and T; `outer` are values that are read besides inputs. Throws Code::Internal for a
/// wire that stays unknown.
void findSizes(OnnxBody& body, const PortableGraph& portable, const std::string& batch, const std::string& time,
               const std::vector<OnnxValue>& outer = {});

}  // namespace fw
