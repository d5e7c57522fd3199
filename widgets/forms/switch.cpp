// An on/off switch that slides; can also stand for a mixed value.
#include "widgets/forms/switch.h"

#include <QEvent>
#include <QPainter>

#include "widgets/theme.h"

namespace fw::ui {

Switch::Switch(QWidget* parent) : QAbstractButton(parent) {
  setCheckable(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_Hover);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  connect(this, &QAbstractButton::clicked, this, [this] { setMixed(false); });
}

void Switch::setMixed(bool isMixed) {
  isMixed_ = isMixed;
  update();
}

QSize Switch::sizeHint() const { return QSize(40, 28); }

bool Switch::hitButton(const QPoint& at) const { return rect().contains(at); }

void Switch::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF track(3, height() / 2.0 - 9, 32, 18);
  const bool isOn = isChecked() && !isMixed_;
  QColor fill = isOn ? theme.accentFill : theme.isDark ? theme.window : theme.pressed;
  QColor border = isOn ? theme.accentFill : theme.faint;
  if (!isEnabled()) fill = theme.raised, border = theme.hairline;
  if (underMouse() && isEnabled()) border = isOn ? theme.accent : theme.secondary;
  painter.setPen(QPen(border, 1));
  painter.setBrush(fill);
  painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 8.5, 8.5);
  const double center = isMixed_ ? track.center().x() : isOn ? track.right() - 9 : track.left() + 9;
  painter.setPen(Qt::NoPen);
  painter.setBrush(!isEnabled() ? theme.faint : isOn ? theme.onAccent : theme.secondary);
  if (isMixed_)
    painter.drawRoundedRect(QRectF(center - 5, track.center().y() - 1.5, 10, 3), 1.5, 1.5);
  else
    painter.drawEllipse(QPointF(center, track.center().y()), 6, 6);
  if (showsFocus(this)) {
    painter.setPen(QPen(theme.accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 11, 11);
  }
}

}  // namespace fw::ui
