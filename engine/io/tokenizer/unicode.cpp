// UTF-8 by hand, properties of characters from ICU.
#include "engine/io/tokenizer/unicode.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include <memory>

#include "engine/base/error.h"

namespace fw::unicode {
namespace {

void require(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) throw Error(Code::Internal, text("[icu] ", what, " failed: ", u_errorName(status), "."));
}

const UNormalizer2* normalizer(bool isCompatible) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* instance = isCompatible ? unorm2_getNFKCInstance(&status) : unorm2_getNFCInstance(&status);
  require(status, "loading the normalisation data");
  return instance;
}

std::vector<char32_t> fromUtf16(const UChar* units, int32_t length) {
  std::vector<char32_t> out;
  for (int32_t i = 0; i < length;) {
    UChar32 c;
    U16_NEXT(units, i, length, c);
    out.push_back(char32_t(c));
  }
  return out;
}

uint32_t mask(char32_t c) { return U_MASK(u_charType(UChar32(c))); }

/// Length of the valid sequence at the front, or 0; `broken` receives how many bytes of a broken one belong together.
size_t validLength(std::string_view bytes, size_t at, size_t& broken) {
  const auto byte = [&](size_t i) { return at + i < bytes.size() ? uint8_t(bytes[at + i]) : 0; };
  const uint8_t first = byte(0);
  broken = 1;
  if (first < 0x80) return 1;
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xBF)) return 0;
    broken = i + 1;
  }
  return length;
}

}  // namespace

char32_t next(std::string_view bytes, size_t& at) {
  const auto tail = [&](size_t i) { return char32_t(uint8_t(bytes[at + i]) & 0x3F); };
  const char32_t first = uint8_t(bytes[at]);
  char32_t c = first;
  size_t length = 1;
  if (first >= 0xF0) {
    c = (first & 7) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3);
    length = 4;
  } else if (first >= 0xE0) {
    c = (first & 15) << 12 | tail(1) << 6 | tail(2);
    length = 3;
  } else if (first >= 0xC0) {
    c = (first & 31) << 6 | tail(1);
    length = 2;
  }
  at += length;
  return c;
}

char32_t previous(std::string_view bytes, size_t& end) {
  --end;
  while (end > 0 && (uint8_t(bytes[end]) & 0xC0) == 0x80) --end;
  size_t at = end;
  return next(bytes, at);
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | c >> 6);
    out += char(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += char(0xE0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  } else {
    out += char(0xF0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3F));
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  }
}

std::string toUtf8(char32_t c) {
  std::string out;
  append(out, c);
  return out;
}

size_t utf8Length(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

std::vector<char32_t> codePoints(std::string_view bytes) {
  std::vector<char32_t> out;
  for (size_t at = 0; at < bytes.size();) out.push_back(next(bytes, at));
  return out;
}

std::string repaired(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    size_t broken = 1;
    const size_t length = validLength(bytes, at, broken);
    if (length > 0)
      out += bytes.substr(at, length);
    else
      append(out, 0xFFFD);
    at += length > 0 ? length : broken;
  }
  return out;
}

bool isWhitespace(char32_t c) { return u_isUWhiteSpace(UChar32(c)); }
bool isNumeric(char32_t c) { return mask(c) & U_GC_N_MASK; }
bool isMark(char32_t c) { return mask(c) & U_GC_M_MASK; }
bool isNonspacingMark(char32_t c) { return mask(c) & U_GC_MN_MASK; }
bool isOther(char32_t c) { return mask(c) & U_GC_C_MASK; }

bool isPunctuation(char32_t c) {
  const bool isAscii = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return isAscii || mask(c) & U_GC_P_MASK;
}

bool isWordLike(char32_t c) {
  return u_hasBinaryProperty(UChar32(c), UCHAR_ALPHABETIC) || u_hasBinaryProperty(UChar32(c), UCHAR_JOIN_CONTROL) ||
         mask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK);
}

bool isChinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

std::vector<char32_t> lowerCase(char32_t c) {
  if (c < 0x80) return {c >= 'A' && c <= 'Z' ? c + 32 : c};
  UChar source[2], lower[8];
  int32_t length = 0;
  U16_APPEND_UNSAFE(source, length, c);
  UErrorCode status = U_ZERO_ERROR;
  const int32_t count = u_strToLower(lower, 8, source, length, "", &status);
  require(status, "lower case");
  return fromUtf16(lower, count);
}

std::vector<char32_t> decomposition(char32_t c, bool isCompatible) {
  if (c < 0x80) return {c};
  UChar units[32];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t count = unorm2_getDecomposition(normalizer(isCompatible), UChar32(c), units, 32, &status);
  require(status, "decomposition");
  return count < 0 ? std::vector<char32_t>{c} : fromUtf16(units, count);
}

int combiningClass(char32_t c) { return c < 0x300 ? 0 : u_getCombiningClass(UChar32(c)); }

char32_t composed(char32_t a, char32_t b) {
  const UChar32 pair = unorm2_composePair(normalizer(false), UChar32(a), UChar32(b));
  return pair < 0 ? 0 : char32_t(pair);
}

std::vector<size_t> graphemeEnds(std::string_view bytes) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UText, decltype(&utext_close)> source(
      utext_openUTF8(nullptr, bytes.data(), int64_t(bytes.size()), &status), utext_close);
  require(status, "reading UTF-8");
  const std::unique_ptr<UBreakIterator, decltype(&ubrk_close)> breaks(
      ubrk_open(UBRK_CHARACTER, "", nullptr, 0, &status), ubrk_close);
  require(status, "loading the grapheme rules");
  ubrk_setUText(breaks.get(), source.get(), &status);
  require(status, "finding graphemes");
  std::vector<size_t> ends;
  for (int32_t at = ubrk_next(breaks.get()); at != UBRK_DONE; at = ubrk_next(breaks.get())) ends.push_back(size_t(at));
  return ends;
}

}  // namespace fw::unicode
