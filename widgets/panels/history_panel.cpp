// The list of edits: done ones, the current one, and those that redo would bring back.
#include "widgets/panels/history_panel.h"

#include <QAbstractListModel>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "widgets/panels/state_frame.h"
#include "widgets/theme.h"

namespace fw::ui {

class HistoryPanel::Model : public QAbstractListModel {
 public:
  explicit Model(HistoryPanel* panel) : QAbstractListModel(panel), panel_(panel) {}

  void show(const HistoryState& state) {
    const bool isSame = state.entries == panel_->state_.entries;
    if (!isSame) beginResetModel();
    panel_->state_ = state;
    if (!isSame)
      endResetModel();
    else if (rowCount() > 0)
      emit dataChanged(index(0), index(rowCount() - 1));
  }
  int rowCount(const QModelIndex& parent = {}) const override {
    return parent.isValid() ? 0 : int(panel_->state_.entries.size());
  }
  QVariant data(const QModelIndex& index, int role) const override {
    const HistoryState& state = panel_->state_;
    if (!index.isValid() || index.row() >= state.entries.size()) return {};
    const QString text = state.entries[index.row()];
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return text;
    if (role != Qt::AccessibleTextRole) return {};
    if (index.row() == state.current) return tr("%1, current").arg(text);
    return index.row() > state.current ? tr("%1, undone").arg(text) : text;
  }

 private:
  HistoryPanel* panel_;
};

class HistoryPanel::Delegate : public QStyledItemDelegate {
 public:
  explicit Delegate(HistoryPanel* panel) : QStyledItemDelegate(panel), panel_(panel) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return QSize(60, std::max(27, QFontMetrics(ui::font(TextRole::Body)).height() + 11));
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = Theme::of(option.palette);
    const HistoryState& state = panel_->state_;
    const bool isCurrent = index.row() == state.current, isUndone = index.row() > state.current;
    const bool isHovered = option.state.testFlag(QStyle::State_MouseOver);
    const bool isFocused = option.state.testFlag(QStyle::State_Selected) && showsFocus(option.widget);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF row = QRectF(option.rect).adjusted(8, 1.5, -8, -1.5);
    if (isCurrent || isHovered || isFocused) {
      painter->setPen(isFocused ? QPen(theme.accent, 1.5) : QPen(Qt::NoPen));
      painter->setBrush(isCurrent ? theme.raised : isHovered ? theme.hover : theme.panel);
      painter->drawRoundedRect(row.adjusted(0.75, 0.75, -0.75, -0.75), 4, 4);
    }
    const QRectF dot(row.x() + 13, row.center().y() - 3, 6, 6);
    painter->setPen(isUndone ? QPen(theme.faint, 1.2) : QPen(Qt::NoPen));
    painter->setBrush(isCurrent ? QBrush(theme.accent) : isUndone ? QBrush(Qt::NoBrush) : QBrush(theme.faint));
    painter->drawEllipse(dot);
    double right = row.right() - 8;
    if (index.row() == state.saved) {
      paintIcon(*painter, Icon::Save, QRectF(right - 12, row.center().y() - 6, 12, 12), theme.dim);
      right -= 18;
    }
    painter->setFont(ui::font(TextRole::Body));
    painter->setPen(isCurrent ? theme.text : isUndone ? theme.dim : theme.secondary);
    const QRectF text(row.x() + 28, row.y(), right - row.x() - 28, row.height());
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                      QFontMetricsF(painter->font()).elidedText(index.data().toString(), Qt::ElideRight, text.width()));
    painter->restore();
  }

 private:
  HistoryPanel* panel_;
};

HistoryPanel::HistoryPanel(QWidget* parent) : QWidget(parent), model_(new Model(this)) {
  setObjectName("historyPanel");
  setAccessibleName(tr("History"));
  list_ = new QListView;
  list_->setModel(model_);
  list_->setItemDelegate(new Delegate(this));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setMouseTracking(true);
  list_->setUniformItemSizes(true);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setAccessibleName(tr("History"));
  frame_ = new StateFrame(list_, Icon::History, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 4, 0, 4);
  layout->addWidget(frame_);
  connect(frame_, &StateFrame::actionRequested, this, &HistoryPanel::actionRequested);
  connect(list_, &QAbstractItemView::clicked, this,
          [this](const QModelIndex& index) { emit goToRequested(index.row()); });
  connect(list_, &QAbstractItemView::activated, this,
          [this](const QModelIndex& index) { emit goToRequested(index.row()); });
}

void HistoryPanel::setState(const HistoryState& state) {
  const bool hasMoved = state.current != state_.current || state.entries.size() != state_.entries.size();
  model_->show(state);
  frame_->setState(state.panel);
  if (state.current < 0 || state.current >= model_->rowCount()) return;
  list_->setCurrentIndex(model_->index(state.current));
  if (hasMoved) list_->scrollTo(list_->currentIndex());
}

}  // namespace fw::ui
