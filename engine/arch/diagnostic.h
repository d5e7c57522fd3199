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

/// A one-click mend: the edit is described, not performed.
struct Fix {
  std::string title;  // "Set heads to 8"
  NodeId node = 0;
  std::string param;
  ParamValue value;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;  // "shape", "cycle", "missing_input", "unknown_block", "parameter", ...
  std::string text;  // a sentence that names node and port
  Place place;
  std::vector<Fix> fixes;
};

/// Structure and parameters, with no maths: unknown blocks, missing inputs, wires to ports that do not exist, several wires
/// into one input, cycles, parameters out of range, bodies without in/out nodes, weight groups that do not exist, duplicate
/// names. Shapes come from lowering.
std::vector<Diagnostic> validate(const Architecture& architecture, const Catalog& catalog);

}  // namespace fw
