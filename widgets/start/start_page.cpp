// The start page: new, open, templates as cards with small diagrams, recent files.
#include "widgets/start/start_page.h"

#include <QAbstractButton>
#include <QEvent>
#include <QGridLayout>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QScrollArea>
#include <QTextLayout>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/icons.h"
#include "widgets/panels/state_frame.h"
#include "widgets/start/diagram.h"

namespace fw::ui {
namespace {

constexpr int kCardWidth = 236;
constexpr int kDiagramHeight = 112;
constexpr int kCardGap = 14;

// Breaks `text` into at most `most` lines of `width`; the last one ends in an ellipsis where there is more.
QStringList brokenLines(const QString& text, const QFont& font, double width, int most) {
  QTextLayout layout(text, font);
  layout.beginLayout();
  QStringList lines;
  while (lines.size() < most) {
    QTextLine line = layout.createLine();
    if (!line.isValid()) break;
    line.setLineWidth(width);
    const bool isLast = lines.size() + 1 == most;
    const QString rest = text.mid(line.textStart());
    lines << (isLast ? QFontMetricsF(font).elidedText(rest, Qt::ElideRight, width)
                     : text.mid(line.textStart(), line.textLength()).trimmed());
  }
  layout.endLayout();
  return lines;
}

class Card : public QAbstractButton {
 public:
  Card(const TemplateCard& card, QWidget* parent) : QAbstractButton(parent), card_(card) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setAccessibleName(card.title);
    setAccessibleDescription(card.description);
    setToolTip(card.description);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  }

  const QString& id() const { return card_.id; }
  void setDiagram(const TemplateDiagram& diagram) {
    card_.diagram = diagram;
    update();
  }

  QSize sizeHint() const override {
    const int title = QFontMetrics(ui::font(TextRole::Heading)).height();
    const int line = QFontMetrics(ui::font(TextRole::Secondary)).height();
    return QSize(kCardWidth, kDiagramHeight + 10 + title + 4 + 3 * line + 6 + line + 12);
  }
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = Theme::of(this);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF box = QRectF(rect()).adjusted(0.75, 0.75, -0.75, -0.75);
    const QRectF top(box.x(), box.y(), box.width(), kDiagramHeight);
    const bool isLit = underMouse() || showsFocus(this);
    painter.setPen(Qt::NoPen);
    painter.setBrush(isDown() ? theme.pressed : underMouse() ? theme.hover : theme.raised);
    painter.drawRoundedRect(box, 8, 8);
    painter.save();
    QPainterPath clip;
    clip.addRoundedRect(box, 8, 8);
    painter.setClipPath(clip);
    painter.fillRect(top, theme.canvas);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.gridDot);
    for (double y = 12; y < top.bottom(); y += 16)
      for (double x = 12; x < top.right(); x += 16) painter.drawEllipse(QPointF(x, y), 0.8, 0.8);
    painter.restore();
    paintDiagram(painter, card_.diagram, top.adjusted(8, 6, -8, -6), theme);
    painter.setPen(QPen(isLit ? theme.accent : theme.hairline, isLit ? 1.5 : 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(box, 8, 8);

    const double left = 14, width = box.width() - 28;
    double y = top.bottom() + 10;
    const auto line = [&](const QString& text, TextRole role, const QColor& color) {
      painter.setFont(ui::font(role));
      painter.setPen(color);
      const QFontMetricsF metrics(painter.font());
      painter.drawText(QRectF(left, y, width, metrics.height()), Qt::AlignVCenter | Qt::AlignLeft,
                       metrics.elidedText(text, Qt::ElideRight, width));
      y += metrics.height();
    };
    line(card_.title, TextRole::Heading, theme.text);
    y += 4;
    for (const QString& each : brokenLines(card_.description, ui::font(TextRole::Secondary), width, 3))
      line(each, TextRole::Secondary, theme.secondary);
    y = height() - 12 - QFontMetricsF(ui::font(TextRole::Secondary)).height();
    line(card_.footer, TextRole::Secondary, theme.dim);
  }

 private:
  TemplateCard card_;
};

class RecentRow : public QAbstractButton {
 public:
  RecentRow(const RecentFile& file, QWidget* parent) : QAbstractButton(parent), file_(file) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setEnabled(file.exists);
    if (file.exists) setCursor(Qt::PointingHandCursor);
    setToolTip(file.exists ? file.path : StartPage::tr("%1 is not there any more.").arg(file.path));
    setAccessibleName(file.title);
    setAccessibleDescription(toolTip());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  }

  QSize sizeHint() const override {
    return QSize(160, QFontMetrics(ui::font(TextRole::Body)).height() +
                          QFontMetrics(ui::font(TextRole::Secondary)).height() + 13);
  }
  QSize minimumSizeHint() const override { return QSize(80, sizeHint().height()); }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = Theme::of(this);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if ((underMouse() && isEnabled()) || showsFocus(this)) {
      painter.setPen(showsFocus(this) ? QPen(theme.accent, 1.5) : QPen(Qt::NoPen));
      painter.setBrush(isDown() ? theme.pressed : theme.hover);
      painter.drawRoundedRect(QRectF(rect()).adjusted(0.75, 0.75, -0.75, -0.75), 5, 5);
    }
    const int top = 6;
    const QFontMetrics body(ui::font(TextRole::Body)), small(ui::font(TextRole::Secondary));
    const QString right = isEnabled() ? file_.when : StartPage::tr("missing");
    const int rightWidth = small.horizontalAdvance(right);
    paintIcon(painter, Icon::File, QRectF(8, top + body.height() / 2.0 - 8, 16, 16),
              isEnabled() ? theme.secondary : theme.faint);
    painter.setFont(ui::font(TextRole::Body));
    painter.setPen(isEnabled() ? theme.text : theme.faint);
    const int room = width() - 34 - rightWidth - 20;
    painter.drawText(QRect(34, top, room, body.height()), Qt::AlignVCenter | Qt::AlignLeft,
                     body.elidedText(file_.title, Qt::ElideRight, room));
    painter.setFont(ui::font(TextRole::Secondary));
    painter.setPen(isEnabled() ? theme.dim : theme.faint);
    painter.drawText(QRect(width() - rightWidth - 10, top, rightWidth, body.height()),
                     Qt::AlignVCenter | Qt::AlignRight, right);
    painter.drawText(QRect(34, top + body.height() + 1, width() - 44, small.height()), Qt::AlignVCenter | Qt::AlignLeft,
                     small.elidedText(file_.path, Qt::ElideMiddle, width() - 44));
  }

 private:
  RecentFile file_;
};

}  // namespace

StartPage::StartPage(QWidget* parent) : QWidget(parent) {
  setObjectName("startPage");
  setAccessibleName(tr("Start"));
  auto* side = new QWidget(this);
  auto* sideLayout = new QVBoxLayout(side);
  sideLayout->setContentsMargins(28, 28, 24, 16);
  sideLayout->setSpacing(8);
  auto* name = new Label("Formwright", TextRole::Title, Tone::Normal, side);
  QFont large = name->font();
  large.setPointSizeF(large.pointSizeF() * 1.6);
  name->setFont(large);
  auto* motto =
      new Label(tr("Design a model, train it, see what it can do without."), TextRole::Body, Tone::Secondary, side);
  motto->setWordWrap(true);
  sideLayout->addWidget(name);
  sideLayout->addWidget(motto);
  sideLayout->addSpacing(12);
  const auto addButton = [&](const QString& text, Icon which, bool isPrimary, void (StartPage::*signal)()) {
    auto* button = new QPushButton(text, side);
    button->setProperty("isPrimary", isPrimary);
    button->setIcon(isPrimary ? icon(which, Theme::dark().onAccent) : icon(which));
    connect(button, &QPushButton::clicked, this, signal);
    sideLayout->addWidget(button);
  };
  addButton(tr("New model"), Icon::Plus, true, &StartPage::newRequested);
  addButton(tr("Open\u2026"), Icon::Open, false, &StartPage::openRequested);
  addButton(tr("Open folder\u2026"), Icon::Folder, false, &StartPage::openFolderRequested);
  sideLayout->addSpacing(16);
  auto* recentHead = new QHBoxLayout;
  recentHead->addWidget(new Label(tr("Recent"), TextRole::Section, Tone::Dim, side), 1);
  clear_ = new QPushButton(tr("Clear"), side);
  clear_->setProperty("isQuiet", true);
  clear_->setAccessibleName(tr("Clear the list of recent files"));
  recentHead->addWidget(clear_);
  sideLayout->addLayout(recentHead);
  noRecent_ = new Label(tr("Files that you open will be listed here."), TextRole::Secondary, Tone::Dim, side);
  noRecent_->setWordWrap(true);
  sideLayout->addWidget(noRecent_);
  auto* recentScroll = new QScrollArea(side);
  recentScroll->setWidgetResizable(true);
  recentScroll->setFrameShape(QFrame::NoFrame);
  recentScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  recentScroll->setFocusPolicy(Qt::NoFocus);
  auto* recentBody = new QWidget;
  recentLayout_ = new QVBoxLayout(recentBody);
  recentLayout_->setContentsMargins(0, 0, 0, 0);
  recentLayout_->setSpacing(2);
  recentLayout_->addStretch();
  recentScroll->setWidget(recentBody);
  sideLayout->addWidget(recentScroll, 1);
  side->setFixedWidth(std::max(320, QFontMetrics(ui::font(TextRole::Body)).averageCharWidth() * 46));

  auto* main = new QWidget(this);
  auto* mainLayout = new QVBoxLayout(main);
  mainLayout->setContentsMargins(28, 32, 12, 12);
  mainLayout->addWidget(new Label(tr("Templates"), TextRole::Section, Tone::Dim, main));
  scroll_ = new QScrollArea;
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  grid_ = new QWidget;
  scroll_->setWidget(grid_);
  scroll_->viewport()->installEventFilter(this);
  frame_ = new StateFrame(scroll_, Icon::Layers, main);
  mainLayout->addWidget(frame_, 1);

  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(side);
  layout->addWidget(main, 1);
  connect(clear_, &QPushButton::clicked, this, &StartPage::clearRecentRequested);
  connect(frame_, &StateFrame::actionRequested, this, &StartPage::actionRequested);
  setState({});
}

void StartPage::setState(const StartState& state) {
  for (QWidget* widget : cards_) widget->deleteLater();
  for (QWidget* widget : recentRows_) {
    recentLayout_->removeWidget(widget);
    widget->hide();
    widget->deleteLater();
  }
  cards_.clear();
  recentRows_.clear();
  for (const TemplateCard& card : state.templates) {
    auto* button = new Card(card, grid_);
    connect(button, &QAbstractButton::clicked, this, [this, id = card.id] { emit templateChosen(id); });
    cards_.push_back(button);
  }
  for (const RecentFile& file : state.recent) {
    auto* row = new RecentRow(file, this);
    connect(row, &QAbstractButton::clicked, this, [this, path = file.path] { emit recentChosen(path); });
    recentLayout_->insertWidget(int(recentRows_.size()), row);
    recentRows_.push_back(row);
  }
  noRecent_->setVisible(state.recent.empty());
  clear_->setVisible(!state.recent.empty());
  columns_ = 0;
  arrangeCards();
  frame_->setState(state.panel);
}

void StartPage::setDiagram(const QString& id, const TemplateDiagram& diagram) {
  for (QWidget* widget : cards_)
    if (auto* card = static_cast<Card*>(widget); card->id() == id) card->setDiagram(diagram);
}

void StartPage::arrangeCards() {
  const int card = std::max(kCardWidth, QFontMetrics(ui::font(TextRole::Body)).averageCharWidth() * 32);
  const int columns = std::max(1, (scroll_->viewport()->width() - 16 + kCardGap) / (card + kCardGap));
  if (columns == columns_) return;
  columns_ = columns;
  if (QLayout* old = grid_->layout()) {
    while (QLayoutItem* item = old->takeAt(0)) delete item;
    delete old;
  }
  auto* layout = new QGridLayout(grid_);
  layout->setContentsMargins(0, 8, 16, 16);
  layout->setHorizontalSpacing(kCardGap);
  layout->setVerticalSpacing(kCardGap);
  for (size_t i = 0; i < cards_.size(); ++i) {
    cards_[i]->setMaximumWidth(card * 3 / 2);
    layout->addWidget(cards_[i], int(i) / columns, int(i) % columns);
    cards_[i]->show();
  }
  for (int column = 0; column < columns; ++column) layout->setColumnStretch(column, 1);
  layout->setRowStretch(int(cards_.size()) / columns + 1, 1);
}

bool StartPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == scroll_->viewport() && event->type() == QEvent::Resize) arrangeCards();
  return QWidget::eventFilter(watched, event);
}

void StartPage::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.fillRect(rect(), theme.panel);
  const int side = layout()->itemAt(0)->geometry().right();
  painter.fillRect(QRect(side, 0, 1, height()), theme.hairline);
}

}  // namespace fw::ui
