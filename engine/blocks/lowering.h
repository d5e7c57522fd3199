// From a document to a graph: each block gets a Lowering, asks it for inputs, parameters and weights, and answers
// outputs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/arch/diagnostic.h"
#include "engine/base/error.h"
#include "engine/blocks/policy.h"
#include "engine/ir/builder.h"

namespace fw {

/// Train and Prefill see whole sequences. Decode sees the next T tokens (one, or a whole prompt) after those that its
/// states remember.
enum class Mode { Train, Prefill, Decode };

struct LowerOptions {
  Mode mode = Mode::Train;
  std::map<std::string, int64_t> dims = {{"B", 1}, {"T", 128}};  // sizes of the letters in the dims of root inputs
  int64_t cacheLength = 2048;                                    // tokens that a decode cache holds
};

/// A tensor that decoding carries from step to step: input and output "state/<path>".
struct StateInfo {
  std::string name;
  ir::TensorType type;
  bool growsWithTokens = false;  // a cache row for each token
};

/// One application of a Repeat's body.
struct LayerInfo {
  NodeId repeat = 0;
  int64_t index = 0;  // in its Repeat
  std::string body;   // "M"
  std::string path;   // "layers.3"
};

/// Where a node's weights and steps lie: the module path of its first application.
struct LowerResult {
  std::shared_ptr<const ir::Graph> graph;  // null where an error stands in `diagnostics`
  std::vector<Diagnostic> diagnostics;
  std::map<PortRef, ir::TensorType> types;  // of outputs and inputs, in the first application
  std::map<NodeId, std::string> paths;
  std::vector<LayerInfo> layers;
  std::vector<StateInfo> states;
  double appliedParameters = 0;  // elements counted once for each use

  bool isValid() const { return graph != nullptr; }
};

/// Pure: equal documents and options give equal graphs. Never throws for what is wrong in the document: that becomes
/// diagnostics, one for each cause, none for what merely follows from it.
LowerResult lower(const Architecture& architecture, const Catalog& catalog, const LowerOptions& options);

/// The graph, or the first error as an exception.
std::shared_ptr<const ir::Graph> lowerOrThrow(const Architecture& architecture, const Catalog& catalog,
                                              const LowerOptions& options);

class LoweringContext;

/// The builder a block is given. Every function throws fw::Error with a sentence that becomes the node's diagnostic.
class Lowering {
 public:
  Lowering(LoweringContext& context, const Node& node, const BlockDef& block, Params params,
           std::map<std::string, ir::Value> inputs);

  ir::Builder& builder() const;
  Mode mode() const;
  bool isDecode() const { return mode() == Mode::Decode; }
  int64_t cacheLength() const;

  bool hasInput(const std::string& port) const { return inputs_.contains(port); }
  ir::Value input(const std::string& port) const;
  void output(const std::string& port, ir::Value value) { outputs_[port] = value; }

  int64_t integer(const std::string& param) const { return std::get<int64_t>(params_.at(param)); }
  double real(const std::string& param) const { return std::get<double>(params_.at(param)); }
  bool flag(const std::string& param) const { return std::get<bool>(params_.at(param)); }
  const std::string& text(const std::string& param) const { return std::get<std::string>(params_.at(param)); }

  /// A trainable tensor, made by the weight policy in force. `name` is relative to the block: "q.weight".
  ir::Value weight(const WeightRequest& request);
  ir::Value weight(const std::string& name, const Shape& shape, const ir::Init& init);
  /// The token embedding's table, for a head tied to it; not counted again.
  ir::Value tiedEmbedding(const Shape& shape) const;
  /// y = x W^T + b with weights "<name>.weight" [out, in] and "<name>.bias" [out]; `init` empty: normal with std 0.02.
  ir::Value linear(const std::string& name, ir::Value x, int64_t out, bool hasBias, const ir::Init& init = {});

  /// A decode state; zero before the first token. In Decode only.
  ir::Value state(const std::string& name, const ir::TensorType& type, bool growsWithTokens = false);
  void setState(const std::string& name, ir::Value next);
  /// Tokens already seen, i64 scalar. In Decode only.
  ir::Value position() const;

  /// Makes a value visible to analyses; costs nothing unless somebody asks. See ProbeInfo.
  void probe(const std::string& kind, ir::Value value);
  /// The same for what the node wired into `port` contributed: named after that node.
  void probeSource(const std::string& kind, const std::string& port, ir::Value value);

  /// A number that separates the random streams of blocks; stable for a module path.
  int64_t randomStream(const std::string& name) const;
  /// i64 scalar that changes each training step: the seed of dropout.
  ir::Value randomSeed() const;

  const std::string& path() const;  // module path of this application
  const std::map<std::string, ir::Value>& outputs() const { return outputs_; }

 private:
  LoweringContext& context_;
  const Node& node_;
  const BlockDef& block_;
  Params params_;
  std::map<std::string, ir::Value> inputs_, outputs_;
};

/// f32 initialisers. Uniform bounds and standard deviations as PyTorch's nn.init.
ir::Init initZeros();
ir::Init initOnes();
ir::Init initConstant(double value);
ir::Init initNormal(double std);
ir::Init initUniform(double low, double high);

}  // namespace fw
