// Statements of a Python function.
#include "engine/workbench/export/torch_function.h"

#include <algorithm>
#include <cctype>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/workbench/export/torch_names.h"
#include "engine/workbench/export/torch_served.h"

namespace fw {
namespace {

/// Ops whose form puts the first operand in front once: x.op(...), x[...].
bool isChained(const std::string& op) {
  static const std::set<std::string> ops = {
      "reshape", "transpose", "slice", "broadcast_to", "softmax", "exp", "log", "tanh", "sigmoid", "cast", "square",
      "sqrt",    "rsqrt",     "sum",   "mean",         "max",     "min", "neg", "silu", "gelu",    "relu", "softplus"};
  return ops.contains(op);
}

bool isLight(const std::string& op) {
  static const std::set<std::string> ops = {"reshape", "transpose", "slice", "neg", "cast", "one_hot", "iota"};
  return ops.contains(op);
}

}  // namespace

std::vector<ir::ValueRef> readOutputs(const ir::Graph& graph, int node) {
  std::set<ir::ValueRef> read;
  for (const ir::Node& user : graph.nodes)
    for (const ir::ValueRef& value : user.inputs)
      if (value.node == node) read.insert(value);
  for (const ir::OutputInfo& output : graph.outputs)
    if (output.value.node == node) read.insert(output.value);
  return {read.begin(), read.end()};
}

void TorchFunction::give(ir::ValueRef value, const std::string& text) {
  texts_[value] = {text};
  if (isPythonName(text)) {
    names_[value] = text;
    holders_[text] = value;
  }
}

std::string TorchFunction::sizeText(const SymbolicSize& size) {
  sizes.batch |= size.batch != 0 || size.both != 0;
  sizes.time |= size.time != 0 || size.both != 0;
  return size.toString();
}

TorchText TorchFunction::expressionOf(ir::ValueRef value) const {
  const ir::Node& node = portable_.graph().nodes[size_t(value.node)];
  if (isInlineConstant(node)) {
    const DType dtype = node.types[0].dtype;
    const double number = node.attrs.real("value");
    const std::string text = pythonNumber(number, isFloat(dtype));
    return {dtype == DType::Bool ? (number != 0 ? "True" : "False") : text,
            text[0] == '-' ? TorchText::Sign : TorchText::Atom};
  }
  const auto at = texts_.find(value);
  if (at == texts_.end())
    throw Error(Code::Internal, text("[pytorch] the result of '", node.op->name, "' is read before it is made."));
  return at->second;
}

TorchText TorchFunction::nodeText(int index) {
  const ir::Graph& graph = portable_.graph();
  const ir::Node& node = graph.nodes[size_t(index)];
  if (special)
    if (std::string text = special(index, [&](ir::ValueRef value) { return textOf(value); }); !text.empty())
      return {text};
  TorchCall call{.graph = graph, .node = node, .self = index};
  for (const ir::ValueRef& input : node.inputs) call.operands.push_back(expressionOf(input));
  const auto texts = [&](const SymbolicSizes& sizes) {
    std::vector<std::string> out;
    for (const SymbolicSize& size : sizes) out.push_back(sizeText(size));
    return out;
  };
  call.sizes = [&](const std::string& attribute) { return texts(portable_.sizes(index, attribute)); };
  call.dims = [&](ir::ValueRef value) { return texts(portable_.dims(value)); };
  call.use = [&](const std::string& function) {
    sizes.context |= function == "kwargs" || function == "interface";
    sizes.interface |= function == "interface";
    if (function != "kwargs" && function != "interface") used_.insert(function);
  };
  if (isServed)
    if (const TorchForm form = findServedForm(call)) return form(call);
  const TorchForm form = findTorchForm(node.op->name);
  if (!form) throw Error(Code::Graph, text("[pytorch] there is no form for the op '", node.op->name, "'."));
  return form(call);
}

std::string TorchFunction::freshName(const std::string& wish, int at, ir::ValueRef value) {
  std::string base = isPythonName(wish) ? wish : "x";
  if (torchFunctions().contains(base)) base += "_out";
  for (int number = 1;; ++number) {
    const std::string name = number == 1 ? base : base + std::to_string(number);
    if (reserved.contains(name)) continue;
    const auto holder = holders_.find(name);
    if (holder != holders_.end() && lastUse_[holder->second] > at) continue;
    holders_[name] = value;
    names_[value] = name;
    texts_[value] = {name};
    return name;
  }
}

std::string TorchFunction::wishOf(const TorchStatement& statement) const {
  if (!statement.hint.empty()) return statement.hint;
  const ir::Node& node = portable_.graph().nodes[size_t(statement.node)];
  if (hint)
    if (std::string wish = hint(statement.node); !wish.empty()) return wish;
  static const std::map<std::string, std::string> wishes = {
      {"attention", "mixed"},     {"softmax", "shares"},   {"iota", "positions"},   {"constant", "filled"},
      {"less", "mask"},           {"less_equal", "mask"},  {"greater", "mask"},     {"greater_equal", "mask"},
      {"equal", "mask"},          {"logical_and", "mask"}, {"selective_scan", "y"}, {"embedding", "x"},
      {"linear_recurrence", "h"}, {"conv2d", "x"},         {"argmax", "index"}};
  if (const auto at = wishes.find(node.op->name); at != wishes.end()) return at->second;
  std::string first;
  for (const ir::ValueRef& input : node.inputs)
    if (const auto name = names_.find(input); name != names_.end() && first.empty()) first = name->second;
  while (!first.empty() && std::isdigit(uint8_t(first.back()))) first.pop_back();
  return first.empty() ? "x" : first;
}

/// Kept as an expression where its only reader takes it as one operand and the line stays readable.
bool TorchFunction::isInlined(const TorchStatement& statement, const TorchText& text) const {
  if (statement.node < 0 || statement.outputs.size() != 1 || text.text.size() > 70) return false;
  const ir::ValueRef value = statement.outputs[0];
  const auto uses = uses_.find(value);
  if (uses == uses_.end() || uses->second != 1) return false;
  const int user = user_.at(value);
  const std::string& op = portable_.graph().nodes[size_t(statement.node)].op->name;
  if (user < 0) return lastUse_.at(value) > 1'000'000;  // returned
  const ir::Node& reader = portable_.graph().nodes[size_t(user)];
  if (reader.op->name == "scan") return false;
  return isLight(op) || (isChained(reader.op->name) && reader.inputs[0] == value);
}

std::vector<std::string> TorchFunction::write(const std::vector<TorchStatement>& statements,
                                              const std::vector<ir::ValueRef>& returned,
                                              std::vector<std::string>& results) {
  constexpr int kEnd = 2'000'000;
  for (int i = 0; i < int(statements.size()); ++i)
    for (const ir::ValueRef& value : statements[size_t(i)].inputs) {
      lastUse_[value] = i;
      ++uses_[value];
      user_[value] = statements[size_t(i)].node;
    }
  for (const ir::ValueRef& value : returned) {
    lastUse_[value] = kEnd;
    ++uses_[value];
    user_[value] = -1;
  }
  std::vector<std::string> lines;
  for (int i = 0; i < int(statements.size()); ++i) {
    const TorchStatement& statement = statements[size_t(i)];
    if (!statement.loopOver.empty()) {
      loop(statement, i, lines);
    } else if (statement.node >= 0 && portable_.graph().nodes[size_t(statement.node)].body) {
      scan(statement, i, lines);
    } else if (statement.node >= 0 && statement.outputs.size() == 1) {
      TorchText text = nodeText(statement.node);
      const bool isPair = portable_.graph().nodes[size_t(statement.node)].op->name == "selective_scan" ||
                          portable_.graph().nodes[size_t(statement.node)].op->name == "top_k";
      if (isPair) text = {text.text + "[" + std::to_string(statement.outputs[0].output) + "]"};
      if (isInlined(statement, text)) {
        const ir::ValueRef value = statement.outputs[0];
        texts_[value] = text;
        for (const ir::ValueRef& input : statement.inputs) {
          std::set<ir::ValueRef>& all = mentions_[value];
          if (names_.contains(input)) all.insert(input);
          if (const auto inner = mentions_.find(input); inner != mentions_.end())
            all.insert(inner->second.begin(), inner->second.end());
        }
        for (const ir::ValueRef& named : mentions_[value]) lastUse_[named] = std::max(lastUse_[named], lastUse_[value]);
        continue;
      }
      const std::string wish = wishOf(statement);
      lines.push_back(freshName(wish, i, statement.outputs[0]) + " = " + text.text);
      continue;
    } else {
      std::string text;
      if (statement.node >= 0) {
        text = nodeText(statement.node).text;
      } else {
        std::vector<std::string> arguments;
        for (const ir::ValueRef& value : statement.inputs) arguments.push_back(textOf(value));
        text = statement.call(arguments);
      }
      const std::string wish = wishOf(statement);
      std::vector<std::string> names;
      if (statement.node >= 0) {
        const size_t count = portable_.graph().nodes[size_t(statement.node)].types.size();
        names.resize(std::min<size_t>(count, 2), "_");
        for (const ir::ValueRef& value : statement.outputs) names[size_t(value.output)] = freshName(wish, i, value);
      } else {
        for (const ir::ValueRef& value : statement.outputs) names.push_back(freshName(wish, i, value));
      }
      lines.push_back(joined(names) + " = " + text);
    }
  }
  for (const ir::ValueRef& value : returned) results.push_back(textOf(value));
  return lines;
}

/// The values that are handed on need names of their own before the loop.
void TorchFunction::loop(const TorchStatement& statement, int at, std::vector<std::string>& lines) {
  std::vector<std::string> arguments, results(statement.outputs.size());
  for (size_t k = 0; k < statement.inputs.size(); ++k) {
    const std::string given = textOf(statement.inputs[k]);
    arguments.push_back(given);
    if (statement.links[k] < 0) continue;
    std::string& name = results[size_t(statement.links[k])];
    const auto known = names_.find(statement.inputs[k]);
    const bool isOwn = known != names_.end() && lastUse_[statement.inputs[k]] <= at && name.empty();
    if (isOwn) {
      name = known->second;
      const ir::ValueRef value = statement.outputs[size_t(statement.links[k])];
      holders_[name] = value;
      names_[value] = name;
      texts_[value] = {name};
    } else {
      if (name.empty()) name = freshName(statement.hint, at, statement.outputs[size_t(statement.links[k])]);
      if (name != given) lines.push_back(name + " = " + given);
    }
    arguments.back() = name;
  }
  lines.push_back("for layer in " + statement.loopOver + ":");
  lines.push_back("    " + joined(results) + " = " + statement.call(arguments));
}

/// `def step(carries, xs)` before the call; what is constant is read from the function around it.
void TorchFunction::scan(const TorchStatement& statement, int at, std::vector<std::string>& lines) {
  used_.insert("scan");
  const ir::Node& node = portable_.graph().nodes[size_t(statement.node)];
  const PortableGraph body = portable_.body(statement.node);
  const ir::Graph& inner = body.graph();
  const size_t carries = size_t(node.attrs.integer("carries")), xs = size_t(node.attrs.integer("xs"));
  TorchFunction step(body, used_);
  step.reserved = reserved;
  for (const auto& [name, value] : holders_) step.reserved.insert(name);
  std::vector<std::string> carryNames, xNames, outer;
  for (size_t i = 0; i < inner.inputs.size(); ++i) {
    const ir::ValueRef value{inner.inputs[i].node, 0};
    const std::string given = textOf(node.inputs[i]);
    outer.push_back(given);
    if (i >= carries + xs) {
      step.texts_[value] = expressionOf(node.inputs[i]);
      continue;
    }
    std::string name = i < carries ? "carry" + std::to_string(i) : "x" + std::to_string(i - carries);
    while (step.reserved.contains(name)) name += "_";
    step.give(value, name);
    (i < carries ? carryNames : xNames).push_back(name);
  }
  std::vector<TorchStatement> statements;
  for (int i = 0; i < int(inner.nodes.size()); ++i) {
    const ir::Node& one = inner.nodes[size_t(i)];
    if (one.op->name == "input" || isInlineConstant(one)) continue;
    statements.push_back({.outputs = readOutputs(inner, i), .inputs = one.inputs, .node = i});
  }
  std::vector<ir::ValueRef> returned;
  for (const ir::OutputInfo& output : inner.outputs) returned.push_back(output.value);
  std::vector<std::string> results;
  const std::vector<std::string> inside = step.write(statements, returned, results);
  sizes.batch |= step.sizes.batch;
  sizes.time |= step.sizes.time;
  const auto tuple = [](const std::vector<std::string>& parts) {
    return "(" + joined(parts) + (parts.size() == 1 ? ",)" : ")");
  };
  lines.push_back("def step(carries, xs):");
  if (!carryNames.empty())
    lines.push_back("    " + joined(carryNames) + (carryNames.size() == 1 ? ", = " : " = ") + "carries");
  if (!xNames.empty()) lines.push_back("    " + joined(xNames) + (xNames.size() == 1 ? ", = " : " = ") + "xs");
  for (const std::string& line : inside) lines.push_back("    " + line);
  const auto cut = results.begin() + ptrdiff_t(carries);
  lines.push_back("    return " + tuple({results.begin(), cut}) + ", " + tuple({cut, results.end()}));
  lines.push_back("");
  const std::string length = sizeText(portable_.sizes(statement.node, "length")[0]);
  std::string call = "scan(step, " + tuple({outer.begin(), outer.begin() + ptrdiff_t(carries)}) + ", " +
                     tuple({outer.begin() + ptrdiff_t(carries), outer.begin() + ptrdiff_t(carries + xs)}) + ", " +
                     length;
  if (node.attrs.flag("reverse", false)) call += ", is_reversed=True";
  call += ")";
  std::vector<std::string> names(node.types.size(), "_");
  for (const ir::ValueRef& value : statement.outputs)
    names[size_t(value.output)] = freshName(value.output < int(carries) ? "h" : "y", at, value);
  lines.push_back(joined(names) + (names.size() == 1 ? ", = " : " = ") + call);
}

}  // namespace fw
