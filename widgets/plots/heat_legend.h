// What the colours on the canvas mean: a name, and a colour map from least to most.
#pragma once

#include <QWidget>

namespace fw::ui {

class HeatLegend : public QWidget {
 public:
  explicit HeatLegend(QWidget* parent = nullptr);
  /// Hidden where `title` is empty.
  void show(const QString& title, const QString& least, const QString& most);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString title_, least_, most_;
};

}  // namespace fw::ui
