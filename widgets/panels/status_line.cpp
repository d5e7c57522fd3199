// One line at the foot of the window: a dot and a sentence, and a second one at the right.
#include "widgets/panels/status_line.h"

#include <QHBoxLayout>
#include <QPainter>

#include "widgets/forms/label.h"

namespace fw::ui {

StatusLine::StatusLine(QWidget* parent) : QWidget(parent) {
  setObjectName("statusLine");
  setAccessibleName(tr("Status"));
  text_ = new Label({}, TextRole::Secondary, Tone::Secondary, this);
  text_->setElided(Qt::ElideRight);
  detail_ = new Label({}, TextRole::Secondary, Tone::Secondary, this);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(28, 5, 14, 5);
  layout->setSpacing(16);
  layout->addWidget(text_, 1);
  layout->addWidget(detail_);
}

void StatusLine::setState(const StatusState& state) {
  tone_ = state.tone;
  text_->setText(state.text);
  detail_->setText(state.detail);
  setAccessibleDescription(state.text);
  update();
}

void StatusLine::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.fillRect(rect(), theme.window);
  painter.fillRect(QRect(0, 0, width(), 1), theme.hairline);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(tone_ == Tone::Normal ? theme.faint : theme.tone(tone_));
  painter.drawEllipse(QRectF(12, height() / 2.0 - 4, 8, 8));
}

}  // namespace fw::ui
