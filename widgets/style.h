// The widget style: flat controls of 28 pixels over Fusion, painted from the theme of each widget's palette.
#pragma once

#include <QProxyStyle>

namespace fw::ui {

/// A push button with the dynamic property "isPrimary" is filled with the accent; with "isQuiet" it has no box until
/// the mouse is over it.
class Style : public QProxyStyle {
  Q_OBJECT
 public:
  Style();

  void polish(QWidget* widget) override;
  void unpolish(QWidget* widget) override;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* data) const override;
  QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                         const QWidget* widget) const override;
  QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
  QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                       const QWidget* widget) const override;
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                   const QWidget* widget) const override;
  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                          const QWidget* widget) const override;
  QIcon standardIcon(StandardPixmap pixmap, const QStyleOption* option, const QWidget* widget) const override;

  /// Where it is false, what would move is at once where it goes.
  void setAnimated(bool isAnimated) { isAnimated_ = isAnimated; }

 private:
  bool isAnimated_ = true;
};

}  // namespace fw::ui
