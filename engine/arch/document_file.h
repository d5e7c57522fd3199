// `.fw.json`: versioned, sorted, positions in a section of their own; what this version does not know survives.
#pragma once

#include <string>

#include "engine/arch/architecture.h"

namespace fw {

/// Version written; older ones are migrated, newer ones refused with a sentence.
constexpr int kDocumentVersion = 1;

/// The document as text: keys sorted, two-space indentation, newline at the end; equal documents give equal text.
///   {"architecture": {"nodes": [...], "variables": {}, "weight_groups": {}, "wires": [["3.y", "4.x"]]},
///    "format": "formwright", "frames": {}, "layout": {"3": [x, y], "4": [x, y, "pinned"]}, "name": "...", "version":
///    1}
/// A node is {"id", "name", "block"} and, where there is something to say, "params", "muted", "label", "weight_group",
/// "bodies": {body: {"nodes", "wires"}}, "overrides": {layer: {"params": {id: {}}, "muted": [id]}}.
std::string toDocumentText(const Architecture& architecture);

/// Reads a document; `place` (the file's name) opens each sentence. Nothing in the text is trusted: ids, names,
/// numbers, counts and depth are checked. Throws Code::File.
Architecture fromDocumentText(const std::string& text, const std::string& place);

Architecture loadDocument(const std::string& path);
void saveDocument(const Architecture& architecture, const std::string& path);

}  // namespace fw
