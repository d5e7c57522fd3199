// The list of what is wrong with the model: each problem jumps to its place and may offer a mend.
#include "widgets/panels/problems_panel.h"

#include <QAbstractListModel>
#include <QKeyEvent>
#include <QListView>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "widgets/panels/severity.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {
namespace {

enum Role { PlaceRole = Qt::UserRole, FixRole, SeverityRole };

// Where a row's mend is written; also where it is clicked.
QRectF fixRect(const QRectF& row, const QString& fix) {
  if (fix.isEmpty()) return {};
  const double width = QFontMetricsF(ui::font(TextRole::Secondary)).horizontalAdvance(fix) + 20;
  return QRectF(row.right() - width - 10, row.center().y() - 11, width, 22);
}

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
      case PlaceRole:
        return problem.place;
      case FixRole:
        return problem.fix;
      case SeverityRole:
        return int(problem.severity);
      default:
        return {};
    }
  }

 private:
  std::vector<ProblemEntry> problems_;
};

class ProblemsPanel::Delegate : public QStyledItemDelegate {
 public:
  explicit Delegate(ProblemsPanel* panel) : QStyledItemDelegate(panel), panel_(panel) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return QSize(100, std::max(28, QFontMetrics(ui::font(TextRole::Body)).height() + 12));
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = Theme::of(option.palette);
    const auto severity = Severity(index.data(SeverityRole).toInt());
    const QString fix = index.data(FixRole).toString(), place = index.data(PlaceRole).toString();
    const bool isSelected = option.state.testFlag(QStyle::State_Selected);
    const bool isHovered = option.state.testFlag(QStyle::State_MouseOver);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF row = QRectF(option.rect).adjusted(4, 1, -4, -1);
    if (isSelected || isHovered) {
      const bool isFocused = isSelected && showsFocus(option.widget);
      painter->setPen(isFocused ? QPen(theme.accent, 1.5) : QPen(Qt::NoPen));
      painter->setBrush(isSelected ? theme.selection : theme.hover);
      painter->drawRoundedRect(row.adjusted(0.75, 0.75, -0.75, -0.75), 4, 4);
    }
    paintIcon(*painter, severityIcon(severity), QRectF(row.x() + 8, row.center().y() - 7.5, 15, 15),
              theme.tone(severityTone(severity)));
    double right = row.right() - 10;
    painter->setFont(ui::font(TextRole::Secondary));
    if (!fix.isEmpty()) {
      const QRectF box = fixRect(row, fix);
      painter->setPen(QPen(theme.hairline, 1));
      painter->setBrush(theme.raised);
      painter->drawRoundedRect(box, 4, 4);
      painter->setPen(theme.accent);
      painter->drawText(box, Qt::AlignCenter, fix);
      right = box.left() - 12;
    }
    const QFontMetricsF small(painter->font());
    const double placeWidth = std::min(small.horizontalAdvance(place) + 2, (right - row.x()) * 0.35);
    painter->setPen(isSelected ? theme.text : theme.secondary);
    painter->drawText(QRectF(right - placeWidth, row.y(), placeWidth, row.height()), Qt::AlignVCenter | Qt::AlignRight,
                      small.elidedText(place, Qt::ElideLeft, placeWidth));
    right -= placeWidth + 16;
    painter->setFont(ui::font(TextRole::Body));
    painter->setPen(theme.text);
    const QRectF textRect(row.x() + 32, row.y(), right - row.x() - 32, row.height());
    painter->drawText(
        textRect, Qt::AlignVCenter | Qt::AlignLeft,
        QFontMetricsF(painter->font()).elidedText(index.data().toString(), Qt::ElideRight, textRect.width()));
    painter->restore();
  }

  bool editorEvent(QEvent* event, QAbstractItemModel*, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override {
    if (event->type() != QEvent::MouseButtonRelease) return false;
    auto* mouse = static_cast<QMouseEvent*>(event);
    if (mouse->button() != Qt::LeftButton) return false;
    const QRectF row = QRectF(option.rect).adjusted(4, 1, -4, -1);
    if (fixRect(row, index.data(FixRole).toString()).contains(mouse->position()))
      emit panel_->fixRequested(index.row());
    else
      emit panel_->jumpRequested(index.row());
    return true;
  }

 private:
  ProblemsPanel* panel_;
};

ProblemsPanel::ProblemsPanel(QWidget* parent) : QWidget(parent), model_(new Model(this)) {
  setObjectName("problemsPanel");
  setAccessibleName(tr("Problems"));
  list_ = new QListView;
  list_->setModel(model_);
  list_->setItemDelegate(new Delegate(this));
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
