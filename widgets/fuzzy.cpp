// Fuzzy search: how well a typed text fits a title, as a subsequence that prefers starts of words and runs of letters.
#include "widgets/fuzzy.h"

#include <algorithm>
#include <limits>

namespace fw::ui {
namespace {

constexpr int kNone = std::numeric_limits<int>::min() / 4;

bool isWordStart(const QString& text, int at) {
  if (at == 0) return true;
  const QChar before = text[at - 1], here = text[at];
  return !before.isLetterOrNumber() || (before.isLower() && here.isUpper()) || (before.isLetter() && here.isDigit());
}

QChar plain(QChar c) {
  const QString parts = QString(c).normalized(QString::NormalizationForm_KD);
  return (parts.isEmpty() ? c : parts.front()).toLower();
}

QString withoutBlanks(const QString& text) {
  QString result;
  for (const QChar c : text)
    if (c.isLetterOrNumber()) result += plain(c);
  return result;
}

constexpr int kLeastLetter = 4;  // letters picked from the middles of words are chance

std::optional<FuzzyMatch> matchLetters(const QString& wanted, const QString& title) {
  const int m = int(wanted.size()), n = int(title.size());
  if (m > n) return {};
  // best[i][j]: the best score with letter i of the query at place j of the title; from[i][j]: where letter i-1 was.
  std::vector<std::vector<int>> best(size_t(m), std::vector<int>(size_t(n), kNone));
  std::vector<std::vector<int>> from(size_t(m), std::vector<int>(size_t(n), -1));
  for (int i = 0; i < m; ++i) {
    int running = kNone, runningAt = -1;  // the best of the row before, left of j - 1
    for (int j = 0; j < n; ++j) {
      if (i > 0 && j >= 2 && best[size_t(i - 1)][size_t(j - 2)] > running) {
        running = best[size_t(i - 1)][size_t(j - 2)];
        runningAt = j - 2;
      }
      if (plain(title[j]) != wanted[i]) continue;
      const int letter = isWordStart(title, j) ? 12 : 2;
      if (i == 0) {
        best[0][size_t(j)] = letter - std::min(j, 10);  // early is better
        continue;
      }
      const int joined = j > 0 ? best[size_t(i - 1)][size_t(j - 1)] : kNone;
      if (joined > kNone && joined + 8 >= running) {
        best[size_t(i)][size_t(j)] = joined + 8 + letter;
        from[size_t(i)][size_t(j)] = j - 1;
      } else if (running > kNone) {
        best[size_t(i)][size_t(j)] = running + letter;
        from[size_t(i)][size_t(j)] = runningAt;
      }
    }
  }
  const auto& last = best[size_t(m - 1)];
  int at = int(std::max_element(last.begin(), last.end()) - last.begin());
  if (last[size_t(at)] < kLeastLetter * m - 2) return {};
  FuzzyMatch match;
  match.score = last[size_t(at)] - n / 8;  // a short title is nearer
  for (int i = m - 1; i >= 0; --i) {
    match.positions.push_back(at);
    at = from[size_t(i)][size_t(at)];
  }
  std::reverse(match.positions.begin(), match.positions.end());
  const QString plain = withoutBlanks(title);
  if (plain == wanted)
    match.score += 200;
  else if (plain.startsWith(wanted))
    match.score += 60;
  return match;
}

}  // namespace

std::optional<FuzzyMatch> fuzzyMatch(const QString& query, const QString& title) {
  const QString wanted = withoutBlanks(query);
  if (wanted.isEmpty()) return FuzzyMatch{};
  std::optional<FuzzyMatch> best = matchLetters(wanted, title);
  const QStringList words = query.split(' ', Qt::SkipEmptyParts);
  if (best || words.size() < 2) return best;
  FuzzyMatch all;  // word by word, in another order
  for (const QString& word : words) {
    const QString letters = withoutBlanks(word);
    if (letters.isEmpty()) continue;
    const std::optional<FuzzyMatch> match = matchLetters(letters, title);
    if (!match) return {};
    all.score += match->score / int(words.size());
    all.positions.insert(all.positions.end(), match->positions.begin(), match->positions.end());
  }
  std::sort(all.positions.begin(), all.positions.end());
  all.positions.erase(std::unique(all.positions.begin(), all.positions.end()), all.positions.end());
  return all;
}

std::optional<FuzzyMatch> fuzzyMatch(const QString& query, const QString& title, const QStringList& synonyms) {
  std::optional<FuzzyMatch> best = fuzzyMatch(query, title);
  const QString wanted = withoutBlanks(query);
  for (const QString& synonym : synonyms) {
    std::optional<FuzzyMatch> match = fuzzyMatch(query, synonym);
    // A synonym that only shares letters is noise; it must begin with what was typed.
    if (!match || !withoutBlanks(synonym).startsWith(wanted)) continue;
    if (!best || match->score > best->score) best = FuzzyMatch{match->score, {}};
  }
  return best;
}

}  // namespace fw::ui
