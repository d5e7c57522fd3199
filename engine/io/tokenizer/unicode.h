// Code points, UTF-8 and the properties of characters that tokenizers ask for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fw::unicode {

/// The code point at `at`, which moves behind it; `bytes` is valid UTF-8.
char32_t next(std::string_view bytes, size_t& at);
/// The code point that ends at `end`, which moves before it.
char32_t previous(std::string_view bytes, size_t& end);
void append(std::string& out, char32_t c);
std::string toUtf8(char32_t c);
size_t utf8Length(char32_t c);
std::vector<char32_t> codePoints(std::string_view bytes);
/// Every maximal broken piece becomes U+FFFD.
std::string repaired(std::string_view bytes);

bool isWhitespace(char32_t c);   // White_Space
bool isNumeric(char32_t c);      // N*
bool isPunctuation(char32_t c);  // P* and the symbols of ASCII
bool isMark(char32_t c);         // M*
bool isNonspacingMark(char32_t c);
bool isOther(char32_t c);  // C*: control, format, private, unassigned
bool isWordLike(char32_t c);
bool isChinese(char32_t c);  // ideographs, as BERT counts them
/// Full lower case of one character without context.
std::vector<char32_t> lowerCase(char32_t c);

/// Full canonical or compatibility decomposition; itself where there is none.
std::vector<char32_t> decomposition(char32_t c, bool isCompatible);
int combiningClass(char32_t c);
/// The primary composite of two characters; 0: none.
char32_t composed(char32_t a, char32_t b);

/// Ends of the extended grapheme clusters.
std::vector<size_t> graphemeEnds(std::string_view bytes);

}  // namespace fw::unicode
