// What a block is: ports, parameters, help, lowering. Data and plain functions; one file each in engine/blocks/*/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace fw {

class Lowering;  // engine/blocks/lowering.h: the builder a block is given; opaque here, so that documents need no maths

using ParamValue = std::variant<bool, int64_t, double, std::string>;

/// "8", "0.5", "true", or the text as it is.
std::string toText(const ParamValue& value);

/// A node's parameters by name. A text that starts with '=' where a number is expected is an expression of the
/// document's variables, such as "=4*width".
using Params = std::map<std::string, ParamValue>;

/// What flows through a port; decides its colour and shape on the canvas and what may be wired.
enum class PortKind { Tensor, Tokens, Mask, Pixels };

struct PortDef {
  std::string name;
  std::string dims;  // one letter or word a dimension, "B T D"; equal letters are equal sizes; empty: any shape
  PortKind kind = PortKind::Tensor;
  bool isOptional = false;
  std::string help;
};

enum class ParamType { Int, Real, Bool, Choice, Text };

struct ParamDef {
  std::string name;
  ParamType type = ParamType::Int;
  ParamValue value;  // the default
  std::string title;
  std::string helpText;
  double minimum = -1e300, maximum = 1e300;
  bool mustBeOdd = false, mustBePowerOfTwo = false;
  std::vector<std::string> choices;
  std::string visibleWhen;  // "mask=sliding", "mask=sliding|causal", "mask!=none": shown only then; empty: always

  ParamDef& help(std::string sentence) { return helpText = std::move(sentence), *this; }
  ParamDef& label(std::string words) { return title = std::move(words), *this; }
  ParamDef& range(double low, double high) { return minimum = low, maximum = high, *this; }
  ParamDef& odd() { return mustBeOdd = true, *this; }
  ParamDef& powerOfTwo() { return mustBePowerOfTwo = true, *this; }
  ParamDef& when(std::string condition) { return visibleWhen = std::move(condition), *this; }
};

/// Integers are at least 1 and at most 2^40 unless range() says otherwise.
ParamDef intParam(std::string name, int64_t value);
ParamDef realParam(std::string name, double value);
ParamDef boolParam(std::string name, bool value);
ParamDef choiceParam(std::string name, std::string value, std::vector<std::string> choices);
ParamDef textParam(std::string name, std::string value);

/// Whether `visibleWhen` holds; `complete` has every parameter of the block.
bool isVisible(const ParamDef& param, const Params& complete);

/// A small use of a block for universal tests and the help page: sizes of the dims letters of its inputs.
struct BlockExample {
  Params params;
  std::map<std::string, int64_t> dims;
};

/// Which inner graphs a container block has.
enum class BodyKind { None, Single, Repeat, Fork };

struct BlockDef {
  std::string id;        // "attention.multi_head"
  std::string title;     // "Multi-head attention"
  std::string category;  // attention, state space, mlp, convolution, norm, embedding, memory, experts, structure
  std::string help;
  std::string paper;                  // author, title, year; empty where common knowledge
  std::vector<std::string> synonyms;  // for search: "MHA"
  std::string name;                   // default module path segment: "attention"
  std::vector<PortDef> inputs;
  std::vector<PortDef> outputs;
  std::vector<ParamDef> params;
  std::vector<std::string> summary;  // parameters shown on the node's second line, in order
  BodyKind body = BodyKind::None;
  bool isCausal = false;  // with these defaults future input never changes the past (tested)
  void (*lower)(Lowering&) = nullptr;
  /// Checks that span parameters (all of them, expressions resolved, each within its range); returns a sentence or "".
  std::string (*check)(const Params&) = nullptr;
  std::vector<BlockExample> examples;

  const ParamDef* findParam(const std::string& name) const;
  const PortDef* findInput(const std::string& name) const;
  const PortDef* findOutput(const std::string& name) const;
};

/// Every block, in the order of the files' paths (generated).
const std::vector<BlockDef>& allBlocks();

/// Looks blocks up by id. A view of a table; copies are cheap.
class Catalog {
 public:
  explicit Catalog(const std::vector<BlockDef>& blocks);
  const BlockDef* find(const std::string& id) const;
  const std::vector<BlockDef>& blocks() const { return *blocks_; }

 private:
  const std::vector<BlockDef>* blocks_;
  std::map<std::string, const BlockDef*> byId_;
};

}  // namespace fw
