// Several maps of the same kind as small pictures in a grid, one of them chosen: heads of an attention, say.
#pragma once

#include <QImage>
#include <QStringList>
#include <QWidget>
#include <vector>

#include "widgets/plots/heat_map.h"

namespace fw::ui {

class FrameTiles : public QWidget {
  Q_OBJECT
 public:
  explicit FrameTiles(QWidget* parent = nullptr);

  void setFrames(const std::vector<HeatMapData>& frames, const QStringList& labels);
  /// Chooses one without a signal.
  void setCurrent(int index);
  int current() const { return current_; }
  QRect tileRect(int index) const;

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 signals:
  void chosen(int index);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void choose(int index);

  std::vector<QImage> images_;  // one pixel a cell
  QStringList labels_;
  int current_ = 0;
};

}  // namespace fw::ui
