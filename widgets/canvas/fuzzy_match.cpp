// How well a few typed letters match a name: whole words before beginnings, beginnings before scattered letters.
#include "widgets/canvas/fuzzy_match.h"

#include <QStringList>

namespace fw::ui {
namespace {

// Lower case, without accents; everything but letters and digits becomes a space.
QString plain(const QString& text) {
  QString out;
  for (const QChar c : text.normalized(QString::NormalizationForm_KD)) {
    if (c.isMark()) continue;
    out += c.isLetterOrNumber() ? c.toLower() : QChar(' ');
  }
  return out.simplified();
}

bool startsWord(const QString& text, qsizetype at) { return at == 0 || text[at - 1] == ' '; }

int wordScore(const QString& word, const QString& text) {
  if (text == word) return 1000;
  if (text.startsWith(word)) return 700 - std::min<int>(100, int(text.size() - word.size()));
  for (qsizetype at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!startsWord(text, at)) continue;
    const bool isWhole = at + word.size() == text.size() || text[at + word.size()] == ' ';
    return (isWhole ? 600 : 500) - std::min<int>(100, int(at));
  }
  if (text.contains(word)) return 300;
  // Scattered letters, in order: those that start words count most ("gqa" in "grouped query attention"), and gaps cost.
  int score = 0;
  qsizetype from = 0;
  for (const QChar c : word) {
    qsizetype at = -1;
    for (qsizetype i = text.indexOf(c, from); i >= 0; i = text.indexOf(c, i + 1)) {
      if (at < 0) at = i;
      if (startsWord(text, i)) {
        at = i;
        break;
      }
    }
    if (at < 0) return 0;
    score += startsWord(text, at) ? 40 : at == from && from > 0 ? 15 : 2;
    from = at + 1;
  }
  // Letters picked from the middles of words are chance.
  return score >= 15 * int(word.size()) ? std::min(score, 250) : 0;
}

}  // namespace

int fuzzyScore(const QString& query, const QString& text) {
  const QString plainText = plain(text);
  int sum = 0, words = 0;
  for (const QString& word : plain(query).split(' ', Qt::SkipEmptyParts)) {
    const int score = wordScore(word, plainText);
    if (score == 0) return 0;
    sum += score, ++words;
  }
  return words == 0 ? 1 : sum / words;
}

}  // namespace fw::ui
