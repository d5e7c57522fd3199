// The palette at the cursor: type, arrow, Enter. Also offers what fits a wire that was dropped into the void.
#include "widgets/panels/palette_popup.h"

#include <QGuiApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPainter>
#include <QScreen>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/panels/palette_panel.h"

namespace fw::ui {
namespace {

constexpr int kWidth = 300;
constexpr int kMostListHeight = 320;

}  // namespace

PalettePopup::PalettePopup(QWidget* parent)
    : QFrame(parent, Qt::Popup | Qt::FramelessWindowHint | Qt::NoDropShadowWindowHint) {
  setAttribute(Qt::WA_TranslucentBackground);
  setAccessibleName(tr("Add a block"));
  title_ = new Label({}, TextRole::Secondary, Tone::Dim, this);
  title_->setElided(Qt::ElideRight);
  search_ = new QLineEdit(this);
  search_->setPlaceholderText(tr("Add a block\u2026"));
  search_->setAccessibleName(tr("Search blocks"));
  addSearchIcon(search_);
  list_ = new BlockListView(this);
  list_->setDragEnabled(false);
  list_->setFocusPolicy(Qt::NoFocus);
  nothing_ = new Label(tr("No block fits."), TextRole::Secondary, Tone::Dim, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(10, 10, 6, 8);
  auto* top = new QVBoxLayout;
  top->setContentsMargins(0, 0, 4, 0);
  top->setSpacing(6);
  top->addWidget(title_);
  top->addWidget(search_);
  top->addWidget(nothing_);
  layout->addLayout(top);
  layout->addWidget(list_);
  layout->addStretch();
  search_->installEventFilter(this);
  connect(search_, &QLineEdit::textChanged, this, [this](const QString& text) {
    list_->blocks()->setQuery(text);
    list_->selectFirst();
    fit();
  });
  connect(list_, &QAbstractItemView::clicked, this,
          [this](const QModelIndex& index) { choose(index.data(BlockListModel::IdRole).toString()); });
}

void PalettePopup::open(const QPoint& at, std::vector<BlockEntry> blocks, const QStringList& recent,
                        const QString& title) {
  wasChosen_ = false;
  at_ = at;
  title_->setText(title);
  title_->setVisible(!title.isEmpty());
  search_->clear();
  list_->blocks()->setBlocks(std::move(blocks));
  list_->blocks()->setRecent(recent);
  list_->selectFirst();
  fit();
  show();
  search_->setFocus(Qt::PopupFocusReason);
}

void PalettePopup::fit() {
  const bool isNothing = list_->blocks()->rowCount() == 0;
  nothing_->setVisible(isNothing);
  list_->setVisible(!isNothing);
  const QScreen* screen = QGuiApplication::screenAt(at_);
  const QRect room = (screen ? screen : QGuiApplication::primaryScreen())->availableGeometry();
  list_->setFixedHeight(list_->contentHeight(std::min(kMostListHeight, room.height() / 2)));
  layout()->activate();
  const QSize size(kWidth * std::max(1.0, QFontMetricsF(font()).height() / 18.0),
                   layout()->totalMinimumSize().height());
  resize(size);
  const QPoint corner(std::clamp(at_.x(), room.left(), std::max(room.left(), room.right() - size.width())),
                      std::clamp(at_.y(), room.top(), std::max(room.top(), room.bottom() - size.height())));
  move(corner);
}

void PalettePopup::choose(const QString& id) {
  if (id.isEmpty()) return;
  wasChosen_ = true;
  hide();
  emit chosen(id);
}

bool PalettePopup::eventFilter(QObject* watched, QEvent* event) {
  if (watched != search_ || event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  auto* key = static_cast<QKeyEvent*>(event);
  switch (key->key()) {
    case Qt::Key_Up:
    case Qt::Key_Backtab:
      list_->moveCurrent(-1);
      return true;
    case Qt::Key_Down:
    case Qt::Key_Tab:
      list_->moveCurrent(1);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      choose(list_->currentId());
      return true;
    case Qt::Key_Escape:
      hide();
      return true;
    default:
      return false;
  }
}

void PalettePopup::hideEvent(QHideEvent* event) {
  QFrame::hideEvent(event);
  if (!wasChosen_) emit cancelled();
}

void PalettePopup::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme.nodeBorder, 1));
  painter.setBrush(theme.panel);
  painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

}  // namespace fw::ui
