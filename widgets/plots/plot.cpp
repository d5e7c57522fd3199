// Saving pictures of numbers as PNG, SVG and PDF.
#include "widgets/plots/plot.h"

#include <QFileInfo>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include "engine/base/error.h"

namespace fw::ui {
namespace {

constexpr int kMargin = 16;
constexpr int kDotsPerInch = 96;

QSize totalSize(const std::vector<const Plot*>& plots) {
  QSize size(kMargin, 0);
  for (const Plot* plot : plots) {
    size.rwidth() += plot->pictureSize().width() + kMargin;
    size.setHeight(std::max(size.height(), plot->pictureSize().height()));
  }
  return QSize(size.width(), size.height() + 2 * kMargin);
}

void paintAll(const std::vector<const Plot*>& plots, QPainter& painter, const Theme& theme) {
  painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
  painter.fillRect(QRect(QPoint(0, 0), totalSize(plots)), theme.panel);
  double x = kMargin;
  for (const Plot* plot : plots) {
    const QSize size = plot->pictureSize();
    painter.save();
    plot->paintPlot(painter, QRectF(QPointF(x, kMargin), size), theme);
    painter.restore();
    x += size.width() + kMargin;
  }
}

[[noreturn]] void fail(const QString& path, const QString& fact) {
  throw Error(Code::File, text("[picture] cannot write '", path.toStdString(), "': ", fact.toStdString()));
}

}  // namespace

QPixmap plotPixmap(const std::vector<const Plot*>& plots, const Theme& theme, double scale) {
  QPixmap pixmap(totalSize(plots) * scale);
  pixmap.setDevicePixelRatio(scale);
  QPainter painter(&pixmap);
  paintAll(plots, painter, theme);
  return pixmap;
}

void savePlots(const std::vector<const Plot*>& plots, const QString& path, const Theme& theme) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) fail(path, file.errorString() + ".");
  const QString ending = QFileInfo(path).suffix().toLower();
  const QSize size = totalSize(plots);
  bool isDone = false;
  if (ending == "png") {
    isDone = plotPixmap(plots, theme, 2.0).save(&file, "PNG");
  } else if (ending == "svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    generator.setResolution(kDotsPerInch);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(QFileInfo(path).completeBaseName());
    QPainter painter;
    isDone = painter.begin(&generator);
    if (isDone) paintAll(plots, painter, theme);
    if (isDone) isDone = painter.end();
  } else if (ending == "pdf") {
    QPdfWriter writer(&file);
    writer.setResolution(kDotsPerInch);
    writer.setPageSize(QPageSize(QSizeF(size) * 72.0 / kDotsPerInch, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setTitle(QFileInfo(path).completeBaseName());
    QPainter painter;
    isDone = painter.begin(&writer);
    if (isDone) paintAll(plots, painter, theme);
    if (isDone) isDone = painter.end();
  } else {
    fail(path, QString("'%1' is no kind of picture; expected .png, .svg or .pdf.").arg(ending));
  }
  if (!isDone || !file.commit())
    fail(path, (file.error() ? file.errorString() : QString("the picture could not be written")) + ".");
}

void savePlot(const Plot& plot, const QString& path, const Theme& theme) { savePlots({&plot}, path, theme); }

}  // namespace fw::ui
