// Colour maps of heat maps: viridis for magnitude, cividis for colour-blind eyes, blue-white-red for signed values.
#pragma once

#include <QColor>
#include <QString>
#include <QStringList>

namespace fw::ui {

enum class ColorMap { Viridis, Cividis, BlueWhiteRed };

/// The colour at `t` in [0,1] (clamped; NaN gives transparent). BlueWhiteRed is white at 0.5.
QColor colorAt(ColorMap map, double t);

/// 256 colours from t = 0 to t = 1, for images.
const QRgb* colorTable(ColorMap map);

/// "viridis", "cividis", "blue-white-red"
QString colorMapName(ColorMap map);

}  // namespace fw::ui
