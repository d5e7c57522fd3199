// The tokens of the look: colours, fonts and category colours of the dark and the light theme.
#include "widgets/theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <QWidget>
#include <cmath>
#include <utility>
#include <vector>

#include "widgets/style.h"

namespace fw::ui {
namespace {

QColor rgb(unsigned value) { return QColor::fromRgb(value); }

Theme makeDark() {
  Theme theme;
  theme.isDark = true;
  theme.window = rgb(0x1a1c22);
  theme.panel = rgb(0x21242b);
  theme.raised = rgb(0x272b33);
  theme.hover = rgb(0x2e333d);
  theme.pressed = rgb(0x353b47);
  theme.canvas = rgb(0x15171c);
  theme.gridDot = rgb(0x262b35);
  theme.hairline = rgb(0x343a46);
  theme.nodeBorder = rgb(0x3a4150);
  theme.text = rgb(0xe7e9ef);
  theme.secondary = rgb(0x9aa3b3);
  theme.dim = rgb(0x8c95a6);
  theme.faint = rgb(0x6b7485);
  theme.accent = rgb(0x6393f1);
  theme.good = rgb(0x4cb782);
  theme.warning = rgb(0xe0a33a);
  theme.error = rgb(0xea706e);
  theme.accentFill = rgb(0x3b70da);
  theme.onAccent = rgb(0xffffff);
  theme.selection = rgb(0x2c3a58);
  return theme;
}

Theme makeLight() {
  Theme theme;
  theme.isDark = false;
  theme.window = rgb(0xf3f4f7);
  theme.panel = rgb(0xffffff);
  theme.raised = rgb(0xf6f7fa);
  theme.hover = rgb(0xeceff4);
  theme.pressed = rgb(0xe2e6ee);
  theme.canvas = rgb(0xfafbfd);
  theme.gridDot = rgb(0xe1e5ec);
  theme.hairline = rgb(0xdde1e8);
  theme.nodeBorder = rgb(0xcfd5df);
  theme.text = rgb(0x1d2129);
  theme.secondary = rgb(0x5b6474);
  theme.dim = rgb(0x656e7f);
  theme.faint = rgb(0x8b94a5);
  theme.accent = rgb(0x2a66d6);
  theme.good = rgb(0x1f7d51);
  theme.warning = rgb(0x9a6200);
  theme.error = rgb(0xc2332f);
  theme.accentFill = rgb(0x2f6de0);
  theme.onAccent = rgb(0xffffff);
  theme.selection = rgb(0xdbe7fd);
  return theme;
}

const std::vector<std::pair<QString, QColor>>& categoryTable() {
  static const std::vector<std::pair<QString, QColor>> table = {
      {"attention", rgb(0x6ea8fe)},   {"state space", rgb(0x4fc6ae)}, {"mlp", rgb(0xf0a35e)},
      {"convolution", rgb(0xb48ef0)}, {"norm", rgb(0x8b93a7)},        {"embedding", rgb(0xd9b84a)},
      {"memory", rgb(0xf27ea9)},      {"experts", rgb(0x8fc75a)},     {"structure", rgb(0xaab2c2)}};
  return table;
}

double linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color) {
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

}  // namespace

const Theme& Theme::dark() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& Theme::light() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& Theme::of(const QPalette& palette) {
  return palette.color(QPalette::Active, QPalette::Window).lightness() < 128 ? dark() : light();
}

const Theme& Theme::of(const QWidget* widget) { return of(widget->palette()); }

QPalette Theme::palette() const {
  QPalette palette;
  const auto set = [&](QPalette::ColorRole role, const QColor& color, const QColor& disabled) {
    palette.setColor(QPalette::Active, role, color);
    palette.setColor(QPalette::Inactive, role, color);
    palette.setColor(QPalette::Disabled, role, disabled);
  };
  set(QPalette::Window, panel, panel);
  set(QPalette::Base, panel, panel);
  set(QPalette::AlternateBase, raised, raised);
  set(QPalette::Button, raised, raised);
  set(QPalette::WindowText, text, faint);
  set(QPalette::Text, text, faint);
  set(QPalette::ButtonText, text, faint);
  set(QPalette::ToolTipBase, raised, raised);
  set(QPalette::ToolTipText, text, text);
  set(QPalette::Highlight, selection, selection);
  set(QPalette::HighlightedText, text, faint);
  set(QPalette::Light, hover, hover);
  set(QPalette::Dark, hairline, hairline);
  set(QPalette::Shadow, nodeBorder, nodeBorder);
  for (const Tone each : {Tone::Secondary, Tone::Dim, Tone::Accent, Tone::Good, Tone::Warning, Tone::Error})
    set(paletteRole(each), tone(each), faint);
  return palette;
}

QColor Theme::tone(Tone tone) const {
  switch (tone) {
    case Tone::Normal:
      return text;
    case Tone::Secondary:
      return secondary;
    case Tone::Dim:
      return dim;
    case Tone::Accent:
      return accent;
    case Tone::Good:
      return good;
    case Tone::Warning:
      return warning;
    case Tone::Error:
      return error;
  }
  return text;
}

QColor Theme::category(const QString& name) const {
  for (const auto& [category, color] : categoryTable())
    if (category.compare(name, Qt::CaseInsensitive) == 0) return color;
  return categoryTable().back().second;
}

QColor Theme::series(int index) const {
  static const unsigned darkColors[] = {0x6393f1, 0xe0a33a, 0xf27ea9, 0x4fc6ae, 0xb48ef0, 0x8fc75a, 0xea706e, 0x5fc3e8};
  static const unsigned lightColors[] = {0x2a66d6, 0xa86b00, 0xc2407a, 0x14806a,
                                         0x7a4fc9, 0x4f7f1c, 0xc2332f, 0x1678a3};
  const int slot = ((index % 8) + 8) % 8;
  return rgb(isDark ? darkColors[slot] : lightColors[slot]);
}

const QStringList& categoryNames() {
  static const QStringList names = [] {
    QStringList list;
    for (const auto& entry : categoryTable()) list << entry.first;
    return list;
  }();
  return names;
}

QFont font(TextRole role) {
  QFont font = QApplication::font();
  const double body = font.pointSizeF();
  switch (role) {
    case TextRole::Title:
      font.setPointSizeF(body * 14 / 12);
      font.setWeight(QFont::DemiBold);
      break;
    case TextRole::Heading:
      font.setWeight(QFont::DemiBold);
      break;
    case TextRole::Body:
      break;
    case TextRole::Secondary:
      font.setPointSizeF(body * 11 / 12);
      break;
    case TextRole::Section:
      font.setPointSizeF(body * 10 / 12);
      font.setWeight(QFont::Medium);
      font.setCapitalization(QFont::AllUppercase);
      font.setLetterSpacing(QFont::PercentageSpacing, 105);
      break;
    case TextRole::Mono:
      font.setFamily(QFontDatabase::systemFont(QFontDatabase::FixedFont).family());
      font.setFamilies({"JetBrains Mono", "DejaVu Sans Mono", "Noto Sans Mono", font.family()});
      font.setStyleHint(QFont::Monospace);
      font.setPointSizeF(body * 11 / 12);
      break;
  }
  return font;
}

QPalette::ColorRole paletteRole(Tone tone) {
  switch (tone) {
    case Tone::Normal:
      return QPalette::WindowText;
    case Tone::Secondary:
      return QPalette::Mid;
    case Tone::Dim:
      return QPalette::PlaceholderText;
    case Tone::Accent:
      return QPalette::Link;
    case Tone::Good:
      return QPalette::LinkVisited;
    case Tone::Warning:
      return QPalette::Midlight;
    case Tone::Error:
      return QPalette::BrightText;
  }
  return QPalette::WindowText;
}

bool showsFocus(const QWidget* widget) {
  return widget->hasFocus() && widget->window()->testAttribute(Qt::WA_KeyboardFocusChange);
}

QColor inkOn(const QColor& background) {
  return contrast(background, Qt::white) >= contrast(background, Qt::black) ? QColor(Qt::white) : QColor(Qt::black);
}

double contrast(const QColor& a, const QColor& b) {
  const double first = luminance(a), second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor mix(const QColor& under, const QColor& over, double amount) {
  const auto blend = [&](double a, double b) { return float(a + (b - a) * amount); };
  return QColor::fromRgbF(blend(under.redF(), over.redF()), blend(under.greenF(), over.greenF()),
                          blend(under.blueF(), over.blueF()), blend(under.alphaF(), 1.0));
}

void applyTheme(QApplication& application, const Theme& theme, double textScale) {
  QFont base = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
  QStringList families = {"Inter", "Noto Sans", "Cantarell", "Segoe UI"};
  families << base.family();
  base.setFamilies(families);
  base.setPointSizeF(9.0 * textScale);
  application.setPalette(theme.palette());
  application.setFont(base);
  if (!qobject_cast<Style*>(application.style())) application.setStyle(new Style);
}

void setAnimated(const QApplication& application, bool isAnimated) {
  if (auto* style = qobject_cast<Style*>(application.style())) style->setAnimated(isAnimated);
}

}  // namespace fw::ui
