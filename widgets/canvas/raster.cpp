// Fills and strokes with smooth edges straight into an image: the few shapes that the canvas is made of, each as one
// tight loop.
#include "widgets/canvas/raster.h"

#include <QImage>

namespace fw::ui {
namespace {

uint32_t toCover(float cover) { return uint32_t(std::clamp(cover, 0.0f, 1.0f) * 256.0f + 0.5f); }

// The share of pixel [i, i + 1) that [low, high) covers.
float overlap(float low, float high, int i) { return std::min(high, float(i) + 1) - std::max(low, float(i)); }

// Of coordinates that may lie far outside of the image. (std::floor is a call where the target lacks an instruction for
// it.)
int floorPixel(float value) {
  value = std::clamp(value, -1e6f, 1e6f);
  const int whole = int(value);
  return whole - int(float(whole) > value);
}
int ceilPixel(float value) { return -floorPixel(-value); }

}  // namespace

Ink mixInk(Ink under, Ink over, float amount) {
  const auto mix = [&](int shift) {
    const float a = float(under >> shift & 255), b = float(over >> shift & 255);
    return uint32_t(a + (b - a) * amount + 0.5f) << shift;
  };
  return 0xff000000u | mix(16) | mix(8) | mix(0);
}

Raster::Raster(QImage& image, const QRect& clip) {
  const QRect area = clip & image.rect();
  pixels_ = reinterpret_cast<uint32_t*>(image.bits());
  stride_ = image.bytesPerLine() / 4;
  left_ = area.left(), top_ = area.top(), right_ = area.left() + area.width(), bottom_ = area.top() + area.height();
}

Raster Raster::rows(int top, int bottom) const {
  Raster part = *this;
  part.top_ = std::max(top_, top), part.bottom_ = std::min(bottom_, bottom);
  return part;
}

void Raster::clear(Ink color) {
  for (int y = top_; y < bottom_; ++y) std::fill(row(y) + left_, row(y) + right_, color);
}

void Raster::pixel(int x, int y, Ink color, float cover) {
  if (x >= left_ && x < right_ && y >= top_ && y < bottom_) blend(row(y) + x, color, toCover(cover));
}

void Raster::span(int y, int x0, int x1, Ink color, uint32_t cover) const {
  uint32_t* at = row(y);
  if (cover >= 256) {
    std::fill(at + x0, at + x1, color);
    return;
  }
  for (int x = x0; x < x1; ++x) blend(at + x, color, cover);
}

void Raster::fillBox(const Box& box, Ink color, float opacity) {
  const int y0 = std::max(top_, floorPixel(box.top)), y1 = std::min(bottom_, ceilPixel(box.bottom));
  const int x0 = std::max(left_, floorPixel(box.left)), x1 = std::min(right_, ceilPixel(box.right));
  if (x0 >= x1) return;
  for (int y = y0; y < y1; ++y) {
    const float cover = overlap(box.top, box.bottom, y) * opacity;
    uint32_t* at = row(y);
    if (x1 - x0 <= 2) {
      for (int x = x0; x < x1; ++x) blend(at + x, color, toCover(cover * overlap(box.left, box.right, x)));
      continue;
    }
    blend(at + x0, color, toCover(cover * overlap(box.left, box.right, x0)));
    span(y, x0 + 1, x1 - 1, color, toCover(cover));
    blend(at + x1 - 1, color, toCover(cover * overlap(box.left, box.right, x1 - 1)));
  }
}

void Raster::fillRound(const Box& box, float radius, Ink color, float opacity) {
  radius = std::min({radius, box.width() / 2, box.height() / 2});
  if (radius < 0.75f) return fillBox(box, color, opacity);
  const int y0 = std::max(top_, floorPixel(box.top)), y1 = std::min(bottom_, ceilPixel(box.bottom));
  const int x0 = std::max(left_, floorPixel(box.left)), x1 = std::min(right_, ceilPixel(box.right));
  if (x0 >= x1) return;
  const float cornerLeft = box.left + radius, cornerRight = box.right - radius;
  for (int y = y0; y < y1; ++y) {
    const float middle = float(y) + 0.5f;
    const float above = std::max(box.top + radius - middle, middle - (box.bottom - radius));
    uint32_t* at = row(y);
    const auto edge = [&](int x) {
      const float aside = std::max(cornerLeft - (float(x) + 0.5f), (float(x) + 0.5f) - cornerRight);
      float outside;
      if (above > 0 && aside > 0)
        outside = std::sqrt(above * above + aside * aside) - radius;
      else
        outside = std::max(above, aside) - radius;
      blend(at + x, color, toCover(std::clamp(0.5f - outside, 0.0f, 1.0f) * opacity));
    };
    // Between the corners a row is a span; beside a straight edge only the outermost pixels are mixed.
    int solidFrom, solidTo;
    if (above > 0) {
      solidFrom = ceilPixel(cornerLeft - 0.5f), solidTo = floorPixel(cornerRight + 0.5f);
    } else {
      solidFrom = floorPixel(box.left) + 2, solidTo = ceilPixel(box.right) - 2;
    }
    solidFrom = std::clamp(solidFrom, x0, x1), solidTo = std::clamp(solidTo, solidFrom, x1);
    for (int x = x0; x < solidFrom; ++x) edge(x);
    if (solidFrom < solidTo)
      span(y, solidFrom, solidTo, color, toCover(std::clamp(0.5f - (above - radius), 0.0f, 1.0f) * opacity));
    for (int x = solidTo; x < x1; ++x) edge(x);
  }
}

void Raster::card(const Box& box, float radius, Ink fill, Ink border, float borderWidth) {
  fillRound(box, radius, border);
  fillRound(box.grown(-borderWidth), std::max(0.0f, radius - borderWidth), fill);
}

void Raster::disc(Vec center, float radius, Ink color, float opacity) {
  const int y0 = std::max(top_, floorPixel(center.y - radius - 0.5f));
  const int y1 = std::min(bottom_, ceilPixel(center.y + radius + 0.5f));
  const int x0 = std::max(left_, floorPixel(center.x - radius - 0.5f));
  const int x1 = std::min(right_, ceilPixel(center.x + radius + 0.5f));
  for (int y = y0; y < y1; ++y) {
    const float dy = float(y) + 0.5f - center.y;
    for (int x = x0; x < x1; ++x) {
      const float dx = float(x) + 0.5f - center.x;
      const float cover = radius + 0.5f - std::sqrt(dx * dx + dy * dy);
      if (cover > 0) blend(row(y) + x, color, toCover(std::min(cover, 1.0f) * opacity));
    }
  }
}

void Raster::convex(std::span<const Vec> corners, Ink color, float opacity) {
  Box box;
  for (const Vec corner : corners) box.include(corner);
  const int y0 = std::max(top_, floorPixel(box.top)), y1 = std::min(bottom_, ceilPixel(box.bottom));
  const int x0 = std::max(left_, floorPixel(box.left)), x1 = std::min(right_, ceilPixel(box.right));
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const Vec p(float(x) + 0.5f, float(y) + 0.5f);
      float cover = 1;
      for (size_t i = 0; i < corners.size(); ++i) {
        const Vec a = corners[i], edge = corners[(i + 1) % corners.size()] - a;
        const float inside = (edge.x * (p.y - a.y) - edge.y * (p.x - a.x)) / std::max(edge.length(), 1e-6f);
        cover = std::min(cover, 0.5f + inside);
      }
      if (cover > 0) blend(row(y) + x, color, toCover(std::min(cover, 1.0f) * opacity));
    }
  }
}

// Cuts the line to what may touch the clip, axis by axis; false where nothing is left.
bool Raster::clipLine(Vec& a, Vec& b, float reach) const {
  const Vec delta = b - a;
  float from = 0, to = 1;
  const auto cut = [&](float start, float step, float low, float high) {
    if (step == 0) return start >= low && start <= high;
    float t0 = (low - start) / step, t1 = (high - start) / step;
    if (t0 > t1) std::swap(t0, t1);
    from = std::max(from, t0), to = std::min(to, t1);
    return from < to;
  };
  if (!cut(a.x, delta.x, float(left_) - reach, float(right_) + reach)) return false;
  if (!cut(a.y, delta.y, float(top_) - reach, float(bottom_) + reach)) return false;
  const Vec start = a;
  if (to < 1) b = start + delta * to;
  if (from > 0) a = start + delta * from;
  return true;
}

// Walks along the longer axis one pixel at a time; across it, the line covers [middle - reach, middle + reach].
void Raster::line(Vec a, Vec b, float width, Ink color, float opacity) {
  if (!clipLine(a, b, 2 * width + 2)) return;
  const bool isFlat = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  if (isFlat ? a.x > b.x : a.y > b.y) std::swap(a, b);
  const float along0 = isFlat ? a.x : a.y, along1 = isFlat ? b.x : b.y;
  const float across0 = isFlat ? a.y : a.x, across1 = isFlat ? b.y : b.x;
  if (!(along1 > along0)) return;
  const float slope = (across1 - across0) / (along1 - along0);
  const float reach = width / 2 * std::sqrt(1 + slope * slope);
  const int low = isFlat ? top_ : left_, high = isFlat ? bottom_ : right_;
  const int first = std::max(ceilPixel(along0 - 0.5f), isFlat ? left_ : top_);
  const int last = std::min(ceilPixel(along1 - 0.5f), isFlat ? right_ : bottom_);
  const ptrdiff_t alongStep = isFlat ? 1 : stride_, acrossStep = isFlat ? stride_ : 1;
  const uint32_t strength = toCover(opacity);
  // 16.16 fixed point, of the edges across the line
  const int32_t step = int32_t(slope * 65536), thickness = int32_t(2 * reach * 65536);
  int32_t lower = int32_t((across0 + (float(first) + 0.5f - along0) * slope - reach) * 65536);
  for (int i = first; i < last; ++i, lower += step) {
    const int32_t upper = lower + thickness;
    const int j0 = lower >> 16, j1 = upper >> 16;
    uint32_t* at = pixels_ + i * alongStep + j0 * acrossStep;
    const auto put = [&](int j, uint32_t* pixel, uint32_t cover) {
      if (j >= low && j < high) blend(pixel, color, cover * strength >> 8);
    };
    if (j0 == j1) {
      put(j0, at, uint32_t(thickness) >> 8);
      continue;
    }
    put(j0, at, 256 - (uint32_t(lower) >> 8 & 255));
    for (int j = j0 + 1; j < j1; ++j) put(j, at += acrossStep, 256);
    put(j1, at + acrossStep, uint32_t(upper) >> 8 & 255);
  }
}

// Xiaolin Wu's line: at each step its one pixel of width is shared by two neighbours, in 16.16 fixed point.
void Raster::hairLine(Vec a, Vec b, Ink color, float opacity) {
  if (!clipLine(a, b, 1)) return;
  const bool isFlat = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  if (isFlat ? a.x > b.x : a.y > b.y) std::swap(a, b);
  const float along0 = isFlat ? a.x : a.y, along1 = isFlat ? b.x : b.y;
  const float across0 = isFlat ? a.y : a.x, across1 = isFlat ? b.y : b.x;
  if (!(along1 > along0)) return;
  const float slope = (across1 - across0) / (along1 - along0);
  const int low = isFlat ? top_ : left_, high = isFlat ? bottom_ : right_;
  const int first = std::max(ceilPixel(along0 - 0.5f), isFlat ? left_ : top_);
  const int last = std::min(ceilPixel(along1 - 0.5f), isFlat ? right_ : bottom_);
  const ptrdiff_t alongStep = isFlat ? 1 : stride_, acrossStep = isFlat ? stride_ : 1;
  const uint32_t strength = toCover(opacity);
  if (slope == 0 && isFlat) {  // the commonest of all
    const float top = across0 - 0.5f;
    const int j = floorPixel(top);
    const uint32_t below = toCover(top - float(j));
    if (first >= last) return;
    if (j >= low && j < high) span(j, first, last, color, strength * (256 - below) >> 8);
    if (below > 0 && j + 1 >= low && j + 1 < high) span(j + 1, first, last, color, strength * below >> 8);
    return;
  }
  const int32_t step = int32_t(slope * 65536);
  int32_t middle = int32_t((across0 + (float(first) + 0.5f - along0) * slope - 0.5f) * 65536);
  for (int i = first; i < last; ++i, middle += step) {
    const int j = middle >> 16;
    const uint32_t share = uint32_t(middle) >> 8 & 255;
    uint32_t* at = pixels_ + i * alongStep + j * acrossStep;
    if (j >= low && j < high) blend(at, color, strength * (256 - share) >> 8);
    if (j + 1 >= low && j + 1 < high) blend(at + acrossStep, color, strength * share >> 8);
  }
}

void Raster::dashedRound(const Box& box, float radius, float width, float dash, Ink color) {
  std::vector<Vec> outline;
  const Box middle = box.grown(-width / 2);
  const float r = std::max(0.5f, std::min({radius - width / 2, middle.width() / 2, middle.height() / 2}));
  const Vec centers[] = {{middle.right - r, middle.top + r},
                         {middle.right - r, middle.bottom - r},
                         {middle.left + r, middle.bottom - r},
                         {middle.left + r, middle.top + r}};
  constexpr int steps = 6;  // lines of a corner
  for (int corner = 0; corner < 4; ++corner) {
    for (int i = 0; i <= steps; ++i) {
      const float angle = float(M_PI_2) * (float(corner - 1) + float(i) / steps);
      outline.push_back(centers[corner] + Vec(std::cos(angle), std::sin(angle)) * r);
    }
  }
  outline.push_back(outline.front());
  float walked = 0;
  for (size_t i = 1; i < outline.size(); ++i) {
    const Vec a = outline[i - 1], step = outline[i] - a;
    const float length = step.length();
    for (float at = 0; at < length;) {
      const float phase = std::fmod(walked + at, 2 * dash);
      const float run = std::min(length - at, (phase < dash ? dash : 2 * dash) - phase);
      if (phase < dash) line(a + step * (at / length), a + step * ((at + run) / length), width, color);
      at += std::max(run, 1e-3f);
    }
    walked += length;
  }
}

}  // namespace fw::ui
