// A text of the type scale in one of the theme's tones.
#include "widgets/forms/label.h"

#include <QEvent>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace fw::ui {

Label::Label(const QString& text, TextRole role, Tone tone, QWidget* parent) : QLabel(text, parent), role_(role) {
  setTextFormat(Qt::PlainText);
  setFont(ui::font(role));
  setTone(tone);
}

void Label::setTone(Tone tone) { setForegroundRole(paletteRole(tone)); }

void Label::setTextRole(TextRole role) {
  role_ = role;
  setFont(ui::font(role));
}

void Label::setElided(Qt::TextElideMode mode) {
  elide_ = mode;
  updateGeometry();
  update();
}

QSize Label::minimumSizeHint() const {
  const QSize size = QLabel::minimumSizeHint();
  return elide_ == Qt::ElideNone ? size : QSize(std::min(size.width(), 24), size.height());
}

bool Label::event(QEvent* event) {
  if (event->type() == QEvent::ApplicationFontChange) setFont(ui::font(role_));
  if (event->type() == QEvent::ToolTip && toolTip().isEmpty() && elide_ != Qt::ElideNone) {
    if (fontMetrics().horizontalAdvance(text()) > contentsRect().width())
      QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text(), this);
    return true;
  }
  return QLabel::event(event);
}

void Label::paintEvent(QPaintEvent* event) {
  if (elide_ == Qt::ElideNone) return QLabel::paintEvent(event);
  QPainter painter(this);
  painter.setPen(palette().color(foregroundRole()));
  const QRect rect = contentsRect();
  painter.drawText(rect, int(alignment() | Qt::TextSingleLine), fontMetrics().elidedText(text(), elide_, rect.width()));
}

}  // namespace fw::ui
