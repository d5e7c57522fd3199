// Nodes and graphs as JSON: what documents, the clipboard and the journal have in common.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_set>

#include "engine/arch/architecture.h"
#include "engine/base/json.h"

namespace fw {

// ---- writing

SortedJson toJson(const Params& params);
SortedJson toJson(const Graph& graph);
SortedJson toJson(const WeightGroup& group);
SortedJson toJson(const Position& position);
SortedJson toJson(const Frame& frame);
SortedJson toJson(const Dot& dot);

/// Whole numbers without ".0": they are the rule among coordinates and variables, and a diff reads better.
SortedJson plainNumber(double value);

/// Adds the keys of a JSON object text that `json` lacks, inner objects included.
void addUnknown(SortedJson& json, const std::string& extra);

// ---- reading; nothing is trusted

/// Reads parts of one document. Each refusal is an Error(Code::File) "[place] where: fact."
class DocumentReader {
 public:
  explicit DocumentReader(std::string place) : place_(std::move(place)) {}

  [[noreturn]] void refuse(const std::string& where, const std::string& fact) const;

  /// `depth` is that of the graph: 0 for the root. Ids are unique over all calls.
  GraphPtr readGraph(const SortedJson& json, const std::string& where, int depth);
  Params readParams(const SortedJson& json, const std::string& where) const;
  std::map<std::string, WeightGroup> readWeightGroups(const SortedJson& json) const;
  std::map<std::string, double> readVariables(const SortedJson& json) const;
  /// Entries whose key is no id go into `unknown`.
  std::map<NodeId, Position> readLayout(const SortedJson& json, SortedJson& unknown) const;
  std::map<NodeId, Frame> readFrames(const SortedJson& json);
  std::map<NodeId, Dot> readDots(const SortedJson& json);
  std::vector<Wire> readWires(const SortedJson& json, const std::string& where) const;

  /// The member of an object, or null where it is missing.
  const SortedJson* member(const SortedJson& object, const char* key) const;
  void requireObject(const SortedJson& json, const std::string& where) const;
  std::string readText(const SortedJson& json, const std::string& where, const char* key) const;
  NodeId readId(const SortedJson& json, const std::string& where) const;

  NodeId highestId() const { return highestId_; }

 private:
  NodePtr readNode(const SortedJson& json, const std::string& where, int depth);
  std::map<int64_t, LayerOverride> readOverrides(const SortedJson& json, const std::string& where) const;
  Wire readWire(const SortedJson& json, const std::string& where) const;
  std::map<std::string, std::vector<ParamRef>> readPromoted(const SortedJson& json, const std::string& where) const;
  PortRef readPort(const SortedJson& json, const std::string& where) const;
  NodeId idFromKey(const std::string& key, const std::string& where) const;
  void claimId(NodeId id, const std::string& where);

  std::string place_;
  std::unordered_set<NodeId> ids_;
  NodeId highestId_ = 0;
};

/// What `object` has besides the keys in `known`, as sorted JSON text; "" where nothing is left.
std::string unknownKeys(const SortedJson& object, std::initializer_list<const char*> known);
/// A JSON object as sorted text; "" where it is empty.
std::string extraText(const SortedJson& object);

}  // namespace fw
