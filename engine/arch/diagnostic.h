// What is wrong with a document, where, and how it can be mended.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

enum class Severity { Info, Warning, Error };

struct Place {
  GraphPath graph;
  NodeId node = 0;    // 0: the graph or the document
  std::string port;   // empty: the node
  std::string param;  // empty: none
};

/// A one-click mend: the edit is described, not performed (see applyFix). Sets a parameter, or, where `block` names
/// one, puts that block with `params` on a wire.
struct Fix {
  std::string title;  // "Set heads to 8"
  NodeId node = 0;
  std::string param;
  ParamValue value;
  std::string block;
  Params params;
  GraphPath graph;
  Wire wire;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;  // one of those at validate(), or one of lowering: "shape", "memory", ...
  std::string text;  // a sentence that names node and port: "node 'layers/attention' (id 7): ..."
  Place place;
  std::vector<Fix> fixes;
};

/// Structure and parameters, with no maths; shapes come from lowering. Ordered by graph, then node. An unknown block is
/// one diagnostic, not one for each of its wires. Codes (errors unless said otherwise):
///   unknown_block, missing_input, unknown_port, dangling_wire (an end that is not in the graph), several_wires (into
///   one input), kind (tokens into an image port), cycle (one for each group of nodes), parameter (type, range,
///   expression), unknown_parameter (warning), body (missing, or without `out`), unused_body (warning), ports (bodies
///   differ, or an `out` of a Repeat feeds nothing), weight_group (does not exist), duplicate_name, name, override (of
///   a layer or node that is not there), muted (nothing to pass on), no_output (info where the document is empty),
///   unused (warning: reaches no `out`), too_large (nodes, nesting).
std::vector<Diagnostic> validate(const Architecture& architecture, const Catalog& catalog);

bool hasErrors(const std::vector<Diagnostic>& diagnostics);

/// "node 'layers/attention' (id 7)"; opens the sentence of a diagnostic.
std::string nodeText(const Architecture& architecture, const GraphPath& path, NodeId node);

}  // namespace fw
