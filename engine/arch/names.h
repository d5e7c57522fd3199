// What may be a name in a document, and how a name is shown in a sentence.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "engine/arch/architecture.h"

namespace fw {

/// Node, port and weight group names: 1 to 100 letters, digits, '_' and '-'.
bool isIdentifier(std::string_view name);
/// Block ids: identifiers joined by '.'.
bool isBlockId(std::string_view name);
/// A letter or '_', then letters, digits and '_'; at most 100.
bool isVariableName(std::string_view name);
/// Printable ASCII without space, quotes, '/', '\\', '.' and ','; at most 100. Letters of a pattern such as '*' are
/// names.
bool isBodyName(std::string_view name);
bool isUtf8(std::string_view bytes);

/// The name in quotes, shortened, without control characters: text from files goes into sentences through this.
std::string inQuotes(std::string_view name);

/// `wish`, or with a number above those in use where it is taken: "norm", "norm_2", "norm_3".
std::string freeName(const Graph& graph, const std::string& wish);

/// Hands out many free names of one graph.
class NamePool {
 public:
  explicit NamePool(const Graph& graph);
  std::string take(const std::string& wish);

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> next_;
};

}  // namespace fw
