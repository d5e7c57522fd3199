// The list of what is wrong with the model: each problem jumps to its place and may offer a mend.
#include "widgets/panels/problems_panel.h"

#include <QAbstractListModel>
#include <QListView>
#include <QVBoxLayout>

#include "widgets/panels/list_delegate.h"
#include "widgets/panels/severity.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {
namespace {

QString severityWord(Severity severity) {
  return severity == Severity::Error     ? ProblemsPanel::tr("Error")
         : severity == Severity::Warning ? ProblemsPanel::tr("Warning")
                                         : ProblemsPanel::tr("Note");
}

}  // namespace

class ProblemsPanel::Model : public QAbstractListModel {
 public:
  using QAbstractListModel::QAbstractListModel;

  void set(const std::vector<ProblemEntry>& problems) {
    if (problems == problems_) return;
    beginResetModel();
    problems_ = problems;
    endResetModel();
  }

  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(problems_.size()); }

  QVariant data(const QModelIndex& index, int role) const override {
    if (!index.isValid() || index.row() >= int(problems_.size())) return {};
    const ProblemEntry& problem = problems_[size_t(index.row())];
    switch (role) {
      case Qt::DisplayRole:
      case Qt::ToolTipRole:
        return problem.text;
      case Qt::AccessibleTextRole:
        return severityWord(problem.severity) + ". " + problem.text + " " + problem.place;
      default:
        return {};
    }
  }

 private:
  std::vector<ProblemEntry> problems_;
};

ProblemsPanel::ProblemsPanel(QWidget* parent) : QWidget(parent), model_(new Model(this)) {
  setObjectName("problemsPanel");
  setAccessibleName(tr("Problems"));
  list_ = new QListView;
  list_->setModel(model_);
  auto* delegate = new ListDelegate([this](int row) { return rowAt(row); }, this);
  list_->setItemDelegate(delegate);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setMouseTracking(true);
  list_->setUniformItemSizes(true);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setAccessibleName(tr("Problems"));
  frame_ = new StateFrame(list_, Icon::Check, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 4, 0, 4);
  layout->addWidget(frame_);
  connect(frame_, &StateFrame::actionRequested, this, &ProblemsPanel::actionRequested);
  connect(list_, &QAbstractItemView::activated, this,
          [this](const QModelIndex& index) { emit jumpRequested(index.row()); });
  connect(delegate, &ListDelegate::clicked, this, &ProblemsPanel::jumpRequested);
  connect(delegate, &ListDelegate::actionClicked, this, &ProblemsPanel::fixRequested);
}

ListRow ProblemsPanel::rowAt(int row) const {
  const ProblemEntry& problem = state_.problems.at(size_t(row));
  return {.text = problem.text,
          .icon = severityIcon(problem.severity),
          .markTone = severityTone(problem.severity),
          .place = problem.place,
          .action = problem.fix};
}

void ProblemsPanel::setState(const ProblemsState& state) {
  const int current = list_->currentIndex().row();
  state_ = state;
  model_->set(state.problems);
  if (current >= 0 && current < model_->rowCount()) list_->setCurrentIndex(model_->index(current));
  frame_->setState(state.panel);
}

void ProblemsPanel::go(int direction) {
  const int count = model_->rowCount();
  if (count == 0) return;
  const int current = list_->currentIndex().row();
  const int next = current < 0 ? (direction > 0 ? 0 : count - 1) : (current + direction + count) % count;
  list_->setCurrentIndex(model_->index(next));
  list_->scrollTo(list_->currentIndex());
  emit jumpRequested(next);
}

void ProblemsPanel::next() { go(1); }
void ProblemsPanel::previous() { go(-1); }

}  // namespace fw::ui
