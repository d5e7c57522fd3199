// The shapes of the canvas against exact areas, counted on a grid of sub-pixels.
#include <gtest/gtest.h>

#include <QImage>
#include <cmath>
#include <random>

#include "widgets/canvas/raster.h"

namespace fw::ui {
namespace {

constexpr Ink black = 0xff000000u, white = 0xffffffffu;

class Canvas {
 public:
  explicit Canvas(int side = 33) : image(side, side, QImage::Format_RGB32), raster(image, image.rect()) {
    raster.clear(black);
  }
  double at(int x, int y) const { return qGray(image.pixel(x, y)) / 255.0; }
  double sum() const {
    double sum = 0;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) sum += at(x, y);
    return sum;
  }
  /// The largest difference to the share of each pixel that `inside` says it covers.
  template <class Inside>
  double worst(Inside inside) const {
    constexpr int sub = 16;
    double worst = 0;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) {
        int hits = 0;
        for (int i = 0; i < sub; ++i)
          for (int j = 0; j < sub; ++j) hits += inside(x + (i + 0.5) / sub, y + (j + 0.5) / sub);
        worst = std::max(worst, std::abs(at(x, y) - hits / double(sub * sub)));
      }
    return worst;
  }

  QImage image;
  Raster raster;
};

TEST(Raster, BoxesCoverTheirShareOfEachPixel) {
  for (const Box& box : {Box(3, 4, 9, 11), Box(3.25f, 4.5f, 9.75f, 11.125f), Box(5.2f, 5.3f, 5.7f, 5.9f),
                         Box(-4, -4, 40, 2.5f), Box(7.5f, 2, 8.5f, 30)}) {
    Canvas canvas;
    canvas.raster.fillBox(box, white);
    EXPECT_LT(canvas.worst(
                  [&](double x, double y) { return x >= box.left && x < box.right && y >= box.top && y < box.bottom; }),
              0.07);
  }
}

TEST(Raster, RoundBoxes) {
  for (const float radius : {1.0f, 3.0f, 8.0f, 50.0f})
    for (const Box& box : {Box(4, 5, 28, 27), Box(4.3f, 5.6f, 27.9f, 16.2f)}) {
      Canvas canvas;
      canvas.raster.fillRound(box, radius, white);
      const double r = std::min({double(radius), double(box.width()) / 2, double(box.height()) / 2});
      EXPECT_LT(canvas.worst([&](double x, double y) {
        const double dx = std::max({box.left + r - x, x - (box.right - r), 0.0}),
                     dy = std::max({box.top + r - y, y - (box.bottom - r), 0.0});
        return dx * dx + dy * dy < r * r;
      }),
                0.2)
          << radius;
    }
}

TEST(Raster, Discs) {
  for (const float radius : {0.7f, 3.0f, 5.5f, 12.0f}) {
    Canvas canvas;
    canvas.raster.disc({16.3f, 15.8f}, radius, white);
    EXPECT_LT(canvas.worst([&](double x, double y) { return std::hypot(x - 16.3, y - 15.8) < radius; }), 0.26)
        << radius;
    EXPECT_NEAR(canvas.sum(), M_PI * radius * radius, 0.06 * M_PI * radius * radius + 0.25);
  }
}

TEST(Raster, LinesHaveTheirWidthAtAnyAngle) {
  for (int degree = 0; degree < 360; degree += 15)
    for (const float width : {1.0f, 2.0f, 3.7f}) {
      Canvas canvas(65);
      const float angle = float(degree) * float(M_PI) / 180;
      const Vec middle(32.4f, 32.7f), reach(26 * std::cos(angle), 26 * std::sin(angle));
      canvas.raster.line(middle - reach, middle + reach, width, white);
      EXPECT_NEAR(canvas.sum(), 52 * width, 0.03 * 52 * width + width) << degree << " " << width;
    }
}

TEST(Raster, AHairLineIsALineOfOnePixel) {
  for (int degree = 0; degree < 180; degree += 7) {
    Canvas thin(65), exact(65);
    const float angle = float(degree) * float(M_PI) / 180;
    const Vec middle(32.4f, 32.7f), reach(26 * std::cos(angle), 26 * std::sin(angle));
    thin.raster.hairLine(middle - reach, middle + reach, white, 1);
    // One pixel across the steeper axis, so up to the square root of two thinner than it is wide.
    const double steps = 52 * std::max(std::abs(std::cos(angle)), std::abs(std::sin(angle)));
    EXPECT_NEAR(thin.sum(), steps, 0.03 * steps + 1) << degree;
  }
}

TEST(Raster, LinesThatFollowEachOtherMeetWithoutASeam) {
  Canvas whole(65), parts(65);
  const Vec a(5.5f, 9.2f), b(59.1f, 40.7f);
  whole.raster.line(a, b, 3, white, 0.5f);
  for (int i = 0; i < 17; ++i)
    parts.raster.line(a + (b - a) * (float(i) / 17), a + (b - a) * (float(i + 1) / 17), 3, white, 0.5f);
  for (int y = 0; y < 65; ++y)
    for (int x = 0; x < 65; ++x) EXPECT_NEAR(whole.at(x, y), parts.at(x, y), 0.02);
}

TEST(Raster, ConvexShapes) {
  Canvas canvas;
  const Vec corners[] = {{16, 4}, {28, 16}, {16, 28}, {4, 16}};
  canvas.raster.convex(corners, white);
  EXPECT_NEAR(canvas.sum(), 288, 12);
  EXPECT_EQ(canvas.at(16, 16), 1);
  EXPECT_EQ(canvas.at(5, 5), 0);
}

TEST(Raster, NothingIsDrawnOutsideOfTheClip) {
  QImage image(64, 64, QImage::Format_RGB32);
  image.fill(Qt::black);
  const QRect clip(20, 24, 17, 9);
  Raster raster(image, clip);
  std::mt19937 random(1);
  const auto anywhere = [&] {
    return Vec(float(int(random() % 4000)) / 10 - 170, float(int(random() % 4000)) / 10 - 170);
  };
  for (int i = 0; i < 400; ++i) {
    const Vec a = anywhere(), b = anywhere();
    const Box box = Box::between(a, b);
    raster.line(a, b, float(random() % 9) + 0.5f, white);
    raster.hairLine(a, b, white, 0.7f);
    raster.fillBox(box, white, 0.5f);
    raster.fillRound(box, float(random() % 20), white);
    raster.disc(a, float(random() % 30), white);
    raster.dashedRound(box, 6, 2, 5, white);
    const Vec corners[] = {a, a + Vec(9, 9), a + Vec(-9, 9)};
    raster.convex(corners, white);
    raster.rows(28, 30).clear(black);
  }
  raster.line({-1e9f, 5}, {1e9f, 28}, 2, white);
  raster.line({30, 28}, {30, 28}, 2, white);
  raster.fillBox({-1e9f, -1e9f, 1e9f, 1e9f}, white);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) ASSERT_EQ(qGray(image.pixel(x, y)), clip.contains(x, y) ? 255 : 0) << x << " " << y;
}

TEST(Raster, ALineThatEntersTheClipLooksTheSame) {
  QImage whole(64, 64, QImage::Format_RGB32), part(64, 64, QImage::Format_RGB32);
  whole.fill(Qt::black), part.fill(Qt::black);
  const QRect clip(11, 13, 30, 22);
  Raster(whole, whole.rect()).line({-20, 3}, {90, 51}, 2.5f, white);
  Raster(part, clip).line({-20, 3}, {90, 51}, 2.5f, white);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x)
      EXPECT_NEAR(clip.contains(x, y) ? qGray(whole.pixel(x, y)) : 0, qGray(part.pixel(x, y)), 3);
}

TEST(Raster, MixingIsLinearInOpacity) {
  EXPECT_EQ(mixInk(0xff102030u, 0xff304050u, 0.5f), 0xff203040u);
  EXPECT_EQ(mixInk(0xff000000u, 0xffffffffu, 0), black);
  EXPECT_EQ(mixInk(0xff000000u, 0xffffffffu, 1), white);
  Canvas canvas;
  canvas.raster.fillBox({0, 0, 33, 33}, white, 0.25f);
  EXPECT_NEAR(canvas.at(3, 3), 0.25, 0.01);
}

}  // namespace
}  // namespace fw::ui
