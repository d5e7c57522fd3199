// Draws a template's diagram.
#pragma once

#include <QRectF>

class QPainter;

namespace fw::ui {

struct TemplateDiagram;
struct Theme;

/// Fits the diagram into the middle of `rect`.
void paintDiagram(QPainter& painter, const TemplateDiagram& diagram, const QRectF& rect, const Theme& theme);

}  // namespace fw::ui
