// Names of classes and members in Python.
#include "engine/workbench/export/torch_names.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

namespace fw {
namespace {

const std::set<std::string>& keywords() {
  static const std::set<std::string> words = {
      "False", "None",  "True",   "and",      "as",     "assert",  "async", "await", "break",  "class", "continue",
      "def",   "del",   "elif",   "else",     "except", "finally", "for",   "from",  "global", "if",    "import",
      "in",    "is",    "lambda", "nonlocal", "not",    "or",      "pass",  "raise", "return", "try",   "while",
      "with",  "yield", "self",   "torch",    "nn",     "F",       "B",     "T",     "Tensor", "range", "zip",
      "tuple", "list",  "step",   "float",    "int",    "config",  "kwargs"};
  return words;
}

/// Attributes of nn.Module that a part must not hide.
bool isTaken(const std::string& name) {
  static const std::set<std::string> names = {"add_module",
                                              "apply",
                                              "bfloat16",
                                              "buffers",
                                              "call_super_init",
                                              "children",
                                              "compile",
                                              "cpu",
                                              "cuda",
                                              "double",
                                              "dump_patches",
                                              "eval",
                                              "extra_repr",
                                              "float",
                                              "forward",
                                              "half",
                                              "ipu",
                                              "load_state_dict",
                                              "modules",
                                              "named_buffers",
                                              "named_children",
                                              "named_modules",
                                              "named_parameters",
                                              "parameters",
                                              "register_buffer",
                                              "register_module",
                                              "register_parameter",
                                              "requires_grad_",
                                              "share_memory",
                                              "state_dict",
                                              "to",
                                              "to_empty",
                                              "train",
                                              "training",
                                              "type",
                                              "xpu",
                                              "zero_grad"};
  return names.contains(name);
}

}  // namespace

bool isPlainMember(const std::string& name) { return isPythonName(name) && !isTaken(name); }

std::string pythonClass(const std::string& text) {
  std::string out;
  bool isStart = true;
  for (const char c : text) {
    if (!std::isalnum(uint8_t(c))) {
      isStart = true;
      continue;
    }
    out += isStart ? char(std::toupper(uint8_t(c))) : c;
    isStart = false;
  }
  return out.empty() || std::isdigit(uint8_t(out[0])) ? "Model" + out : out;
}

std::string pythonMember(const std::string& name) {
  return isPlainMember(name) ? "self." + name : "self._modules[\"" + name + "\"]";
}

std::string pythonPath(const std::string& prefix) {
  std::istringstream words(prefix);
  std::string out;
  for (std::string word; std::getline(words, word, '.');)
    if (out.empty())
      out = pythonMember(word);
    else if (word.find_first_not_of("0123456789") == std::string::npos)
      out += "[" + word + "]";
    else
      out += "[\"" + word + "\"]";
  return out;
}

bool isNumeric(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool isPythonName(const std::string& name) {
  if (name.empty() || std::isdigit(uint8_t(name[0])) || keywords().contains(name)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(uint8_t(c)) || c == '_'; });
}

}  // namespace fw
