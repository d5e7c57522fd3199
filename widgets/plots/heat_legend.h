// What the colours on the canvas mean: a name, and a colour map from least to most.
#pragma once

#include <QWidget>

namespace fw::ui {

class HeatLegend : public QWidget {
  Q_OBJECT
 public:
  explicit HeatLegend(QWidget* parent = nullptr);
  /// Hidden where `title` is empty. Without a range there is no bar; a note ("outdated") can be clicked.
  void show(const QString& title, const QString& least, const QString& most, const QString& note = {},
            const QString& explanation = {});
  QSize sizeHint() const override;

 signals:
  void noteClicked();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  QString title_, least_, most_, note_;
};

}  // namespace fw::ui
