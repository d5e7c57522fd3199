// The one exception of the engine: a code, and a sentence a person understands.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace fw {

enum class Code { Shape, Type, Parameter, Graph, File, Data, Memory, Numeric, Usage, Device, Cancelled, Internal };

/// Ends an operation. The sentence names the place first, then the fact, then what was expected:
/// "[matmul] inner sizes differ: left is [2,5,8], right is [6,4]; expected 8 and 8."
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

/// All arguments written one after the other.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace fw
