// Fills and strokes with smooth edges straight into an image: the few shapes that the canvas is made of, each as one tight loop.
#include "widgets/canvas/raster.h"

#include <QImage>

namespace fw::ui {
namespace {

uint32_t toCover(float cover) { return uint32_t(std::clamp(cover, 0.0f, 1.0f) * 256.0f + 0.5f); }

// The share of pixel [i, i + 1) that [low, high) covers.
float overlap(float low, float high, int i) { return std::min(high, float(i) + 1) - std::max(low, float(i)); }

// float to int for coordinates that may lie far outside of the image
int toPixel(float value) { return int(std::clamp(value, -1e6f, 1e6f)); }
int floorPixel(float value) { return toPixel(std::floor(value)); }
int ceilPixel(float value) { return toPixel(std::ceil(value)); }

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
      if (above > 0 && aside > 0) outside = std::sqrt(above * above + aside * aside) - radius;
      else outside = std::max(above, aside) - radius;
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
    if (solidFrom < solidTo) span(y, solidFrom, solidTo, color, toCover(std::clamp(0.5f - (above - radius), 0.0f, 1.0f) * opacity));
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

// Walks along the longer axis one pixel at a time; across it, the line covers [middle - reach, middle + reach].
void Raster::line(Vec a, Vec b, float width, Ink color, float opacity) {
  const bool isFlat = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  if (isFlat ? a.x > b.x : a.y > b.y) std::swap(a, b);
  const float along0 = isFlat ? a.x : a.y, along1 = isFlat ? b.x : b.y;
  const float across0 = isFlat ? a.y : a.x, across1 = isFlat ? b.y : b.x;
  if (!(along1 > along0)) return;
  const float slope = (across1 - across0) / (along1 - along0);
  const float reach = width / 2 * std::sqrt(1 + slope * slope);
  const int low = isFlat ? top_ : left_, high = isFlat ? bottom_ : right_;
  float from = std::max(along0, float(isFlat ? left_ : top_)), to = std::min(along1, float(isFlat ? right_ : bottom_));
  if (slope != 0) {  // only the part that lies between the clip's edges
    const float t0 = along0 + (float(low) - reach - across0) / slope, t1 = along0 + (float(high) + reach - across0) / slope;
    from = std::max(from, std::min(t0, t1) - 1), to = std::min(to, std::max(t0, t1) + 1);
  } else if (across0 + reach < float(low) || across0 - reach > float(high)) {
    return;
  }
  if (!(from < to)) return;
  const int first = ceilPixel(from - 0.5f), last = std::min(ceilPixel(to - 0.5f), isFlat ? right_ : bottom_);
  const ptrdiff_t alongStep = isFlat ? 1 : stride_, acrossStep = isFlat ? stride_ : 1;
  const float strength = opacity * 256;
  for (int i = std::max(first, isFlat ? left_ : top_); i < last; ++i) {
    const float middle = across0 + (float(i) + 0.5f - along0) * slope;
    const float lower = middle - reach, upper = middle + reach;
    const int j0 = std::max(low, int(std::floor(lower))), j1 = std::min(high, int(std::ceil(upper)));
    uint32_t* at = pixels_ + i * alongStep + j0 * acrossStep;
    for (int j = j0; j < j1; ++j, at += acrossStep) {
      const float cover = std::min(overlap(lower, upper, j), 1.0f);
      blend(at, color, uint32_t(cover * strength + 0.5f));
    }
  }
}

void Raster::dashedRound(const Box& box, float radius, float width, float dash, Ink color) {
  std::vector<Vec> outline;
  const Box middle = box.grown(-width / 2);
  const float r = std::max(0.5f, std::min({radius - width / 2, middle.width() / 2, middle.height() / 2}));
  const Vec centers[] = {{middle.right - r, middle.top + r}, {middle.right - r, middle.bottom - r},
                         {middle.left + r, middle.bottom - r}, {middle.left + r, middle.top + r}};
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
