// A large matrix as half-precision cells, with ever coarser levels for looking at it from afar.
#include "widgets/plots/matrix_pyramid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/tensor.h"

namespace fw::ui {
namespace {

MatrixPyramid::Level halved(const MatrixPyramid::Level& from) {
  MatrixPyramid::Level to{std::max(1, from.rows / 2), std::max(1, from.columns / 2), {}};
  to.cells.resize(size_t(to.rows) * size_t(to.columns));
  for (int r = 0; r < to.rows; ++r)
    for (int c = 0; c < to.columns; ++c) {
      float sum = 0;
      int count = 0;
      for (int y = 2 * r; y < std::min(2 * r + 2, from.rows); ++y)
        for (int x = 2 * c; x < std::min(2 * c + 2, from.columns); ++x) {
          const float value = halfToFloat(from.cells[size_t(y) * size_t(from.columns) + size_t(x)]);
          if (std::isnan(value)) continue;
          sum += value;
          ++count;
        }
      to.cells[size_t(r) * size_t(to.columns) + size_t(c)] =
          floatToHalf(count > 0 ? sum / float(count) : std::numeric_limits<float>::quiet_NaN());
    }
  return to;
}

}  // namespace

float MatrixPyramid::at(int row, int column) const {
  return halfToFloat(levels.front().cells[size_t(row) * size_t(columns()) + size_t(column)]);
}

int64_t MatrixPyramid::bytes(int rows, int columns) {
  int64_t total = 0;
  while (rows > 0 && columns > 0) {
    total += int64_t(rows) * columns * int64_t(sizeof(uint16_t));
    if (rows == 1 && columns == 1) break;
    rows = std::max(1, rows / 2), columns = std::max(1, columns / 2);
  }
  return total;
}

MatrixPyramidPtr makePyramid(int rows, int columns, std::vector<uint16_t> cells, double minimum, double maximum,
                             ColorMap map) {
  auto made = std::make_shared<MatrixPyramid>();
  made->minimum = minimum;
  made->maximum = maximum;
  made->map = map;
  if (rows <= 0 || columns <= 0 || cells.size() != size_t(rows) * size_t(columns)) return made;
  made->levels.push_back({rows, columns, std::move(cells)});
  while (made->levels.back().rows > 1 || made->levels.back().columns > 1)
    made->levels.push_back(halved(made->levels.back()));
  return made;
}

int MatrixCamera::level(const MatrixPyramid& matrix) const {
  const int coarsest = int(matrix.levels.size()) - 1;
  return std::clamp(scale > 1 ? int(std::floor(std::log2(scale))) : 0, 0, std::max(0, coarsest));
}

QRectF selectionInPixels(const MatrixCamera& camera, const QRect& selection) {
  if (selection.isEmpty()) return {QPointF(-1e6, -1e6), QSizeF(0, 0)};
  const auto x = [&](int cell) { return std::round((double(cell) - double(camera.left)) / double(camera.scale)); };
  const auto y = [&](int cell) { return std::round((double(cell) - double(camera.top)) / double(camera.scale)); };
  return {QPointF(x(selection.left()), y(selection.top())),
          QPointF(x(selection.left() + selection.width()), y(selection.top() + selection.height()))};
}

QImage paintMatrix(const MatrixPyramid& matrix, const MatrixCamera& camera, const QRect& selection, const QSize& size,
                   const QColor& background) {
  QImage image(size, QImage::Format_RGB32);
  image.fill(background);
  if (matrix.levels.empty()) return image;
  const int index = camera.level(matrix);
  const MatrixPyramid::Level& level = matrix.levels[size_t(index)];
  const QRgb* table = colorTable(matrix.map);
  const float minimum = float(matrix.minimum);
  const float inverseRange = matrix.maximum > matrix.minimum ? float(1 / (matrix.maximum - matrix.minimum)) : 0;
  std::vector<int> columns(size_t(size.width()), -1);
  for (int x = 0; x < size.width(); ++x) {
    const float place = camera.left + (float(x) + 0.5f) * camera.scale;
    if (place >= 0 && place < float(matrix.columns()))
      columns[size_t(x)] = std::min(int(place) >> index, level.columns - 1);
  }
  for (int y = 0; y < size.height(); ++y) {
    const float place = camera.top + (float(y) + 0.5f) * camera.scale;
    if (place < 0 || place >= float(matrix.rows())) continue;
    const uint16_t* row =
        level.cells.data() + size_t(std::min(int(place) >> index, level.rows - 1)) * size_t(level.columns);
    auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
    for (int x = 0; x < size.width(); ++x) {
      if (columns[size_t(x)] < 0) continue;
      const float value = halfToFloat(row[columns[size_t(x)]]);
      if (std::isnan(value)) continue;
      const float color = std::clamp((value - minimum) * inverseRange, 0.f, 1.f) * 255 + 0.5f;
      line[x] = table[int(color)] | 0xff000000;
    }
  }
  if (selection.isEmpty()) return image;
  const QRect inner = selectionInPixels(camera, selection).toRect(), outer = inner.adjusted(-2, -2, 2, 2);
  const QRect shown = outer.intersected(image.rect());
  for (int y = shown.top(); y <= shown.bottom(); ++y)
    for (int x = shown.left(); x <= shown.right(); ++x)
      if (!inner.contains(x, y)) image.setPixel(x, y, 0xffffffff);
  return image;
}

}  // namespace fw::ui
