// An on/off switch that slides; can also stand for a mixed value.
#pragma once

#include <QAbstractButton>

namespace fw::ui {

class Switch : public QAbstractButton {
  Q_OBJECT
 public:
  explicit Switch(QWidget* parent = nullptr);
  void setMixed(bool isMixed);
  bool isMixed() const { return isMixed_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool hitButton(const QPoint& at) const override;

 private:
  bool isMixed_ = false;
};

}  // namespace fw::ui
