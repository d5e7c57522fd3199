// A list of blocks that pops up at the cursor and is searched by typing.
#include "widgets/canvas/search_palette.h"

#include <QGuiApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QScreen>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "widgets/fuzzy.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr int paletteWidth = 360, rowHeight = 30, mostRows = 10;
constexpr int categoryRole = Qt::UserRole, detailRole = Qt::UserRole + 1;

class RowDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {paletteWidth, rowHeight}; }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = Theme::of(option.palette);
    const QRectF row = QRectF(option.rect).adjusted(6, 1, -6, -1);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (option.state & QStyle::State_Selected) {
      painter->setBrush(theme.selection);
      painter->drawRoundedRect(row, 5, 5);
    }
    const QString category = index.data(categoryRole).toString();
    painter->setBrush(theme.category(category));
    painter->drawRoundedRect(QRectF(row.left() + 8, row.top() + 6, 4, row.height() - 12), 2, 2);
    painter->setFont(ui::font(TextRole::Secondary));
    const QString detail =
        painter->fontMetrics().elidedText(index.data(detailRole).toString(), Qt::ElideLeft, int(row.width() * 0.5));
    const qreal categoryWidth = painter->fontMetrics().horizontalAdvance(detail) + 4;
    painter->setPen(theme.secondary);
    painter->drawText(row.adjusted(0, 0, -10, 0), Qt::AlignVCenter | Qt::AlignRight, detail);
    painter->setFont(ui::font(TextRole::Body));
    painter->setPen(theme.text);
    const QRectF room = row.adjusted(22, 0, -16 - categoryWidth, 0);
    painter->drawText(
        room, Qt::AlignVCenter | Qt::AlignLeft,
        painter->fontMetrics().elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, int(room.width())));
    painter->restore();
  }
};

/// 0 where nothing matches: titles before synonyms, those before categories and ids.
int scoreOf(const PaletteBlock& block, const QString& query) {
  int score = 0;
  const auto look = [&](const QString& words, int rank) {
    if (const auto match = fuzzyMatch(query, words)) score = std::max(score, std::max(1, match->score * 4 - rank));
  };
  look(block.title, 0);
  for (const QString& synonym : block.synonyms) look(synonym, 4);
  look(block.category + ' ' + block.title, 40);
  look(block.id, 60);
  return score;
}

}  // namespace

std::vector<PaletteBlock> searchBlocks(const std::vector<PaletteBlock>& blocks, const QString& query,
                                       const QStringList& recent) {
  std::vector<std::pair<int, const PaletteBlock*>> scored;
  const bool isEmpty = query.trimmed().isEmpty();
  for (const PaletteBlock& block : blocks) {
    int score = isEmpty ? 1 : scoreOf(block, query);
    if (score == 0) continue;
    const qsizetype age = recent.indexOf(block.id);
    if (age >= 0 && age < 5) score += isEmpty ? int(100 - age) : 40;
    scored.push_back({score, &block});
  }
  std::stable_sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<PaletteBlock> found;
  for (const auto& [score, block] : scored) found.push_back(*block);
  return found;
}

SearchPalette::SearchPalette(std::vector<PaletteBlock> blocks, QStringList recent, QWidget* parent,
                             const QString& prompt)
    : QFrame(parent, Qt::Popup | Qt::FramelessWindowHint), blocks_(std::move(blocks)), recent_(std::move(recent)) {
  setAttribute(Qt::WA_DeleteOnClose);
  setObjectName("searchPalette");
  setAccessibleName(prompt.isEmpty() ? tr("Add block") : prompt);
  setFrameShape(QFrame::NoFrame);
  query_ = new QLineEdit(this);
  query_->setPlaceholderText(prompt.isEmpty() ? tr("Search blocks…") : prompt);
  query_->setAccessibleName(query_->placeholderText());
  query_->setClearButtonEnabled(true);
  list_ = new QListWidget(this);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setItemDelegate(new RowDelegate(list_));
  list_->setUniformItemSizes(true);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setMouseTracking(true);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("Found"));
  help_ = new QLabel(this);
  help_->setWordWrap(true);
  help_->setFont(ui::font(TextRole::Secondary));
  help_->setForegroundRole(paletteRole(Tone::Secondary));
  help_->setMargin(8);
  help_->setMinimumHeight(2 * help_->fontMetrics().height() + 16);
  help_->setAlignment(Qt::AlignTop | Qt::AlignLeft);

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(1, 1, 1, 1);
  layout->setSpacing(0);
  auto* top = new QVBoxLayout;
  top->setContentsMargins(8, 8, 8, 6);
  top->addWidget(query_);
  layout->addLayout(top);
  layout->addWidget(list_);
  layout->addWidget(help_);
  setFixedWidth(paletteWidth);
  list_->setFixedHeight(rowHeight * std::clamp(int(blocks_.size()), 3, mostRows) +
                        2);  // for good: it must not jump while one types

  query_->installEventFilter(this);
  setFocusProxy(query_);
  connect(query_, &QLineEdit::textChanged, this, &SearchPalette::search);
  connect(list_, &QListWidget::currentRowChanged, this, &SearchPalette::showHelp);
  connect(list_, &QListWidget::itemEntered, this, [this](QListWidgetItem* item) { list_->setCurrentItem(item); });
  connect(list_, &QListWidget::itemClicked, this, &SearchPalette::choose);
  search();
}

void SearchPalette::popUp(QPoint global) {
  adjustSize();
  const QScreen* screen = QGuiApplication::screenAt(global);
  if (!screen) screen = QGuiApplication::primaryScreen();
  const QRect room = screen->availableGeometry();
  const QSize size = this->size();
  global.setX(std::clamp(global.x(), room.left(), std::max(room.left(), room.right() - size.width())));
  global.setY(std::clamp(global.y(), room.top(), std::max(room.top(), room.bottom() - size.height())));
  move(global);
  show();
  query_->setFocus(Qt::PopupFocusReason);
}

void SearchPalette::search() {
  found_ = searchBlocks(blocks_, query_->text(), recent_);
  list_->clear();
  for (const PaletteBlock& block : found_) {
    auto* item = new QListWidgetItem(block.title, list_);
    item->setData(categoryRole, block.category);
    item->setData(detailRole, block.detail.isEmpty() ? block.category : block.detail);
  }
  if (!found_.empty()) list_->setCurrentRow(0);
  showHelp();
}

void SearchPalette::showHelp() {
  const int row = list_->currentRow();
  if (found_.empty())
    help_->setText(blocks_.empty() ? tr("No block fits here.") : tr("Nothing is called \"%1\".").arg(query_->text()));
  else
    help_->setText(row >= 0 && size_t(row) < found_.size() ? found_[size_t(row)].help : QString());
}

void SearchPalette::choose() {
  const int row = list_->currentRow();
  if (row < 0 || size_t(row) >= found_.size()) return;
  const QString id = found_[size_t(row)].id;
  emit chosen(id);
  close();
}

bool SearchPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched != query_ || event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const int rows = list_->count(), row = list_->currentRow();
  switch (key->key()) {
    case Qt::Key_Down:
    case Qt::Key_Tab:
      list_->setCurrentRow(rows == 0 ? -1 : (row + 1) % rows);
      return true;
    case Qt::Key_Up:
    case Qt::Key_Backtab:
      list_->setCurrentRow(rows == 0 ? -1 : (row + rows - 1) % rows);
      return true;
    case Qt::Key_PageDown:
      list_->setCurrentRow(std::min(rows - 1, row + mostRows));
      return true;
    case Qt::Key_PageUp:
      list_->setCurrentRow(std::max(std::min(rows - 1, 0), row - mostRows));
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      choose();
      return true;
    case Qt::Key_Escape:
      close();
      return true;
    default:
      return false;
  }
}

void SearchPalette::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = Theme::of(this);
  painter.fillRect(rect(), theme.panel);
  painter.setPen(theme.nodeBorder);
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void SearchPalette::hideEvent(QHideEvent* event) {
  QFrame::hideEvent(event);
  emit closed();
}

}  // namespace fw::ui
