// Fuzzy search: how well a typed text fits a title, as a subsequence that prefers starts of words and runs of letters.
#pragma once

#include <QString>
#include <QStringList>
#include <optional>
#include <vector>

namespace fw::ui {

struct FuzzyMatch {
  int score = 0;               // larger is better; an exact title scores highest
  std::vector<int> positions;  // of the matched letters in the title; empty where a synonym matched
};

/// Nothing where `query` is no subsequence of `title`, letter case, accents and blanks aside, or only one of letters
/// picked from the middles of words. Several words match in any order. An empty query matches everything.
std::optional<FuzzyMatch> fuzzyMatch(const QString& query, const QString& title);

/// The best of title and synonyms ("MHA", "SwiGLU"): an exact synonym is as good as an exact title.
std::optional<FuzzyMatch> fuzzyMatch(const QString& query, const QString& title, const QStringList& synonyms);

}  // namespace fw::ui
