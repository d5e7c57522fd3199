// What a tokenizer looks for in a text: a regular expression (PCRE2, with limits), a literal, or a kind of character.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fw {

class Pattern {
 public:
  struct Piece {
    size_t begin = 0, end = 0;
    bool isMatch = false;
  };

  /// Throws Code::File "[place] the pattern '(' is no regular expression: missing closing parenthesis, at 1."
  static Pattern regex(const std::string& source, const std::string& place);
  static Pattern literal(const std::string& text);
  /// Each character for which it holds is one match.
  static Pattern characters(bool (*isMatch)(char32_t));
  /// Matches become what lies between them and the other way round.
  Pattern inverted() const;

  /// The whole of `text` in order, matches and what lies between. Throws Code::Data where the expression takes more
  /// steps than the limit for one match.
  std::vector<Piece> pieces(std::string_view text) const;

 private:
  using Find = std::function<std::vector<Piece>(std::string_view)>;
  explicit Pattern(Find find) : find_(std::move(find)) {}
  Find find_;  // the matches, in order
  bool isInverted_ = false;
};

}  // namespace fw
