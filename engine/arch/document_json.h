// Nodes and graphs as JSON: what documents, the clipboard and the journal have in common.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_set>

#include "engine/arch/architecture.h"
#include "engine/base/json.h"

namespace fw {

// ---- writing

Json toJson(const Params& params);
Json toJson(const Graph& graph);
Json toJson(const WeightGroup& group);
Json toJson(const Position& position);
Json toJson(const Frame& frame);

/// Adds the keys of a JSON object text that `json` lacks, inner objects included.
void addUnknown(Json& json, const std::string& extra);

// ---- reading; nothing is trusted

/// Reads parts of one document. Each refusal is an Error(Code::File) "[place] where: fact."
class DocumentReader {
 public:
  explicit DocumentReader(std::string place) : place_(std::move(place)) {}

  [[noreturn]] void refuse(const std::string& where, const std::string& fact) const;

  /// `depth` is that of the graph: 0 for the root. Ids are unique over all calls.
  GraphPtr readGraph(const Json& json, const std::string& where, int depth);
  Params readParams(const Json& json, const std::string& where) const;
  std::map<std::string, WeightGroup> readWeightGroups(const Json& json) const;
  std::map<std::string, double> readVariables(const Json& json) const;
  /// Entries whose key is no id go into `unknown`.
  std::map<NodeId, Position> readLayout(const Json& json, Json& unknown) const;
  std::map<NodeId, Frame> readFrames(const Json& json);
  std::vector<Wire> readWires(const Json& json, const std::string& where) const;

  /// The member of an object, or null where it is missing.
  const Json* member(const Json& object, const char* key) const;
  void requireObject(const Json& json, const std::string& where) const;
  std::string readText(const Json& json, const std::string& where, const char* key) const;
  NodeId readId(const Json& json, const std::string& where) const;

  NodeId highestId() const { return highestId_; }

 private:
  NodePtr readNode(const Json& json, const std::string& where, int depth);
  std::map<int64_t, LayerOverride> readOverrides(const Json& json, const std::string& where) const;
  PortRef readPort(const Json& json, const std::string& where) const;
  NodeId idFromKey(const std::string& key, const std::string& where) const;
  void claimId(NodeId id, const std::string& where);

  std::string place_;
  std::unordered_set<NodeId> ids_;
  NodeId highestId_ = 0;
};

/// What `object` has besides the keys in `known`, as sorted JSON text; "" where nothing is left.
std::string unknownKeys(const Json& object, std::initializer_list<const char*> known);
/// A JSON object as sorted text; "" where it is empty.
std::string extraText(const Json& object);

}  // namespace fw
