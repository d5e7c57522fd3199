// What the parts of the style share: boxes of controls and fields, labels, chevrons.
#pragma once

#include <QStyleOption>

#include "widgets/icons.h"
#include "widgets/theme.h"

class QPainter;

namespace fw::ui {

inline constexpr int controlHeight = 28;
inline constexpr int rowHeight = 26;
inline constexpr double controlRadius = 5;

/// A filled box; an invalid colour is left out.
struct StyleBox {
  QColor fill, border;
  double borderWidth = 1;
};

/// A crisp rounded rectangle: the border lies inside `rect`.
void paintBox(QPainter* painter, const QRectF& rect, const StyleBox& box, double radius = controlRadius);

/// A dynamic property of a widget that may be null.
bool isSet(const QWidget* widget, const char* property);

inline bool is(const QStyleOption* option, QStyle::StateFlag flag) { return option->state.testFlag(flag); }

/// The border that shows keyboard focus; a mouse press gives focus too, but only fields show it then.
inline bool optionShowsFocus(const QStyleOption* option) {
  return is(option, QStyle::State_HasFocus) && is(option, QStyle::State_KeyboardFocusChange);
}

StyleBox buttonBox(const QStyleOption* option, const QWidget* widget, bool isDown, bool isQuiet);
StyleBox fieldBox(const QStyleOption* option, const QWidget* widget);
/// Icon and text beside each other in the middle of `rect`.
void paintLabel(QPainter* painter, const QRect& rect, const QIcon& icon, const QSize& iconSize, const QString& text,
                const QColor& ink, bool isEnabled);
void paintChevron(QPainter* painter, const QRect& rect, Icon name, const QColor& ink);

}  // namespace fw::ui
