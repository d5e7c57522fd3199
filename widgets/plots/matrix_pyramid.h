// A large matrix as half-precision cells, with ever coarser levels for looking at it from afar.
#pragma once

#include <QColor>
#include <QImage>
#include <QRect>
#include <cstdint>
#include <memory>
#include <vector>

#include "widgets/color_map.h"

namespace fw::ui {

/// Each level has half of the rows and columns of the one before (at least one); a cell is the mean of the four below
/// that have a value, NaN where none has.
struct MatrixPyramid {
  struct Level {
    int rows = 0, columns = 0;
    std::vector<uint16_t> cells;  // f16, row by row
  };
  std::vector<Level> levels;
  double minimum = 0, maximum = 1;
  ColorMap map = ColorMap::Viridis;

  int rows() const { return levels.empty() ? 0 : levels.front().rows; }
  int columns() const { return levels.empty() ? 0 : levels.front().columns; }
  float at(int row, int column) const;
  /// Of all levels; as much as the cells take on a graphics card.
  static int64_t bytes(int rows, int columns);
};
using MatrixPyramidPtr = std::shared_ptr<const MatrixPyramid>;

/// Takes the cells; no copy of the finest level is made.
MatrixPyramidPtr makePyramid(int rows, int columns, std::vector<uint16_t> cells, double minimum, double maximum,
                             ColorMap map);

/// Which part of a matrix a window shows. Values are f32, as a graphics card computes.
struct MatrixCamera {
  float left = 0, top = 0;  // the cell at the window's corner
  float scale = 1;          // cells a pixel
  /// The coarsest level whose cells are not larger than a pixel.
  int level(const MatrixPyramid& matrix) const;
};

/// What the window shows, pixel by pixel: the cell of the level under the middle of each. `selection`: cells, outlined.
QImage paintMatrix(const MatrixPyramid& matrix, const MatrixCamera& camera, const QRect& selection, const QSize& size,
                   const QColor& background);

/// A rectangle of cells in the window's pixels.
QRectF selectionInPixels(const MatrixCamera& camera, const QRect& selection);

}  // namespace fw::ui
