// How well a few typed letters match a name: whole words before beginnings, beginnings before scattered letters.
#pragma once

#include <QString>

namespace fw::ui {

/// 0 where `query` does not match; larger is better. Case and accents do not count; a query of several words must match
/// word by word, in any order.
int fuzzyScore(const QString& query, const QString& text);

}  // namespace fw::ui
