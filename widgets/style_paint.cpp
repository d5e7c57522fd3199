// What the parts of the style share.
#include "widgets/style_paint.h"

#include <QPainter>
#include <QWidget>

namespace fw::ui {

void paintBox(QPainter* painter, const QRectF& rect, const StyleBox& box, double radius) {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const double half = box.border.isValid() ? box.borderWidth / 2 : 0;
  painter->setPen(box.border.isValid() ? QPen(box.border, box.borderWidth) : QPen(Qt::NoPen));
  painter->setBrush(box.fill.isValid() ? QBrush(box.fill) : QBrush(Qt::NoBrush));
  painter->drawRoundedRect(rect.adjusted(half, half, -half, -half), radius - half, radius - half);
  painter->restore();
}

bool isSet(const QWidget* widget, const char* property) { return widget && widget->property(property).toBool(); }

StyleBox buttonBox(const QStyleOption* option, const QWidget* widget, bool isDown, bool isQuiet) {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, QStyle::State_Enabled);
  const bool isHovered = isEnabled && is(option, QStyle::State_MouseOver);
  const bool isOn = is(option, QStyle::State_On);
  StyleBox box{isDown ? theme.pressed : isHovered ? theme.hover : theme.raised, theme.hairline};
  if (isSet(widget, "isPrimary")) {
    box.fill = !isEnabled ? theme.raised
                          : mix(theme.accentFill, theme.isDark ? Qt::white : Qt::black,
                                isDown      ? 0.16
                                : isHovered ? 0.08
                                            : 0);
    box.border = isEnabled ? box.fill : theme.hairline;
  } else if (isQuiet) {
    if (!isHovered && !isDown && !isOn) box.fill = QColor();
    box.border = QColor();
  }
  if (isOn && !isSet(widget, "isPrimary")) box = {theme.selection, theme.accent};
  if (optionShowsFocus(option))
    box.border = isSet(widget, "isPrimary") ? theme.text : theme.accent, box.borderWidth = 1.5;
  return box;
}

StyleBox fieldBox(const QStyleOption* option, const QWidget* widget) {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, QStyle::State_Enabled);
  StyleBox box{theme.isDark ? theme.window : theme.panel, theme.hairline};
  if (!isEnabled) box.fill = theme.raised;
  if (isEnabled && is(option, QStyle::State_MouseOver)) box.border = theme.faint;
  if (is(option, QStyle::State_HasFocus)) box = {box.fill, theme.accent, 1.5};
  if (isSet(widget, "hasError")) box = {box.fill, theme.error, 1.5};
  return box;
}

void paintLabel(QPainter* painter, const QRect& rect, const QIcon& icon, const QSize& iconSize, const QString& text,
                const QColor& ink, bool isEnabled) {
  const int gap = icon.isNull() || text.isEmpty() ? 0 : 6;
  const int textWidth = text.isEmpty() ? 0 : painter->fontMetrics().horizontalAdvance(QString(text).remove('&'));
  const int iconWidth = icon.isNull() ? 0 : iconSize.width();
  const int width = std::min(rect.width(), iconWidth + gap + textWidth);
  QRect at(rect.x() + (rect.width() - width) / 2, rect.y(), width, rect.height());
  if (!icon.isNull()) {
    icon.paint(painter, QRect(at.x(), at.y() + (at.height() - iconSize.height()) / 2, iconWidth, iconSize.height()),
               Qt::AlignCenter, isEnabled ? QIcon::Normal : QIcon::Disabled);
    at.setLeft(at.left() + iconWidth + gap);
  }
  painter->setPen(ink);
  painter->drawText(at.adjusted(0, 0, 2, 0), Qt::AlignVCenter | Qt::AlignLeft | Qt::TextHideMnemonic, text);
}

void paintChevron(QPainter* painter, const QRect& rect, Icon name, const QColor& ink) {
  const int size = std::min({12, rect.width(), rect.height()});
  paintIcon(*painter, name,
            QRectF(rect.center().x() + 0.5 - size / 2.0, rect.center().y() + 0.5 - size / 2.0, size, size), ink);
}

}  // namespace fw::ui
