// Line icons on a grid of 16, drawn as vectors in the theme's ink at any size.
#include "widgets/icons.h"

#include <QApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QSvgRenderer>

#include "widgets/theme.h"

namespace fw::ui {
namespace {

// SVG shapes; stroked with the ink, `fill="I"` means filled with it.
const char* shapes(Icon name) {
  switch (name) {
    case Icon::Undo:
      return "<path d='M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6.5'/><path d='M5.8 3.5l-3 3 3 3'/>";
    case Icon::Redo:
      return "<path d='M13 6.5H6.5a3.5 3.5 0 0 0 0 7h3'/><path d='M10.2 3.5l3 3-3 3'/>";
    case Icon::Play:
      return "<path fill='I' d='M4.5 3v10l8.5-5z'/>";
    case Icon::Pause:
      return "<path fill='I' d='M4.5 3.5h1.6v9h-1.6zM9.9 3.5h1.6v9h-1.6z'/>";
    case Icon::Stop:
      return "<rect fill='I' x='4' y='4' width='8' height='8' rx='.6'/>";
    case Icon::Search:
      return "<circle cx='7' cy='7' r='4.2'/><path d='M10.2 10.2l3.3 3.3'/>";
    case Icon::Plus:
      return "<path d='M8 3v10M3 8h10'/>";
    case Icon::Minus:
      return "<path d='M3 8h10'/>";
    case Icon::Close:
      return "<path d='M4 4l8 8M12 4l-8 8'/>";
    case Icon::Check:
      return "<path d='M3 8.5l3.4 3.4L13 5'/>";
    case Icon::ChevronDown:
      return "<path d='M4 6.3l4 4 4-4'/>";
    case Icon::ChevronUp:
      return "<path d='M4 9.7l4-4 4 4'/>";
    case Icon::ChevronRight:
      return "<path d='M6.3 4l4 4-4 4'/>";
    case Icon::ChevronLeft:
      return "<path d='M9.7 4l-4 4 4 4'/>";
    case Icon::Info:
      return "<circle cx='8' cy='8' r='5.8'/><path d='M8 7.5v3.5M8 5.1v.2'/>";
    case Icon::Warning:
      return "<path d='M8 2.5L14 13H2z'/><path d='M8 6.5v3M8 11.2v.1'/>";
    case Icon::Error:
      return "<circle cx='8' cy='8' r='5.8'/><path d='M8 4.8v3.9M8 11v.1'/>";
    case Icon::Trash:
      return "<path d='M3 4.5h10M6.3 4.3V2.8h3.4v1.5M4.3 4.7l.6 8.5h6.2l.6-8.5'/>";
    case Icon::Copy:
      return "<rect x='5.8' y='5.8' width='7.4' height='7.4' rx='1'/><path d='M3.5 10.2h-.7V2.8h7.4v.7'/>";
    case Icon::Cut:
      return "<circle cx='4.8' cy='12' r='1.8'/><circle cx='11.2' cy='12' r='1.8'/><path d='M5.8 10.5L11.5 2.5M10.2 "
             "10.5L4.5 2.5'/>";
    case Icon::Paste:
      return "<rect x='3.5' y='3.5' width='9' height='10' rx='1'/><path d='M6 3.5v-1h4v1'/>";
    case Icon::Save:
      return "<path d='M3 3h8l2 2v8H3z'/><path d='M5.5 3v3h4.5V3M5.5 13V9.5h5V13'/>";
    case Icon::Open:
      return "<path d='M2.5 12.5v-9h4l1.5 2h5v2M2.5 12.5l2-5h10l-2 5z'/>";
    case Icon::NewFile:
      return "<path d='M9 2.5H4v11h8V5.5z'/><path d='M8 7v4.5M5.8 9.2h4.5'/>";
    case Icon::File:
      return "<path d='M9 2.5H4v11h8V5.5z'/><path d='M9 2.5v3h3'/>";
    case Icon::Folder:
      return "<path d='M2.5 12.8V3.5h4l1.5 2h5.5v7.3z'/>";
    case Icon::Export:
      return "<path d='M8 10V2.8M5.2 5.3L8 2.5l2.8 2.8M3 9.5v4h10v-4'/>";
    case Icon::Refresh:
      return "<path d='M13 8a5 5 0 1 1-1.6-3.7'/><path d='M13 2.3v2.9h-2.9'/>";
    case Icon::Tidy:
      return "<rect x='5.5' y='2.3' width='5' height='3' rx='.7'/><rect x='2' y='10.7' width='5' height='3' "
             "rx='.7'/><rect x='9' y='10.7' width='5' height='3' rx='.7'/><path d='M8 5.5v2.5M4.5 10.5V8h7v2.5'/>";
    case Icon::Fit:
      return "<path d='M2.8 5.8v-3h3M10.2 2.8h3v3M13.2 10.2v3h-3M5.8 13.2h-3v-3'/>";
    case Icon::ZoomIn:
      return "<circle cx='7' cy='7' r='4.5'/><path d='M10.3 10.3l3.2 3.2M7 5v4M5 7h4'/>";
    case Icon::ZoomOut:
      return "<circle cx='7' cy='7' r='4.5'/><path d='M10.3 10.3l3.2 3.2M5 7h4'/>";
    case Icon::Link:
      return "<rect x='1.5' y='5.8' width='7' height='4.4' rx='2.2'/><rect x='7.5' y='5.8' width='7' height='4.4' "
             "rx='2.2'/>";
    case Icon::Unlink:
      return "<path d='M5.5 5.8H3.7a2.2 2.2 0 0 0 0 4.4h1.8M10.5 5.8h1.8a2.2 2.2 0 0 1 0 4.4h-1.8M8 4v1.5M8 10.5V12'/>";
    case Icon::Weights:
      return "<circle cx='4.5' cy='5' r='2.4'/><circle cx='11.5' cy='5' r='2.4'/><path d='M4.5 7.6V10a2.5 2.5 0 0 0 "
             "2.5 "
             "2.5h2a2.5 2.5 0 0 0 2.5-2.5V7.6'/>";
    case Icon::Lock:
      return "<rect x='3.5' y='7.2' width='9' height='6.3' rx='1'/><path d='M5.5 7V5a2.5 2.5 0 0 1 5 0v2'/>";
    case Icon::Pin:
      return "<path d='M5.5 2.5h5l-.7 4.3 2 2.2H4.2l2-2.2zM8 9.2v4.5'/>";
    case Icon::Eye:
      return "<path d='M1.8 8C3.5 5.3 5.6 4 8 4s4.5 1.3 6.2 4C12.5 10.7 10.4 12 8 12S3.5 10.7 1.8 8z'/><circle cx='8' "
             "cy='8' r='1.9'/>";
    case Icon::EyeOff:
      return "<path d='M1.8 8C3.5 5.3 5.6 4 8 4s4.5 1.3 6.2 4C12.5 10.7 10.4 12 8 12S3.5 10.7 1.8 8z'/><path d='M3 "
             "13L13 3'/>";
    case Icon::Mute:
      return "<circle cx='8' cy='8' r='5.5'/><path d='M4.2 11.8l7.6-7.6'/>";
    case Icon::Layers:
      return "<path d='M8 2.5l6 3-6 3-6-3zM2 8.5l6 3 6-3M2 11.2l6 3 6-3'/>";
    case Icon::Fork:
      return "<path d='M8 14V9L4 5V2M8 9l4-4V2'/>";
    case Icon::Grid:
      return "<path d='M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z'/>";
    case Icon::Chart:
      return "<path d='M2.5 2.5v11h11M4.5 10.5l3-3.5 2.2 1.8L13 4.5'/>";
    case Icon::Bars:
      return "<path d='M3 4h10M3 8h6.5M3 12h4'/>";
    case Icon::Table:
      return "<rect x='2.5' y='3' width='11' height='10' rx='1'/><path d='M2.5 6.3h11M2.5 9.7h11M6.5 6.3V13'/>";
    case Icon::History:
      return "<circle cx='8' cy='8' r='5.5'/><path d='M8 4.8V8l2.3 1.5'/>";
    case Icon::Jobs:
      return "<path d='M2.5 4h11M2.5 8h7.5M2.5 12h4.5'/><path d='M12 10.5v3M10.5 12h3'/>";
    case Icon::Settings:
      return "<path d='M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6'/><circle cx='10.2' cy='4.5' r='1.7'/><circle "
             "cx='5.8' cy='11.5' r='1.7'/>";
    case Icon::Help:
      return "<circle cx='8' cy='8' r='5.8'/><path d='M6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.1'/>";
    case Icon::More:
      return "<path fill='I' d='M3 7.3h1.4v1.4H3zM7.3 7.3h1.4v1.4H7.3zM11.6 7.3H13v1.4h-1.4z'/>";
    case Icon::Home:
      return "<path d='M2.5 8L8 3l5.5 5M4 7v6.5h8V7'/>";
    case Icon::Image:
      return "<rect x='2.5' y='3' width='11' height='10' rx='1'/><path d='M3 11.5l3.2-3.5 2.3 2.3 1.7-1.6 2.8 "
             "2.8'/><circle cx='10.5' cy='5.8' r='.8'/>";
    case Icon::Sun:
      return "<circle cx='8' cy='8' r='2.7'/><path d='M8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 "
             "11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1'/>";
    case Icon::Moon:
      return "<path d='M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z'/>";
  }
  return "";
}

class InkEngine : public QIconEngine {
 public:
  InkEngine(Icon name, const QColor& color) : name_(name), color_(color) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    const QPalette::ColorGroup group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
    const bool isPlain = !color_.isValid() || mode == QIcon::Disabled;
    paintIcon(*painter, name_, rect, isPlain ? QApplication::palette().color(group, QPalette::ButtonText) : color_);
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect(QPoint(), size), mode, state);
    return pixmap;
  }

  QIconEngine* clone() const override { return new InkEngine(*this); }
  bool isNull() override { return false; }

 private:
  Icon name_;
  QColor color_;
};

}  // namespace

QIcon icon(Icon name) { return QIcon(new InkEngine(name, QColor())); }

QIcon icon(Icon name, const QColor& color) { return QIcon(new InkEngine(name, color)); }

void paintIcon(QPainter& painter, Icon name, const QRectF& rect, const QColor& color) {
  const QString ink = color.name(QColor::HexRgb);
  QString body = QString::fromLatin1(shapes(name));
  body.replace("fill='I'", QString("fill='%1'").arg(ink));
  const QString svg = QString(
                          "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><g fill='none' stroke='%1' "
                          "stroke-width='1.4' stroke-linecap='round' stroke-linejoin='round'>%2</g></svg>")
                          .arg(ink, body);
  QSvgRenderer renderer(svg.toUtf8());
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setOpacity(painter.opacity() * color.alphaF());
  renderer.render(&painter, rect);
  painter.restore();
}

}  // namespace fw::ui
