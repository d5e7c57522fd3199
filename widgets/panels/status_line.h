// One line at the foot of the window: a dot and a sentence, and a second one at the right.
#pragma once

#include <QWidget>

#include "widgets/theme.h"

namespace fw::ui {

class Label;

struct StatusState {
  Tone tone = Tone::Good;  // of the dot
  QString text;            // "CPU AVX2, 2 cores, 187 GFLOP/s · CUDA: no device found"
  QString detail;          // at the right
};

class StatusLine : public QWidget {
  Q_OBJECT
 public:
  explicit StatusLine(QWidget* parent = nullptr);
  void setState(const StatusState& state);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Tone tone_ = Tone::Good;
  Label* text_;
  Label* detail_;
};

}  // namespace fw::ui
