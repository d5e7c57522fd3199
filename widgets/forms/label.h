// A text of the type scale in one of the theme's tones; follows changes of theme and text size.
#pragma once

#include <QLabel>

#include "widgets/theme.h"

namespace fw::ui {

class Label : public QLabel {
  Q_OBJECT
 public:
  explicit Label(const QString& text = {}, TextRole role = TextRole::Body, Tone tone = Tone::Normal,
                 QWidget* parent = nullptr);

  void setTone(Tone tone);
  void setTextRole(TextRole role);
  /// One line, cut with an ellipsis where there is no room (the whole text is then the tooltip). Otherwise the label is
  /// as wide as its text, or wraps with setWordWrap.
  void setElided(Qt::TextElideMode mode);

  QSize minimumSizeHint() const override;

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  TextRole role_;
  Qt::TextElideMode elide_ = Qt::ElideNone;
};

}  // namespace fw::ui
