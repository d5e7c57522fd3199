// Fills and strokes with smooth edges straight into an image: the few shapes that the canvas is made of, each as one
// tight loop.
#pragma once

#include <QColor>
#include <span>

#include "widgets/canvas/box.h"

class QImage;

namespace fw::ui {

/// An opaque colour, 0xffRRGGBB.
using Ink = uint32_t;

inline Ink ink(const QColor& color) { return 0xff000000u | (color.rgb() & 0xffffffu); }
/// `over` with opacity `amount` (0 to 1) painted on `under`.
Ink mixInk(Ink under, Ink over, float amount);

/// A part of an image of 32-bit pixels. All coordinates are pixels; the middle of the first pixel is (0.5, 0.5).
class Raster {
 public:
  /// Draws into `image` (Format_RGB32) inside `clip`. The image must outlive the raster and not be copied meanwhile.
  Raster(QImage& image, const QRect& clip);
  /// The same with its clip cut to rows [top, bottom), for another thread.
  Raster rows(int top, int bottom) const;

  int left() const { return left_; }
  int top() const { return top_; }
  int right() const { return right_; }
  int bottom() const { return bottom_; }
  bool touches(const Box& box) const {
    return box.right > float(left_) && box.left < float(right_) && box.bottom > float(top_) && box.top < float(bottom_);
  }

  void clear(Ink color);
  void pixel(int x, int y, Ink color, float cover);
  void fillBox(const Box& box, Ink color, float opacity = 1);
  void fillRound(const Box& box, float radius, Ink color, float opacity = 1);
  /// A rounded box with a border inside its edge.
  void card(const Box& box, float radius, Ink fill, Ink border, float borderWidth);
  void disc(Vec center, float radius, Ink color, float opacity = 1);
  /// A convex polygon, at most 8 corners, clockwise.
  void convex(std::span<const Vec> corners, Ink color, float opacity = 1);
  /// Butt ends; lines that follow each other meet without a gap and without a seam.
  void line(Vec a, Vec b, float width, Ink color, float opacity = 1);
  /// A line one pixel wide, for the many of a far view.
  void hairLine(Vec a, Vec b, Ink color, float opacity);
  /// The edge of a rounded box, dashed.
  void dashedRound(const Box& box, float radius, float width, float dash, Ink color);

 private:
  Raster() = default;
  bool clipLine(Vec& a, Vec& b, float reach) const;
  void blend(uint32_t* at, Ink color, uint32_t cover) const {  // cover: 0 to 256
    const uint32_t under = *at;
    const uint32_t redBlue = ((under & 0xff00ff) * (256 - cover) + (color & 0xff00ff) * cover) >> 8 & 0xff00ff;
    const uint32_t green = ((under & 0xff00) * (256 - cover) + (color & 0xff00) * cover) >> 8 & 0xff00;
    *at = 0xff000000u | redBlue | green;
  }
  uint32_t* row(int y) const { return pixels_ + ptrdiff_t(y) * stride_; }
  void span(int y, int x0, int x1, Ink color, uint32_t cover) const;

  uint32_t* pixels_ = nullptr;
  ptrdiff_t stride_ = 0;
  int left_ = 0, top_ = 0, right_ = 0, bottom_ = 0;  // clip
};

}  // namespace fw::ui
