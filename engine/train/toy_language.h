// A made-up language with a known entropy: 200 words, number agreement between subject and verb, repeated topics.
#pragma once

#include <cstdint>
#include <string>

namespace fw {

struct ToyText {
  std::string text;  // lower case words, spaces, full stops
  double bits = 0;   // -log2 of every choice made: the floor of any model's loss is bits / text.size() per character
};

/// At least `characters` characters, whole sentences; a pure function of `seed`. The lexicon is always the same.
ToyText toyText(int64_t characters, uint64_t seed);

}  // namespace fw
