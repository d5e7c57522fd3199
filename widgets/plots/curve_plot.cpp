// Curves over steps on two axes, drawn by QCustomPlot in the theme: live, decimated, with a cursor line and a legend.
#include "widgets/plots/curve_plot.h"

#include <qcustomplot.h>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPicture>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/number_format.h"

namespace fw::ui {
namespace {

constexpr size_t kMostPoints = 3000;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

QFont smallFont() {
  QFont small = ui::font(TextRole::Section);
  small.setCapitalization(QFont::MixedCase);
  small.setWeight(QFont::Normal);
  return small;
}

class Ticker : public QCPAxisTicker {
 public:
  explicit Ticker(bool isPercent) : isPercent_(isPercent) { setTickCount(4); }

 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    if (std::fabs(tick) < 1e-12) tick = 0;
    return isPercent_ ? formatPercent(tick) : formatValue(tick);
  }
  int getSubTickCount(double) override { return 0; }
  double getTickStep(const QCPRange& range) override {
    return isPercent_ && range.size() > 0.9 && range.size() < 1.2 ? 0.25 : QCPAxisTicker::getTickStep(range);
  }

 private:
  bool isPercent_;
};

// The last y at or before x, or NaN.
double valueAt(const Curve& curve, double x) {
  size_t at = size_t(std::upper_bound(curve.x.begin(), curve.x.end(), x) - curve.x.begin());
  while (at > 0 && std::isnan(curve.y[at - 1])) --at;
  return at == 0 ? kNone : curve.y[at - 1];
}

QCPRange rangeOf(const std::vector<Curve>& curves, CurveAxis axis, bool* isPercent, bool* isUsed) {
  double low = 0, high = 0;
  *isPercent = true;
  *isUsed = false;
  for (const Curve& curve : curves) {
    if (curve.axis != axis) continue;
    *isUsed = true;
    *isPercent = *isPercent && curve.isPercent;
    for (const double y : curve.y)
      if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
  }
  if (*isPercent && low >= 0 && high <= 1) return QCPRange(0, 1.02);
  if (high <= low) high = low + 1;
  return QCPRange(low, low + (high - low) * 1.06);
}

}  // namespace

Curve decimated(const Curve& curve, size_t limit) {
  const size_t count = std::min(curve.x.size(), curve.y.size());
  if (count <= limit || limit < 4) return curve;
  Curve result = curve;
  result.x.clear();
  result.y.clear();
  const size_t buckets = limit / 2;
  for (size_t bucket = 0; bucket < buckets; ++bucket) {
    const size_t begin = bucket * count / buckets, end = (bucket + 1) * count / buckets;
    size_t lowest = begin, highest = begin;
    for (size_t i = begin; i < end; ++i) {
      if (std::isnan(curve.y[lowest]) || curve.y[i] < curve.y[lowest]) lowest = i;
      if (std::isnan(curve.y[highest]) || curve.y[i] > curve.y[highest]) highest = i;
    }
    const auto add = [&](size_t i) {
      result.x.push_back(curve.x[i]);
      result.y.push_back(curve.y[i]);
    };
    add(std::min(lowest, highest));
    if (lowest != highest) add(std::max(lowest, highest));
  }
  // The newest value is what people look at.
  if (result.x.back() != curve.x[count - 1]) {
    result.x.push_back(curve.x[count - 1]);
    result.y.push_back(curve.y[count - 1]);
  }
  return result;
}

CurvePlot::CurvePlot(QWidget* parent) : Plot(parent), cursor_(kNone), plot_(new QCustomPlot(this)) {
  plot_->hide();
  plot_->setFocusPolicy(Qt::NoFocus);
  plot_->setBackground(Qt::NoBrush);
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Curves"));
}

void CurvePlot::setData(CurvePlotData data) {
  data_ = std::move(data);
  shown_.clear();
  for (Curve& curve : data_.curves) {
    curve.x.resize(std::min(curve.x.size(), curve.y.size()));
    curve.y.resize(curve.x.size());
    shown_.push_back(decimated(curve, kMostPoints));
  }
  setAccessibleDescription(legendTexts().join(", "));
  update();
}

void CurvePlot::setCursorAt(double x) {
  if (x == cursor_ || (std::isnan(x) && std::isnan(cursor_))) return;
  cursor_ = x;
  update();
}

double CurvePlot::lastX() const {
  double last = kNone;
  for (const Curve& curve : data_.curves)
    if (!curve.x.empty()) last = std::isnan(last) ? curve.x.back() : std::max(last, curve.x.back());
  return last;
}

QStringList CurvePlot::legendTexts() const {
  QStringList texts;
  const double x = std::isnan(cursor_) ? lastX() : cursor_;
  for (const Curve& curve : data_.curves) {
    const double y = valueAt(curve, x);
    QString entry = curve.name;
    if (!std::isnan(y)) entry += " " + (curve.isPercent ? formatPercent(y) : formatValue(y));
    if (!curve.note.isEmpty() && std::isnan(cursor_)) entry += " \u00b7 " + curve.note;
    texts << entry;
  }
  if (!std::isnan(cursor_) && !texts.isEmpty())
    texts << tr("%1 %2").arg(data_.xName.isEmpty() ? tr("step") : data_.xName, labelOfX(cursor_));
  return texts;
}

QString CurvePlot::labelOfX(double x) const {
  const int64_t index = std::llround(x);
  if (index >= 0 && index < data_.xLabels.size()) return data_.xLabels[int(index)];
  return formatInteger(index);
}

QRectF CurvePlot::paintCurves(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const QFont small = smallFont();
  const QFontMetricsF metrics(small);
  plot_->clearGraphs();
  plot_->clearItems();
  plot_->setAntialiasedElements(QCP::aePlottables | QCP::aeItems);
  double xMaximum = data_.xMaximum;
  if (const double last = lastX(); !std::isnan(last)) xMaximum = std::max(xMaximum, last);
  if (xMaximum <= 0) xMaximum = 1;
  plot_->xAxis->setRange(0, xMaximum);
  plot_->xAxis->setTicks(false);
  plot_->xAxis->setTickLabels(false);
  plot_->xAxis->setBasePen(Qt::NoPen);
  plot_->xAxis->grid()->setVisible(false);
  for (const auto& [which, axis] :
       {std::pair(CurveAxis::Left, plot_->yAxis), std::pair(CurveAxis::Right, plot_->yAxis2)}) {
    bool isPercent = false, isUsed = false;
    axis->setRange(rangeOf(shown_, which, &isPercent, &isUsed));
    axis->setTicker(QSharedPointer<QCPAxisTicker>(new Ticker(isPercent)));
    axis->setVisible(isUsed || which == CurveAxis::Left);
    axis->setTickLabels(isUsed);
    axis->setTickLabelFont(small);
    axis->setTickLabelColor(theme.dim);
    axis->setTickLabelPadding(8);
    axis->setTickLength(0);
    axis->setSubTicks(false);
    axis->setBasePen(Qt::NoPen);
    axis->setTickPen(QPen(Qt::transparent));
    axis->grid()->setVisible(which == CurveAxis::Left);
    axis->grid()->setPen(QPen(theme.hairline, 1));
    axis->grid()->setZeroLinePen(QPen(theme.hairline, 1));
  }
  const double x = std::isnan(cursor_) ? lastX() : cursor_;
  if (!std::isnan(x)) {
    auto* line = new QCPItemStraightLine(plot_);
    line->point1->setCoords(x, 0);
    line->point2->setCoords(x, 1);
    line->setPen(QPen(theme.faint, 1, Qt::DashLine));
  }
  for (const Curve& curve : shown_) {
    QCPAxis* const axis = curve.axis == CurveAxis::Left ? plot_->yAxis : plot_->yAxis2;
    QCPGraph* graph = plot_->addGraph(plot_->xAxis, axis);
    graph->setData(QVector<double>(curve.x.begin(), curve.x.end()), QVector<double>(curve.y.begin(), curve.y.end()),
                   true);
    const QColor color = theme.series(curve.color);
    graph->setPen(QPen(color, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const double y = std::isnan(x) ? kNone : valueAt(curve, x);
    if (std::isnan(y) || std::isnan(cursor_)) continue;
    auto* dot = new QCPItemTracer(plot_);
    dot->position->setAxes(plot_->xAxis, axis);
    dot->position->setCoords(x, y);
    dot->setStyle(QCPItemTracer::tsCircle);
    dot->setSize(7);
    dot->setPen(QPen(color, 1.5));
    dot->setBrush(theme.panel);
  }
  const int bottom = int(metrics.height()) + 6;
  plot_->axisRect()->setAutoMargins(QCP::msLeft | QCP::msRight);
  plot_->axisRect()->setMinimumMargins(QMargins(0, 6, 0, bottom));
  plot_->axisRect()->setMargins(QMargins(0, 6, 0, bottom));

  // A picture replays as vectors into a widget, a pixmap or a file; QCustomPlot needs a painter of its own kind.
  QPicture picture;
  {
    QCPPainter recorder(&picture);
    recorder.setMode(QCPPainter::pmVectorized);
    plot_->toPainter(&recorder, int(rect.width()), int(rect.height()));
  }
  painter.drawPicture(rect.topLeft(), picture);
  const QRectF area = QRectF(plot_->axisRect()->rect()).translated(rect.topLeft());

  painter.setFont(small);
  painter.setPen(theme.dim);
  const QRectF below(area.x(), area.bottom() + 5, area.width(), metrics.height());
  const QString number = formatInteger(int64_t(std::llround(xMaximum)));
  const QString end = !data_.xLabels.isEmpty() ? data_.xTitle + " " + labelOfX(xMaximum)
                      : data_.xTitle.isEmpty() ? number
                                               : number + " " + data_.xTitle;
  painter.drawText(below, Qt::AlignLeft | Qt::AlignTop, data_.xLabels.isEmpty() ? QString("0") : labelOfX(0));
  painter.drawText(below, Qt::AlignRight | Qt::AlignTop, end);
  return area;
}

void CurvePlot::paintLegend(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const QStringList texts = legendTexts();
  const QFontMetricsF metrics(ui::font(TextRole::Secondary));
  const double dot = 8, gap = 24;
  double total = 0;
  for (const QString& entry : texts) total += dot + 7 + metrics.horizontalAdvance(entry) + gap;
  double x = rect.x() + std::max(0.0, (rect.width() - total + gap) / 2);
  painter.setFont(ui::font(TextRole::Secondary));
  painter.setRenderHint(QPainter::Antialiasing);
  for (qsizetype i = 0; i < texts.size(); ++i) {
    const bool isCurve = i < qsizetype(data_.curves.size());
    if (isCurve) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(theme.series(data_.curves[size_t(i)].color));
      painter.drawEllipse(QRectF(x, rect.center().y() - dot / 2, dot, dot));
      x += dot + 7;
    }
    const double width = std::min(metrics.horizontalAdvance(texts[i]) + 1, std::max(0.0, rect.right() - x));
    painter.setPen(isCurve ? theme.secondary : theme.dim);
    painter.drawText(QRectF(x, rect.y(), width, rect.height()), Qt::AlignVCenter | Qt::AlignLeft,
                     metrics.elidedText(texts[i], Qt::ElideRight, width));
    x += width + gap;
  }
}

QRectF CurvePlot::paintAll(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const QFontMetricsF head(ui::font(TextRole::Secondary));
  const double headHeight = data_.title.isEmpty() && data_.recipe.isEmpty() ? 0 : head.height() + 6;
  if (headHeight > 0) {
    const QRectF line(rect.x(), rect.y(), rect.width(), head.height());
    painter.setFont(ui::font(TextRole::Secondary));
    painter.setPen(theme.secondary);
    // The title first; the recipe has the room that is left.
    const QFontMetricsF small(smallFont());
    const double titleWidth = std::min(head.horizontalAdvance(data_.title), rect.width());
    const double recipeRoom = rect.width() - titleWidth - 12;
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, head.elidedText(data_.title, Qt::ElideRight, titleWidth));
    painter.setFont(smallFont());
    painter.setPen(theme.dim);
    if (recipeRoom > 40)
      painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter,
                       small.elidedText(data_.recipe, Qt::ElideRight, recipeRoom));
  }
  const double legendHeight = head.height() + 12;
  if (rect.height() < headHeight + legendHeight + 40 || rect.width() < 80) return {};
  const QRectF area = paintCurves(painter, rect.adjusted(0, headHeight, 0, -legendHeight), theme);
  paintLegend(painter, QRectF(rect.x(), rect.bottom() - legendHeight, rect.width(), legendHeight), theme);
  return area;
}

void CurvePlot::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  paintAll(painter, rect, theme);
}

void CurvePlot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  area_ = paintAll(painter, rect(), Theme::of(this));
  if (!showsFocus(this)) return;
  painter.setPen(QPen(Theme::of(this).accent, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
}

void CurvePlot::mouseMoveEvent(QMouseEvent* event) {
  if (area_.width() <= 0 || !area_.adjusted(-4, -8, 4, 8).contains(event->position()) || std::isnan(lastX()))
    return setCursorAt(kNone);
  const double share = (event->position().x() - area_.x()) / area_.width();
  setCursorAt(std::clamp(std::round(share * std::max(data_.xMaximum, lastX())), 0.0, lastX()));
}

void CurvePlot::leaveEvent(QEvent*) { setCursorAt(kNone); }

void CurvePlot::keyPressEvent(QKeyEvent* event) {
  const double last = lastX();
  if (std::isnan(last)) return QWidget::keyPressEvent(event);
  const double step = std::max(1.0, std::round(last / 100));
  const double now = std::isnan(cursor_) ? last : cursor_;
  switch (event->key()) {
    case Qt::Key_Left:
      return setCursorAt(std::max(0.0, now - step));
    case Qt::Key_Right:
      return setCursorAt(std::min(last, now + step));
    case Qt::Key_Home:
      return setCursorAt(0);
    case Qt::Key_End:
      return setCursorAt(last);
    case Qt::Key_Escape:
      return setCursorAt(kNone);
    default:
      QWidget::keyPressEvent(event);
  }
}

}  // namespace fw::ui
