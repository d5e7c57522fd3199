// The body of one Python function: the steps of a module, or of a scan's body, as statements.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/workbench/export/modules.h"
#include "engine/workbench/export/portable_graph.h"
#include "engine/workbench/export/torch_forms.h"

namespace fw {

/// Names of B and T that a function uses.
struct UsedSizes {
  bool batch = false, time = false;
  bool context = false;    // **kwargs
  bool interface = false;  // the function of attention that the configuration names, its cache and its masks
};

struct TorchStatement {
  std::vector<ir::ValueRef> outputs;
  std::vector<ir::ValueRef> inputs;
  int node = -1;                                                     // a node...
  std::function<std::string(const std::vector<std::string>&)> call;  // ...or the text of a call with these arguments
  std::string hint;                                                  // for the name of the result
  std::string loopOver;    // with it the call is made for each of these; results become arguments as `links` say
  std::vector<int> links;  // for each input the output that takes its place; -1: it stays
};

class TorchFunction {
 public:
  TorchFunction(const PortableGraph& portable, std::set<std::string>& used) : portable_(portable), used_(used) {}

  /// Names a value that is given: an argument, or `self.weight`.
  void give(ir::ValueRef value, const std::string& text);
  /// Replaces the form of a node, such as a linear map that is a module of its own; empty: the op's form.
  std::function<std::string(int node, const std::function<std::string(ir::ValueRef)>& text)> special;
  /// The name that a node's result wishes to have; empty: the op's.
  std::function<std::string(int node)> hint;
  /// Names that results must not take.
  std::set<std::string> reserved;
  UsedSizes sizes;
  /// Attention as transformers runs it.
  bool isServed = false;

  /// Statements in order, and at last the values that are returned: texts of them.
  std::vector<std::string> write(const std::vector<TorchStatement>& statements,
                                 const std::vector<ir::ValueRef>& returned, std::vector<std::string>& results);
  std::string sizeText(const SymbolicSize& size);

 private:
  std::string textOf(ir::ValueRef value) const { return expressionOf(value).text; }
  TorchText expressionOf(ir::ValueRef value) const;
  TorchText nodeText(int node);
  void loop(const TorchStatement& statement, int at, std::vector<std::string>& lines);
  void scan(const TorchStatement& statement, int at, std::vector<std::string>& lines);
  std::string freshName(const std::string& wish, int at, ir::ValueRef value);
  std::string wishOf(const TorchStatement& statement) const;
  bool isInlined(const TorchStatement& statement, const TorchText& text) const;

  const PortableGraph& portable_;
  std::set<std::string>& used_;
  std::map<ir::ValueRef, TorchText> texts_;
  std::map<ir::ValueRef, std::set<ir::ValueRef>> mentions_;  // named values inside an expression
  std::map<ir::ValueRef, std::string> names_;                // of values that have one
  std::map<std::string, ir::ValueRef> holders_;              // what a name stands for now
  std::map<ir::ValueRef, int> lastUse_, uses_;
  std::map<ir::ValueRef, int> user_;  // the node that uses a value once; -1: a call or the return
};

/// Outputs of a node that something reads.
std::vector<ir::ValueRef> readOutputs(const ir::Graph& graph, int node);

}  // namespace fw
