// The list of blocks that the palette panel and the palette at the cursor share: model, search and painting.
#include "widgets/panels/block_list.h"
#include "widgets/fuzzy.h"

#include <QApplication>
#include <QDrag>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QStyledItemDelegate>
#include <algorithm>

#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr size_t kRecentShown = 4;

void paintBlockRow(QPainter& painter, const QRectF& box, const QString& title, const QList<int>& match,
                   const QString& right, const QColor& strip, const QColor& fill, const Theme& theme,
                   const QColor& border = {}) {
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(border.isValid() ? QPen(border, 1.5) : QPen(Qt::NoPen));
  painter.setBrush(fill);
  painter.drawRoundedRect(border.isValid() ? box.adjusted(0.75, 0.75, -0.75, -0.75) : box, 4, 4);
  painter.setPen(Qt::NoPen);
  painter.setBrush(strip);
  painter.drawRoundedRect(QRectF(box.x(), box.y() + 4, 4, box.height() - 8), 1.5, 1.5);

  const QFont plain = QApplication::font();
  QFont bold = plain;
  bold.setWeight(QFont::Bold);
  painter.setFont(ui::font(TextRole::Secondary));
  const double rightWidth = right.isEmpty() ? 0 : QFontMetricsF(painter.font()).horizontalAdvance(right) + 12;
  if (rightWidth > 0) {
    painter.setPen(theme.dim);
    painter.drawText(box.adjusted(0, 0, -8, 0), Qt::AlignVCenter | Qt::AlignRight, right);
  }
  const double room = box.width() - 14 - 8 - rightWidth;
  const QString shown = QFontMetricsF(plain).elidedText(title, Qt::ElideRight, room);
  painter.setPen(theme.text);
  double x = box.x() + 14;
  // Runs of equal weight, so that kerning stays right inside words.
  for (qsizetype begin = 0; begin < shown.size();) {
    const bool isHit = match.contains(int(begin));
    qsizetype end = begin + 1;
    while (end < shown.size() && match.contains(int(end)) == isHit) ++end;
    const QString run = shown.mid(begin, end - begin);
    painter.setFont(isHit ? bold : plain);
    painter.drawText(QRectF(x, box.y(), box.right() - x, box.height()), Qt::AlignVCenter | Qt::AlignLeft, run);
    x += QFontMetricsF(painter.font()).horizontalAdvance(run);
    begin = end;
  }
}

class BlockDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override {
    const int line = QFontMetrics(QApplication::font()).height();
    const bool isSection = index.data(BlockListModel::IsSectionRole).toBool();
    return QSize(100, isSection ? line + (index.row() == 0 ? 8 : 16) : std::max(26, line + 9) + 3);
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = Theme::of(option.palette);
    painter->save();
    if (index.data(BlockListModel::IsSectionRole).toBool()) {
      painter->setFont(ui::font(TextRole::Section));
      painter->setPen(theme.dim);
      painter->drawText(option.rect.adjusted(2, 0, 0, -4), Qt::AlignBottom | Qt::AlignLeft, index.data().toString());
    } else {
      const bool isCurrent = option.state.testFlag(QStyle::State_Selected);
      const bool isHovered = option.state.testFlag(QStyle::State_MouseOver);
      const bool isFocused = isCurrent && showsFocus(option.widget);
      const auto* model = qobject_cast<const BlockListModel*>(index.model());
      const QString category = index.data(BlockListModel::CategoryRole).toString();
      QString right = model && !model->query().isEmpty() ? category : QString();
      paintBlockRow(*painter, QRectF(option.rect).adjusted(0, 0, -1, -3), index.data().toString(),
                    index.data(BlockListModel::MatchRole).value<QList<int>>(), right, theme.category(category),
                    isCurrent   ? theme.selection
                    : isHovered ? theme.hover
                                : theme.raised,
                    theme, isFocused ? theme.accent : QColor());
    }
    painter->restore();
  }
};

QString sectionTitle(const QString& category) {
  if (category == "mlp") return "MLP";
  return category;
}

}  // namespace

BlockListModel::BlockListModel(QObject* parent) : QAbstractListModel(parent) {}

void BlockListModel::setBlocks(std::vector<BlockEntry> blocks) {
  blocks_ = std::move(blocks);
  refresh();
}

void BlockListModel::setRecent(const QStringList& ids) {
  recent_ = ids;
  refresh();
}

void BlockListModel::setQuery(const QString& query) {
  if (query == query_) return;
  query_ = query;
  refresh();
}

void BlockListModel::refresh() {
  beginResetModel();
  rows_.clear();
  const auto find = [&](const QString& id) {
    for (size_t i = 0; i < blocks_.size(); ++i)
      if (blocks_[i].id == id) return int(i);
    return -1;
  };
  if (query_.trimmed().isEmpty()) {
    std::vector<Row> recent;
    for (const QString& id : recent_)
      if (const int block = find(id); block >= 0 && recent.size() < kRecentShown) recent.push_back({{}, block, {}});
    if (!recent.empty()) {
      rows_.push_back({tr("Recent"), -1, {}});
      rows_.insert(rows_.end(), recent.begin(), recent.end());
    }
    QStringList categories = categoryNames();
    for (const BlockEntry& block : blocks_)
      if (!categories.contains(block.category)) categories << block.category;
    for (const QString& category : categories) {
      bool isFirst = true;
      for (size_t i = 0; i < blocks_.size(); ++i) {
        if (blocks_[i].category != category) continue;
        if (isFirst) rows_.push_back({sectionTitle(category), -1, {}});
        isFirst = false;
        rows_.push_back({{}, int(i), {}});
      }
    }
  } else {
    std::vector<std::pair<int, Row>> found;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const auto match = fuzzyMatch(query_, blocks_[i].title, blocks_[i].synonyms);
      if (!match) continue;
      const qsizetype recency = recent_.indexOf(blocks_[i].id);
      found.push_back(
          {match->score + (recency >= 0 ? std::max(0, 6 - int(recency)) : 0), {{}, int(i), match->positions}});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& entry : found) rows_.push_back(std::move(entry.second));
  }
  endResetModel();
}

int BlockListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

QVariant BlockListModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= int(rows_.size())) return {};
  const Row& row = rows_[size_t(index.row())];
  if (role == IsSectionRole) return row.block < 0;
  if (row.block < 0)
    return role == Qt::DisplayRole || role == Qt::AccessibleTextRole ? QVariant(row.section) : QVariant();
  const BlockEntry& block = blocks_[size_t(row.block)];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      return block.title;
    case Qt::AccessibleDescriptionRole:
      return block.help;
    case Qt::ToolTipRole: {
      QString tip = "<p><b>" + block.title.toHtmlEscaped() + "</b></p><p>" + block.help.toHtmlEscaped() + "</p>";
      if (!block.synonyms.isEmpty())
        tip += "<p>" + tr("Also: %1").arg(block.synonyms.join(", ")).toHtmlEscaped() + "</p>";
      return tip;
    }
    case IdRole:
      return block.id;
    case CategoryRole:
      return block.category;
    case MatchRole:
      return QVariant::fromValue(QList<int>(row.match.begin(), row.match.end()));
    default:
      return {};
  }
}

Qt::ItemFlags BlockListModel::flags(const QModelIndex& index) const {
  if (!index.isValid() || rows_[size_t(index.row())].block < 0) return Qt::NoItemFlags;
  return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled;
}

QStringList BlockListModel::mimeTypes() const { return {kBlockMimeType}; }

QMimeData* BlockListModel::mimeData(const QModelIndexList& indexes) const {
  auto* data = new QMimeData;
  if (!indexes.isEmpty()) data->setData(kBlockMimeType, indexes.first().data(IdRole).toString().toUtf8());
  return data;
}

BlockListView::BlockListView(QWidget* parent) : QListView(parent), model_(new BlockListModel(this)) {
  setModel(model_);
  setItemDelegate(new BlockDelegate(this));
  setFrameShape(QFrame::NoFrame);
  setMouseTracking(true);
  setUniformItemSizes(false);
  setDragEnabled(true);
  setDragDropMode(QAbstractItemView::DragOnly);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setResizeMode(QListView::Adjust);
  setAccessibleName(tr("Blocks"));
  connect(this, &QAbstractItemView::doubleClicked, this, [this](const QModelIndex& index) {
    const QString id = index.data(BlockListModel::IdRole).toString();
    if (!id.isEmpty()) emit chosen(id);
  });
}

QString BlockListView::currentId() const { return currentIndex().data(BlockListModel::IdRole).toString(); }

void BlockListView::selectFirst() {
  setCurrentIndex({});
  moveCurrent(1);
  scrollToTop();
}

void BlockListView::moveCurrent(int direction) {
  const int rows = model_->rowCount();
  int row = currentIndex().isValid() ? currentIndex().row() : direction > 0 ? -1 : rows;
  do row += direction;
  while (row >= 0 && row < rows && !(model_->flags(model_->index(row)) & Qt::ItemIsSelectable));
  if (row < 0 || row >= rows) return;
  setCurrentIndex(model_->index(row));
  scrollTo(currentIndex());
}

void BlockListView::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Up:
      return moveCurrent(-1);
    case Qt::Key_Down:
      return moveCurrent(1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (!currentId().isEmpty()) emit chosen(currentId());
      return;
    default:
      QListView::keyPressEvent(event);
  }
}

void BlockListView::startDrag(Qt::DropActions actions) {
  const QString id = currentId();
  if (id.isEmpty()) return;
  const Theme& theme = Theme::of(this);
  const QString title = currentIndex().data().toString();
  const QSize size(std::min(220, QFontMetrics(QApplication::font()).horizontalAdvance(title) + 30), 28);
  QPixmap picture(size * devicePixelRatioF());
  picture.setDevicePixelRatio(devicePixelRatioF());
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  paintBlockRow(painter, QRectF(QPointF(), size), title, {}, {},
                theme.category(currentIndex().data(BlockListModel::CategoryRole).toString()), theme.raised, theme,
                theme.accent);
  painter.end();
  auto* drag = new QDrag(this);
  drag->setMimeData(model_->mimeData({currentIndex()}));
  drag->setPixmap(picture);
  drag->setHotSpot(QPoint(12, size.height() / 2));
  drag->exec(actions, Qt::CopyAction);
}

}  // namespace fw::ui
