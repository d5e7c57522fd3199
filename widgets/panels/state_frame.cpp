// Holds a panel's content and draws the panel's state over it.
#include "widgets/panels/state_frame.h"

#include <QEvent>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>
#include <cmath>

#include "widgets/forms/label.h"

namespace fw::ui {
namespace {

constexpr int kBarHeight = 3;
constexpr int kFrameMilliseconds = 33;

}  // namespace

// Half-strength paper with a thin bar at the top; swallows the mouse.
class StateFrame::Veil : public QWidget {
 public:
  explicit Veil(QWidget* parent) : QWidget(parent) {
    timer_.setInterval(kFrameMilliseconds);
    QObject::connect(&timer_, &QTimer::timeout, this, [this] {
      phase_ = std::fmod(phase_ + 0.012, 1.0);
      update(0, 0, width(), kBarHeight);
    });
  }

  void show(double progress, bool coversContent) {
    progress_ = progress;
    coversContent_ = coversContent;
    QWidget::show();
    raise();
    update();
    if (progress_ < 0)
      timer_.start();
    else
      timer_.stop();
  }

 protected:
  void hideEvent(QHideEvent*) override { timer_.stop(); }

  void paintEvent(QPaintEvent*) override {
    const Theme& theme = Theme::of(this);
    QPainter painter(this);
    if (coversContent_) {
      QColor paper = theme.panel;
      paper.setAlphaF(0.5f);
      painter.fillRect(rect(), paper);
    }
    painter.fillRect(0, 0, width(), kBarHeight, theme.hairline);
    // An unknown end is a piece that runs from left to right.
    const double begin = progress_ >= 0 ? 0 : -0.3 + 1.3 * phase_;
    const double end = progress_ >= 0 ? std::fmin(progress_, 1.0) : begin + 0.3;
    painter.fillRect(QRectF(begin * width(), 0, (end - begin) * width(), kBarHeight), theme.accent);
  }

 private:
  double progress_ = -1, phase_ = 0.35;
  bool coversContent_ = true;
  QTimer timer_;
};

// Icon, sentence and button in the middle.
class StateFrame::Message : public QWidget {
 public:
  Message(Icon emptyIcon, QWidget* parent) : QWidget(parent), emptyIcon_(emptyIcon) {
    picture_ = new QLabel(this);
    picture_->setAlignment(Qt::AlignCenter);
    text_ = new Label({}, TextRole::Body, Tone::Secondary, this);
    text_->setWordWrap(true);
    text_->setAlignment(Qt::AlignCenter);
    button_ = new QPushButton(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addStretch(2);
    layout->addWidget(picture_, 0, Qt::AlignCenter);
    layout->addWidget(text_);
    layout->addWidget(button_, 0, Qt::AlignCenter);
    layout->addStretch(3);
  }

  QPushButton* button() const { return button_; }

  void show(const PanelState& state) {
    phase_ = state.phase;
    text_->setText(state.text);
    text_->setTone(phase_ == PanelPhase::Failed ? Tone::Normal : Tone::Secondary);
    button_->setText(state.action);
    button_->setVisible(!state.action.isEmpty() && phase_ != PanelPhase::Busy);
    button_->setProperty("isPrimary", phase_ == PanelPhase::Empty);
    button_->setIcon(phase_ == PanelPhase::Failed ? icon(Icon::Refresh) : QIcon());
    tint();
    QWidget::show();
  }

 protected:
  void changeEvent(QEvent* event) override {
    if (event->type() == QEvent::PaletteChange) tint();
    QWidget::changeEvent(event);
  }

 private:
  void tint() {
    const Theme& theme = Theme::of(this);
    picture_->setVisible(phase_ != PanelPhase::Busy);
    const bool isFailed = phase_ == PanelPhase::Failed;
    picture_->setPixmap(icon(isFailed ? Icon::Error : emptyIcon_, isFailed ? theme.error : theme.faint)
                            .pixmap(QSize(28, 28), devicePixelRatioF()));
  }

  Icon emptyIcon_;
  PanelPhase phase_ = PanelPhase::Empty;
  QLabel* picture_;
  Label* text_;
  QPushButton* button_;
};

StateFrame::StateFrame(QWidget* content, Icon emptyIcon, QWidget* parent)
    : QWidget(parent), content_(content), message_(new Message(emptyIcon, this)), veil_(new Veil(this)) {
  content_->setParent(this);
  tag_ = new QPushButton(this);
  tag_->setIconSize(QSize(14, 14));
  tag_->setCursor(Qt::PointingHandCursor);
  tag_->hide();
  veil_->hide();
  connect(message_->button(), &QPushButton::clicked, this, &StateFrame::actionRequested);
  connect(tag_, &QPushButton::clicked, this, [this] {
    if (!state_.action.isEmpty()) emit actionRequested();
  });
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  layout->addWidget(content_, 1);
  layout->addWidget(tag_, 0, Qt::AlignRight);
  setState({});
}

void StateFrame::setState(const PanelState& state) {
  const bool hasPicture = state.phase == PanelPhase::Ready || state.phase == PanelPhase::Stale ||
                          (state.phase == PanelPhase::Busy && hasContent_);
  hasContent_ = hasPicture;
  state_ = state;
  content_->setVisible(hasPicture);
  if (hasPicture)
    message_->hide();
  else
    message_->show(state);
  if (state.phase == PanelPhase::Busy)
    veil_->show(state.progress, hasPicture);
  else
    veil_->hide();
  tag_->setVisible(state.phase == PanelPhase::Stale);
  if (state.phase == PanelPhase::Stale) {
    tag_->setIcon(state.action.isEmpty() ? QIcon() : icon(Icon::Refresh));
    tag_->setText(state.action.isEmpty() ? tr("outdated") : tr("outdated, %1").arg(state.action));
    tag_->setToolTip(state.text);
    tag_->setAccessibleName(tag_->text());
  }
  place();
}

void StateFrame::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  place();
}

void StateFrame::place() {
  message_->setGeometry(rect());
  veil_->setGeometry(rect());
}

}  // namespace fw::ui
