// Names of classes and members in Python.
#pragma once

#include <string>

namespace fw {

bool isPythonName(const std::string& name);

/// Whether a module may have a member of this name: a Python name that hides nothing of nn.Module.
bool isPlainMember(const std::string& name);

/// "grouped query" -> "GroupedQuery".
std::string pythonClass(const std::string& text);

/// `self.attention`, or `self._modules["type"]`.
std::string pythonMember(const std::string& name);

/// Of weights that lie deeper than their block: `self.experts[0]["down"]`.
std::string pythonPath(const std::string& prefix);

/// Digits alone.
bool isNumeric(const std::string& name);

}  // namespace fw
