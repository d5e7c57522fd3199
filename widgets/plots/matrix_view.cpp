// A large matrix to pan and zoom in: gestures, and who draws.
#include "widgets/plots/matrix_view.h"

#include <QGuiApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWindow>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"
#include "widgets/plots/matrix_window.h"

namespace fw::ui {
namespace {

constexpr double kStep = 1.25;            // of the wheel
constexpr float kLargestCell = 1 / 64.f;  // cells a pixel, zoomed in as far as possible

}  // namespace

MatrixView::MatrixView(QWidget* parent) : Plot(parent), matrix_(std::make_shared<const MatrixPyramid>()) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(160, 160);
  setAccessibleName(tr("Matrix"));
}

MatrixView::~MatrixView() = default;

QColor MatrixView::background() const { return Theme::of(this).panel; }

void MatrixView::setMatrix(MatrixPyramidPtr matrix, const QString& title, const QString& recipe) {
  const bool isOther = matrix->rows() != matrix_->rows() || matrix->columns() != matrix_->columns();
  matrix_ = std::move(matrix);
  title_ = title;
  recipe_ = recipe;
  setAccessibleDescription(title);
  if (isOther) {
    selection_ = {};
    showAll();
  }
  if (window_) window_->setMatrix(matrix_);
  redraw();
}

void MatrixView::setCamera(const MatrixCamera& camera) {
  camera_ = camera;
  showsAll_ = false;
  redraw();
}

void MatrixView::showAll() {
  const double ratio = devicePixelRatioF(), wide = std::max(1.0, width() * ratio),
               high = std::max(1.0, height() * ratio);
  const double scale = std::max(std::max(1, matrix_->columns()) / wide, std::max(1, matrix_->rows()) / high);
  camera_ = {.left = float((matrix_->columns() - wide * scale) / 2),
             .top = float((matrix_->rows() - high * scale) / 2),
             .scale = float(scale)};
  showsAll_ = true;
  redraw();
}

void MatrixView::setSelection(const QRect& cells) {
  selection_ = cells.intersected(QRect(0, 0, matrix_->columns(), matrix_->rows()));
  redraw();
}

QPoint MatrixView::cellAt(const QPointF& point) const {
  const QPointF pixel = point * devicePixelRatioF();
  const double x = double(camera_.left) + pixel.x() * double(camera_.scale),
               y = double(camera_.top) + pixel.y() * double(camera_.scale);
  if (x < 0 || y < 0 || x >= matrix_->columns() || y >= matrix_->rows()) return {-1, -1};
  return {int(x), int(y)};
}

QString MatrixView::cellText(int row, int column) const {
  const float value = matrix_->at(row, column);
  return tr("%1, %2: %3")
      .arg(row + 1)
      .arg(column + 1)
      .arg(std::isnan(value) ? tr("no value") : formatValue(double(value)));
}

bool MatrixView::useVulkan() {
  wasTried_ = true;
  if (window_) return true;
  QString reason;
  window_ = MatrixWindow::make(this, reason);
  if (!window_) {
    usePainter(reason);
    return false;
  }
  sentence_.clear();
  window_->window()->installEventFilter(this);
  container_ = QWidget::createWindowContainer(window_->window(), this);
  container_->setFocusPolicy(Qt::NoFocus);
  container_->setGeometry(rect());
  container_->show();
  window_->setMatrix(matrix_);
  return true;
}

void MatrixView::usePainter(const QString& sentence) {
  if (container_) container_->deleteLater();
  container_ = nullptr;
  window_ = nullptr;
  sentence_ = sentence;
  update();
  emit drawnByPainter(sentence);
}

QImage MatrixView::grabVulkan() { return window_ ? window_->grab() : QImage(); }
int64_t MatrixView::deviceBytes() const { return window_ ? window_->deviceBytes() : 0; }
int64_t MatrixView::framesDrawn() const { return window_ ? window_->framesDrawn() : 0; }

void MatrixView::redraw() {
  if (window_)
    window_->show(camera_, selection_, background());
  else
    update();
}

void MatrixView::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  if (matrix_->levels.empty()) return;
  const double head = QFontMetricsF(ui::font(TextRole::Secondary)).height() + 8;
  painter.setFont(ui::font(TextRole::Secondary));
  painter.setPen(theme.secondary);
  painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), head), Qt::AlignLeft | Qt::AlignVCenter, title_);
  painter.setPen(theme.dim);
  painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), head), Qt::AlignRight | Qt::AlignVCenter, recipe_);
  const QRectF room = rect.adjusted(0, head, 0, 0);
  // Twice as many pixels as at 96 dots an inch: for print.
  const QSize size = (room.size() * 2).toSize();
  const double scale = std::max(double(matrix_->columns()) / size.width(), double(matrix_->rows()) / size.height());
  const QImage image = paintMatrix(*matrix_, {.scale = float(scale)}, {}, size, theme.panel);
  painter.drawImage(room, image);
}

void MatrixView::paintEvent(QPaintEvent*) {
  if (window_) return;
  const double ratio = devicePixelRatioF();
  QImage image = paintMatrix(*matrix_, camera_, selection_, (QSizeF(size()) * ratio).toSize(), background());
  image.setDevicePixelRatio(ratio);
  QPainter(this).drawImage(QPoint(0, 0), image);
}

void MatrixView::resizeEvent(QResizeEvent* event) {
  Plot::resizeEvent(event);
  if (container_) container_->setGeometry(rect());
  if (showsAll_) showAll();
}

void MatrixView::showEvent(QShowEvent* event) {
  Plot::showEvent(event);
  if (!wasTried_) useVulkan();
}

void MatrixView::zoom(double factor, const QPointF& around) {
  const float largest = std::max(1.f, float(std::max(matrix_->rows(), matrix_->columns())) / 64);
  const float scale = std::clamp(float(double(camera_.scale) / factor), kLargestCell, largest);
  const QPointF pixel = around * devicePixelRatioF();
  setCamera({.left = camera_.left + float(pixel.x()) * (camera_.scale - scale),
             .top = camera_.top + float(pixel.y()) * (camera_.scale - scale),
             .scale = scale});
}

void MatrixView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
  setFocus();
  pressedAt_ = event->position();
  pressedCamera_ = camera_;
  anchor_ = event->modifiers() & Qt::ShiftModifier ? cellAt(pressedAt_) : QPoint(-1, -1);
  isPanning_ = anchor_.x() < 0;
}

void MatrixView::mouseMoveEvent(QMouseEvent* event) {
  const QPoint cell = cellAt(event->position());
  emit hovered(cell.y(), cell.x());
  if (!(event->buttons() & Qt::LeftButton)) return;
  if (isPanning_) {
    const QPointF moved = (event->position() - pressedAt_) * devicePixelRatioF();
    setCamera({.left = pressedCamera_.left - float(moved.x()) * camera_.scale,
               .top = pressedCamera_.top - float(moved.y()) * camera_.scale,
               .scale = camera_.scale});
  } else if (cell.x() >= 0) {
    setSelection(QRect(QPoint(std::min(anchor_.x(), cell.x()), std::min(anchor_.y(), cell.y())),
                       QPoint(std::max(anchor_.x(), cell.x()), std::max(anchor_.y(), cell.y()))));
    emit selectionChanged(selection_);
  }
}

void MatrixView::mouseReleaseEvent(QMouseEvent* event) {
  // A click chooses a cell, or none.
  if (event->button() != Qt::LeftButton || (event->position() - pressedAt_).manhattanLength() > 2) return;
  const QPoint cell = cellAt(event->position());
  setSelection(cell.x() < 0 ? QRect() : QRect(cell, QSize(1, 1)));
  emit selectionChanged(selection_);
}

void MatrixView::mouseDoubleClickEvent(QMouseEvent*) { showAll(); }

void MatrixView::wheelEvent(QWheelEvent* event) {
  zoom(std::pow(kStep, event->angleDelta().y() / 120.0), event->position());
  event->accept();
}

void MatrixView::leaveEvent(QEvent*) { emit hovered(-1, -1); }

void MatrixView::keyPressEvent(QKeyEvent* event) {
  const QPointF middle(width() / 2.0, height() / 2.0);
  const float step = camera_.scale * float(devicePixelRatioF()) * 40;
  MatrixCamera to = camera_;
  switch (event->key()) {
    case Qt::Key_Left:
      to.left -= step;
      return setCamera(to);
    case Qt::Key_Right:
      to.left += step;
      return setCamera(to);
    case Qt::Key_Up:
      to.top -= step;
      return setCamera(to);
    case Qt::Key_Down:
      to.top += step;
      return setCamera(to);
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      return zoom(kStep, middle);
    case Qt::Key_Minus:
      return zoom(1 / kStep, middle);
    case Qt::Key_0:
      return showAll();
    case Qt::Key_Escape:
      if (selection_.isEmpty()) break;
      setSelection({});
      emit selectionChanged(selection_);
      return;
    default:
      break;
  }
  QWidget::keyPressEvent(event);
}

/// A window inside a widget takes the gestures; they are ours.
bool MatrixView::eventFilter(QObject* watched, QEvent* event) {
  switch (event->type()) {
    case QEvent::MouseButtonPress:
      mousePressEvent(static_cast<QMouseEvent*>(event));
      return true;
    case QEvent::MouseMove:
      mouseMoveEvent(static_cast<QMouseEvent*>(event));
      return true;
    case QEvent::MouseButtonRelease:
      mouseReleaseEvent(static_cast<QMouseEvent*>(event));
      return true;
    case QEvent::MouseButtonDblClick:
      mouseDoubleClickEvent(static_cast<QMouseEvent*>(event));
      return true;
    case QEvent::Wheel:
      wheelEvent(static_cast<QWheelEvent*>(event));
      return true;
    case QEvent::Leave:
      leaveEvent(event);
      return true;
    case QEvent::KeyPress:
      keyPressEvent(static_cast<QKeyEvent*>(event));
      return event->isAccepted();
    default:
      return Plot::eventFilter(watched, event);
  }
}

}  // namespace fw::ui
