// The differences of two documents, by module path, for people.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

enum class DiffKind { Added, Removed, Changed };

struct DiffEntry {
  DiffKind kind = DiffKind::Changed;
  std::string path;    // "layers/attention" or "layers[3]/mlp" for an override
  std::string what;    // "node", "heads", "wire norm.y -> attention.x", "weight group embed", "variable width"
  std::string before;  // empty for Added
  std::string after;   // empty for Removed
};

/// Matched by name along the path; equal sub-graphs are skipped by hash. Positions, frames, labels and the document's
/// name never differ; a parameter at its default is equal to one that is not given.
std::vector<DiffEntry> diff(const Architecture& before, const Architecture& after, const Catalog& catalog);

}  // namespace fw
