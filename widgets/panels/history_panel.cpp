// The list of edits: done ones, the current one, and those that redo would bring back.
#include "widgets/panels/history_panel.h"

#include <QAbstractListModel>
#include <QListView>
#include <QVBoxLayout>

#include "widgets/panels/list_delegate.h"
#include "widgets/panels/state_frame.h"

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

HistoryPanel::HistoryPanel(QWidget* parent) : QWidget(parent), model_(new Model(this)) {
  setObjectName("historyPanel");
  setAccessibleName(tr("History"));
  list_ = new QListView;
  list_->setModel(model_);
  auto* delegate = new ListDelegate([this](int row) { return rowAt(row); }, this);
  list_->setItemDelegate(delegate);
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
  connect(delegate, &ListDelegate::clicked, this, &HistoryPanel::goToRequested);
  connect(list_, &QAbstractItemView::activated, this,
          [this](const QModelIndex& index) { emit goToRequested(index.row()); });
}

ListRow HistoryPanel::rowAt(int row) const {
  const bool isCurrent = row == state_.current, isUndone = row > state_.current;
  ListRow shown{.text = state_.entries.value(row)};
  shown.tone = isCurrent ? Tone::Normal : isUndone ? Tone::Dim : Tone::Secondary;
  shown.markTone = isCurrent ? Tone::Accent : Tone::Dim;
  shown.isHollow = isUndone;
  shown.isCurrent = isCurrent;
  if (row == state_.saved) shown.badge = Icon::Save;
  return shown;
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
