// Long work under way: title, progress, what it is doing, and a way to stop it.
#include "widgets/panels/jobs_panel.h"

#include <QGridLayout>
#include <QProgressBar>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <cmath>
#include <set>

#include "widgets/forms/label.h"
#include "widgets/icons.h"
#include "widgets/number_format.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {

class JobsPanel::Row : public QWidget {
 public:
  Row(JobsPanel* panel, const QString& key) : QWidget(panel) {
    title_ = new Label({}, TextRole::Body, Tone::Normal, this);
    title_->setElided(Qt::ElideRight);
    share_ = new Label({}, TextRole::Secondary, Tone::Secondary, this);
    text_ = new Label({}, TextRole::Secondary, Tone::Secondary, this);
    text_->setWordWrap(true);
    bar_ = new QProgressBar(this);
    bar_->setRange(0, 1000);
    bar_->setTextVisible(false);
    button_ = new QToolButton(this);
    button_->setAutoRaise(true);
    button_->setIcon(icon(Icon::Close));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(14, 6, 8, 6);
    grid->setHorizontalSpacing(10);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(0, 1);
    grid->addWidget(title_, 0, 0);
    grid->addWidget(share_, 0, 1);
    grid->addWidget(bar_, 1, 0, 1, 2);
    grid->addWidget(text_, 2, 0, 1, 2);
    grid->addWidget(button_, 0, 2, 3, 1, Qt::AlignVCenter);
    QObject::connect(button_, &QToolButton::clicked, panel, [this, panel, key] {
      const bool isOver = phase_ == JobPhase::Done || phase_ == JobPhase::Failed;
      if (isOver)
        emit panel->dismissRequested(key);
      else
        emit panel->cancelRequested(key);
    });
  }

  void show(const JobEntry& job) {
    phase_ = job.phase;
    const bool isOver = job.phase == JobPhase::Done || job.phase == JobPhase::Failed;
    title_->setText(job.title);
    bar_->setVisible(!isOver);
    bar_->setValue(job.progress < 0 ? 0 : int(std::lround(std::fmin(job.progress, 1.0) * 1000)));
    bar_->setAccessibleName(job.title);
    share_->setText(job.phase == JobPhase::Done  ? tr("done")
                    : isOver || job.progress < 0 ? QString()
                                                 : formatPercent(std::round(job.progress * 100) / 100));
    share_->setTone(job.phase == JobPhase::Done ? Tone::Good : Tone::Secondary);
    text_->setTone(job.phase == JobPhase::Failed ? Tone::Error : Tone::Secondary);
    text_->setText(job.phase == JobPhase::Cancelling ? tr("Stopping\u2026")
                   : job.phase == JobPhase::Waiting  ? tr("Waiting")
                                                     : job.text);
    text_->setVisible(!text_->text().isEmpty());
    button_->setEnabled(job.phase != JobPhase::Cancelling);
    const QString action = isOver ? tr("Take %1 off the list").arg(job.title) : tr("Cancel %1").arg(job.title);
    button_->setToolTip(action);
    button_->setAccessibleName(action);
  }

 private:
  static QString tr(const char* text) { return JobsPanel::tr(text); }

  JobPhase phase_ = JobPhase::Running;
  Label* title_;
  Label* share_;
  Label* text_;
  QProgressBar* bar_;
  QToolButton* button_;
};

JobsPanel::JobsPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("jobsPanel");
  setAccessibleName(tr("Jobs"));
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* body = new QWidget;
  list_ = new QVBoxLayout(body);
  list_->setContentsMargins(0, 4, 0, 4);
  list_->setSpacing(2);
  list_->addStretch();
  scroll->setWidget(body);
  frame_ = new StateFrame(scroll, Icon::Jobs, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(frame_);
  connect(frame_, &StateFrame::actionRequested, this, &JobsPanel::actionRequested);
}

JobsPanel::~JobsPanel() = default;

void JobsPanel::setState(const JobsState& state) {
  std::set<QString> kept;
  int place = 0;
  for (const JobEntry& job : state.jobs) {
    kept.insert(job.key);
    Row*& row = rows_[job.key];
    if (!row) row = new Row(this, job.key);
    row->show(job);
    if (list_->indexOf(row) != place) {
      list_->removeWidget(row);
      list_->insertWidget(place, row);
    }
    ++place;
  }
  for (auto at = rows_.begin(); at != rows_.end();) {
    if (kept.count(at->first)) {
      ++at;
      continue;
    }
    at->second->hide();
    at->second->deleteLater();
    at = rows_.erase(at);
  }
  frame_->setState(state.panel);
}

}  // namespace fw::ui
