// Points and boxes in single precision, small enough to keep hundreds of thousands of them in cache.
#pragma once

#include <QPointF>
#include <QRectF>
#include <algorithm>
#include <cmath>
#include <limits>

namespace fw::ui {

struct Vec {
  float x = 0, y = 0;

  Vec() = default;
  Vec(float x, float y) : x(x), y(y) {}
  explicit Vec(const QPointF& p) : x(float(p.x())), y(float(p.y())) {}
  QPointF toPoint() const { return {double(x), double(y)}; }

  Vec operator+(Vec o) const { return {x + o.x, y + o.y}; }
  Vec operator-(Vec o) const { return {x - o.x, y - o.y}; }
  Vec operator*(float s) const { return {x * s, y * s}; }
  Vec& operator+=(Vec o) { return *this = *this + o; }
  bool operator==(const Vec&) const = default;
  float length() const { return std::hypot(x, y); }
};

/// A box from its edges. The default one is empty and is the neutral element of `include`.
struct Box {
  float left = std::numeric_limits<float>::max(), top = left;
  float right = std::numeric_limits<float>::lowest(), bottom = right;

  Box() = default;
  Box(float left, float top, float right, float bottom) : left(left), top(top), right(right), bottom(bottom) {}
  explicit Box(const QRectF& r) : Box(float(r.left()), float(r.top()), float(r.right()), float(r.bottom())) {}
  static Box around(Vec center, float width, float height) {
    return {center.x - width / 2, center.y - height / 2, center.x + width / 2, center.y + height / 2};
  }
  static Box between(Vec a, Vec b) {
    return {std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x), std::max(a.y, b.y)};
  }
  QRectF toRect() const { return isEmpty() ? QRectF() : QRectF(left, top, right - left, bottom - top); }

  bool operator==(const Box&) const = default;
  bool isEmpty() const { return left > right || top > bottom; }
  float width() const { return right - left; }
  float height() const { return bottom - top; }
  Vec center() const { return {(left + right) / 2, (top + bottom) / 2}; }
  bool contains(Vec p) const { return p.x >= left && p.x <= right && p.y >= top && p.y <= bottom; }
  bool contains(const Box& o) const { return o.left >= left && o.right <= right && o.top >= top && o.bottom <= bottom; }
  bool intersects(const Box& o) const {
    return left <= o.right && o.left <= right && top <= o.bottom && o.top <= bottom;
  }
  Box grown(float by) const { return {left - by, top - by, right + by, bottom + by}; }
  Box grown(float byX, float byY) const { return {left - byX, top - byY, right + byX, bottom + byY}; }
  Box moved(Vec by) const { return {left + by.x, top + by.y, right + by.x, bottom + by.y}; }
  void include(const Box& o) {
    left = std::min(left, o.left), top = std::min(top, o.top);
    right = std::max(right, o.right), bottom = std::max(bottom, o.bottom);
  }
  void include(Vec p) { include(Box(p.x, p.y, p.x, p.y)); }
};

}  // namespace fw::ui
