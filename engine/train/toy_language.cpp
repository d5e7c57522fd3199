// A made-up language. sentence = NP V' NP '.' (0.7) or NP V' adverb '.'; NP = "the" 0-2 adjectives noun; V' = verb,
// with "s" where the subject noun's index is even; with probability 0.3 the next subject is the last object.
#include "engine/train/toy_language.h"

#include <cmath>
#include <set>
#include <vector>

#include "engine/base/rng.h"

namespace fw {
namespace {

/// Words of two to four syllables, drawn once; ranks follow Zipf's law.
class Lexicon {
 public:
  Lexicon() {
    Rng rng(7);
    std::set<std::string> taken;
    for (std::vector<std::string>* words : {&nouns, &verbs, &adjectives, &adverbs}) {
      const size_t count = words == &nouns ? 80 : words == &verbs ? 50 : words == &adjectives ? 40 : 30;
      while (words->size() < count) {
        std::string word;
        for (int64_t syllables = 2 + rng.below(3); syllables > 0; --syllables) {
          word += "ptkbdgmnslrv"[rng.below(12)];
          word += "aeiou"[rng.below(5)];
        }
        if (taken.insert(word).second) words->push_back(word);
      }
    }
  }
  std::vector<std::string> nouns, verbs, adjectives, adverbs;
};

class Speaker {
 public:
  explicit Speaker(uint64_t seed) : rng_(seed, 0x746f79) {}

  void sentence() {
    const bool isRepeated = lastObject_ >= 0 && choose(0.3);
    const int64_t subject = nounPhrase(isRepeated ? lastObject_ : -1);
    said.text += ' ' + lexicon_.verbs[pick(lexicon_.verbs.size())] + (subject % 2 == 0 ? "s " : " ");
    if (choose(0.7)) {
      lastObject_ = nounPhrase(-1);
    } else {
      lastObject_ = -1;
      said.text += lexicon_.adverbs[pick(lexicon_.adverbs.size())];
    }
    said.text += ". ";
  }

  ToyText said;

 private:
  /// True with probability p; counts the choice.
  bool choose(double p) {
    const bool isTrue = rng_.uniform() < p;
    said.bits -= std::log2(isTrue ? p : 1 - p);
    return isTrue;
  }

  /// A rank with p ~ 1 / (rank + 2.7).
  size_t pick(size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; ++i) total += 1 / (double(i) + 2.7);
    double at = rng_.uniform() * total;
    size_t rank = 0;
    while (rank + 1 < count && at >= 1 / (double(rank) + 2.7)) at -= 1 / (double(rank++) + 2.7);
    said.bits -= std::log2(1 / (double(rank) + 2.7) / total);
    return rank;
  }

  int64_t nounPhrase(int64_t given) {
    said.text += "the ";
    const int adjectives = choose(0.6) ? 0 : choose(0.75) ? 1 : 2;
    for (int i = 0; i < adjectives; ++i) said.text += lexicon_.adjectives[pick(lexicon_.adjectives.size())] + ' ';
    const int64_t noun = given >= 0 ? given : int64_t(pick(lexicon_.nouns.size()));
    said.text += lexicon_.nouns[size_t(noun)];
    return noun;
  }

  Lexicon lexicon_;
  Rng rng_;
  int64_t lastObject_ = -1;
};

}  // namespace

ToyText toyText(int64_t characters, uint64_t seed) {
  Speaker speaker(seed);
  while (int64_t(speaker.said.text.size()) < characters) speaker.sentence();
  return std::move(speaker.said);
}

}  // namespace fw
