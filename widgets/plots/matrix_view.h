// A large matrix to pan and zoom in: drawn by Vulkan where there is a driver, else by the painter, pixel for pixel
// alike.
#pragma once

#include <QPoint>

#include "widgets/plots/matrix_pyramid.h"
#include "widgets/plots/plot.h"

namespace fw::ui {

class MatrixWindow;

class MatrixView : public Plot {
  Q_OBJECT
 public:
  explicit MatrixView(QWidget* parent = nullptr);
  ~MatrixView() override;

  /// Shows all of it where it is of another size than the one before.
  void setMatrix(MatrixPyramidPtr matrix, const QString& title = {}, const QString& recipe = {});
  const MatrixPyramidPtr& matrix() const { return matrix_; }
  void setCamera(const MatrixCamera& camera);
  const MatrixCamera& camera() const { return camera_; }
  void showAll();
  /// Selected cells: x and width count columns, y and height rows. Empty: none.
  void setSelection(const QRect& cells);
  QRect selection() const { return selection_; }

  /// The cell under a point of the widget, or (-1, -1); x is the column.
  QPoint cellAt(const QPointF& point) const;
  QString cellText(int row, int column) const;

  /// Tries to draw with Vulkan from now on; false where that is not possible, see sentence(). Done when first shown.
  bool useVulkan();
  /// Draws with the painter from now on, and says why.
  void usePainter(const QString& sentence);
  bool drawsWithVulkan() const { return window_ != nullptr; }
  /// Why the painter draws; empty where Vulkan does.
  QString sentence() const { return sentence_; }
  /// What Vulkan drew last, read back; null before the first frame.
  QImage grabVulkan();
  /// Bytes of the cells on the device, and frames drawn since it was set up.
  int64_t deviceBytes() const;
  int64_t framesDrawn() const;

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(480, 480); }
  QSize sizeHint() const override { return QSize(300, 300); }
  QColor background() const;

 signals:
  /// (-1, -1) where the mouse left the cells.
  void hovered(int row, int column);
  void selectionChanged(const QRect& cells);
  void drawnByPainter(const QString& sentence);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void redraw();
  void zoom(double factor, const QPointF& around);

  MatrixPyramidPtr matrix_;
  QString title_, recipe_, sentence_;
  MatrixCamera camera_;
  QRect selection_;
  QPointF pressedAt_;
  MatrixCamera pressedCamera_;
  QPoint anchor_{-1, -1};
  bool isPanning_ = false, showsAll_ = true, wasTried_ = false;
  MatrixWindow* window_ = nullptr;  // owned by container_
  QWidget* container_ = nullptr;
};

}  // namespace fw::ui
