// The look's promises: text can be read, colours keep to their maps, numbers read as people write them.
#include "widgets/theme.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QImage>
#include <QPainter>
#include <cmath>

#include "widgets/color_map.h"
#include "widgets/icons.h"
#include "widgets/number_format.h"
#include "widgets/style.h"

namespace fw::ui {
namespace {

TEST(Theme, ContrastAgreesWithWcagExamples) {
  EXPECT_NEAR(contrast(Qt::black, Qt::white), 21.0, 1e-3);
  EXPECT_NEAR(contrast(QColor(0x77, 0x77, 0x77), Qt::white), 4.478, 1e-2);
  EXPECT_NEAR(contrast(QColor(255, 0, 0), Qt::white), 3.998, 1e-2);
}

TEST(Theme, TextReadsOnEverySurface) {
  for (const Theme* theme : {&Theme::dark(), &Theme::light()}) {
    for (const QColor& surface : {theme->window, theme->panel, theme->raised, theme->canvas})
      for (const Tone tone :
           {Tone::Normal, Tone::Secondary, Tone::Dim, Tone::Accent, Tone::Good, Tone::Warning, Tone::Error})
        EXPECT_GE(contrast(theme->tone(tone), surface), 4.5)
            << theme->isDark << " tone " << int(tone) << " on " << surface.name().toStdString();
    EXPECT_GE(contrast(theme->onAccent, theme->accentFill), 4.5);
    for (const QColor& surface : {theme->hover, theme->pressed, theme->selection}) {
      EXPECT_GE(contrast(theme->text, surface), 4.5);
      EXPECT_GE(contrast(theme->secondary, surface), 3.0);
    }
    // Graphics that carry meaning: 3:1 (WCAG 1.4.11).
    EXPECT_GE(contrast(theme->faint, theme->panel), 3.0);
    for (int i = 0; i < 8; ++i) EXPECT_GE(contrast(theme->series(i), theme->panel), 3.0) << i;
  }
}

TEST(Theme, IsKnownByItsPalette) {
  EXPECT_TRUE(Theme::of(Theme::dark().palette()).isDark);
  EXPECT_FALSE(Theme::of(Theme::light().palette()).isDark);
  EXPECT_EQ(Theme::light().palette().color(paletteRole(Tone::Error)), Theme::light().error);
}

TEST(Theme, CategoriesHaveTheirColours) {
  EXPECT_EQ(categoryNames().size(), 9);
  EXPECT_EQ(Theme::dark().category("attention"), QColor(0x6e, 0xa8, 0xfe));
  EXPECT_EQ(Theme::dark().category("MLP"), QColor(0xf0, 0xa3, 0x5e));
  EXPECT_EQ(Theme::dark().category("no such"), QColor(0xaa, 0xb2, 0xc2));
}

TEST(Theme, FontsFollowTheApplication) {
  const double body = QApplication::font().pointSizeF();
  EXPECT_NEAR(font(TextRole::Title).pointSizeF(), body * 14 / 12, 1e-6);
  EXPECT_EQ(font(TextRole::Section).capitalization(), QFont::AllUppercase);
  applyTheme(*qApp, Theme::dark(), 2.0);
  EXPECT_NEAR(font(TextRole::Body).pointSizeF(), 2 * body, 1e-6);
  applyTheme(*qApp, Theme::dark());
}

TEST(ColorMap, EndsAndMiddle) {
  EXPECT_EQ(colorAt(ColorMap::Viridis, 0), QColor(0x44, 0x01, 0x54));
  EXPECT_EQ(colorAt(ColorMap::Viridis, 2), QColor(0xfd, 0xe7, 0x25));
  EXPECT_EQ(colorAt(ColorMap::Cividis, -1), QColor(0x00, 0x22, 0x4e));
  EXPECT_GE(colorAt(ColorMap::BlueWhiteRed, 0.5).lightness(), 252);
  EXPECT_GT(colorAt(ColorMap::BlueWhiteRed, 0).blue(), 150);
  EXPECT_GT(colorAt(ColorMap::BlueWhiteRed, 1).red(), 150);
  EXPECT_EQ(colorAt(ColorMap::Viridis, std::nan("")).alpha(), 0);
}

TEST(ColorMap, MagnitudeMapsGrowLighter) {
  const auto luma = [](QRgb c) { return 0.2126 * qRed(c) + 0.7152 * qGreen(c) + 0.0722 * qBlue(c); };
  for (const ColorMap map : {ColorMap::Viridis, ColorMap::Cividis})
    for (int i = 8; i < 256; ++i) EXPECT_GT(luma(colorTable(map)[i]), luma(colorTable(map)[i - 8])) << i;
}

TEST(NumberFormat, ThreeDigitsAndUnits) {
  EXPECT_EQ(formatCount(18.4e6), u"18.4\u00a0M");
  EXPECT_EQ(formatCount(786), "786");
  EXPECT_EQ(formatCount(999600), u"1\u00a0M");
  EXPECT_EQ(formatCount(6738415616.0), u"6.74\u00a0B");
  EXPECT_EQ(formatFlops(42e9), u"42\u00a0GFLOP");
  EXPECT_EQ(formatBytes(6144), u"6.14\u00a0KB");
  EXPECT_EQ(formatBytes(0), u"0\u00a0B");
  EXPECT_EQ(formatInteger(124439808), u"124\u202f439\u202f808");
  EXPECT_EQ(formatInteger(-1000), u"\u22121\u202f000");
  EXPECT_EQ(formatInteger(999), "999");
  EXPECT_EQ(formatSeconds(0.038), u"38\u00a0ms");
  EXPECT_EQ(formatSeconds(4.5e-4), u"450\u00a0\u00b5s");
  EXPECT_EQ(formatSeconds(125), u"2:05\u00a0min");
  EXPECT_EQ(formatClock(38), "0:38");
  EXPECT_EQ(formatClock(3723), "1:02:03");
  EXPECT_EQ(formatPercent(0.978), u"97.8\u00a0%");
  EXPECT_EQ(formatChange(-0.61), u"\u221261\u00a0%");
  EXPECT_EQ(formatChange(0), u"0\u00a0%");
  EXPECT_EQ(formatChange(0.066), u"+7\u00a0%");
}

TEST(NumberFormat, Values) {
  EXPECT_EQ(formatValue(0.0351), "0.0351");
  EXPECT_EQ(formatValue(0.5), "0.5");
  EXPECT_EQ(formatValue(1), "1");
  EXPECT_EQ(formatValue(0.99999), "1");
  EXPECT_EQ(formatValue(187.4), "187");
  EXPECT_EQ(formatValue(1e-5), "1e-5");
  EXPECT_EQ(formatValue(12345), u"12\u202f345");
  EXPECT_EQ(formatValue(3.4e7), "3.4e7");
  EXPECT_EQ(formatValue(-2.5), u"\u22122.5");
  EXPECT_EQ(formatValue(std::nan("")), "not a number");
}

TEST(Icons, EveryIconLeavesInkInsideItsBox) {
  for (int i = 0; i <= int(kLastIcon); ++i) {
    QImage image(64, 64, QImage::Format_ARGB32);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    paintIcon(painter, Icon(i), QRectF(16, 16, 32, 32), Qt::red);
    painter.end();
    int inside = 0, outside = 0;
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x)
        if (qAlpha(image.pixel(x, y)) > 0) (QRect(16, 16, 32, 32).contains(x, y) ? inside : outside)++;
    EXPECT_GT(inside, 20) << "icon " << i;
    EXPECT_EQ(outside, 0) << "icon " << i;
  }
}

TEST(Icons, FollowTheApplicationPalette) {
  const QIcon plus = icon(Icon::Plus);
  applyTheme(*qApp, Theme::light());
  const QImage light = plus.pixmap(QSize(16, 16), 1.0).toImage();
  applyTheme(*qApp, Theme::dark());
  const QImage dark = plus.pixmap(QSize(16, 16), 1.0).toImage();
  EXPECT_LT(light.pixelColor(8, 8).lightness(), 80);
  EXPECT_GT(dark.pixelColor(8, 8).lightness(), 180);
}

}  // namespace
}  // namespace fw::ui
