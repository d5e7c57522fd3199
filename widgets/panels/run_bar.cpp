// The run bar: task, device and steps; train, pause and stop; how far the run is and how long it still takes.
#include "widgets/panels/run_bar.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QPushButton>
#include <QStandardItemModel>

#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/icons.h"
#include "widgets/number_format.h"

namespace fw::ui {
namespace {

void fill(ChoiceField* field, const std::vector<RunChoice>& choices, const QString& current) {
  bool isSame = field->count() == int(choices.size());
  for (int i = 0; isSame && i < field->count(); ++i)
    isSame = field->itemData(i).toString() == choices[size_t(i)].id && field->itemText(i) == choices[size_t(i)].title;
  if (!isSame) {
    field->clear();
    for (const RunChoice& choice : choices) field->addChoice(choice.id, choice.title, choice.help);
  }
  auto* model = qobject_cast<QStandardItemModel*>(field->model());
  for (int i = 0; i < int(choices.size()) && model; ++i) model->item(i)->setEnabled(choices[size_t(i)].isAvailable);
  field->setChoice(current);
  for (const RunChoice& choice : choices)
    if (choice.id == current) field->setToolTip(choice.help);
}

}  // namespace

RunBar::RunBar(QWidget* parent) : QWidget(parent) {
  setObjectName("runBar");
  setAccessibleName(tr("Run"));
  task_ = new ChoiceField(this);
  task_->setAccessibleName(tr("Task"));
  task_->setMinimumContentsLength(16);
  device_ = new ChoiceField(this);
  device_->setAccessibleName(tr("Device"));
  device_->setMinimumContentsLength(13);
  steps_ = new NumberField(intParam("steps", 2000).range(1, 1e9), this);
  steps_->setAccessibleName(tr("Steps"));
  steps_->setFixedWidth(fontMetrics().horizontalAdvance("0000000000"));
  train_ = new QPushButton(this);
  train_->setProperty("isPrimary", true);
  stop_ = new QPushButton(this);
  stop_->setIcon(icon(Icon::Stop));
  stop_->setAccessibleName(tr("Stop"));
  stop_->setToolTip(tr("Stop the run; what it has learned stays."));
  progress_ = new QWidget(this);
  step_ = new Label({}, TextRole::Secondary, Tone::Secondary, progress_);
  bar_ = new QProgressBar(progress_);
  bar_->setRange(0, 1000);
  bar_->setTextVisible(false);
  bar_->setFixedHeight(6);
  bar_->setMinimumWidth(120);
  bar_->setAccessibleName(tr("Progress of the run"));
  left_ = new Label({}, TextRole::Secondary, Tone::Secondary, progress_);
  auto* column = new QVBoxLayout;
  column->setSpacing(2);
  column->addWidget(step_);
  column->addWidget(bar_);
  auto* progressLayout = new QHBoxLayout(progress_);
  progressLayout->setContentsMargins(8, 0, 0, 0);
  progressLayout->setSpacing(10);
  progressLayout->addLayout(column);
  progressLayout->addWidget(left_, 0, Qt::AlignBottom);

  const auto addPair = [this](QHBoxLayout* layout, const QString& title, QWidget* field) {
    auto* label = new Label(title, TextRole::Body, Tone::Secondary, this);
    label->setBuddy(field);
    layout->addWidget(label);
    layout->addWidget(field);
    layout->addSpacing(8);
  };
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(8);
  addPair(layout, tr("Task"), task_);
  addPair(layout, tr("Device"), device_);
  addPair(layout, tr("Steps"), steps_);
  layout->addWidget(train_);
  layout->addWidget(stop_);
  layout->addWidget(progress_);

  connect(task_, &ChoiceField::chosen, this, &RunBar::taskChosen);
  connect(device_, &ChoiceField::chosen, this, &RunBar::deviceChosen);
  connect(steps_, &NumberField::edited, this, [this](const ParamValue& value, bool isFinal) {
    const auto* steps = std::get_if<int64_t>(&value);
    if (isFinal && steps)
      emit stepsChosen(std::clamp<qint64>(*steps, 1, 1'000'000'000));
    else if (isFinal)
      steps_->setValue(state_.steps);
  });
  connect(train_, &QPushButton::clicked, this, [this] {
    switch (state_.phase) {
      case RunPhase::Idle:
        emit trainRequested();
        break;
      case RunPhase::Starting:
      case RunPhase::Running:
        emit pauseRequested();
        break;
      case RunPhase::Paused:
        emit resumeRequested();
        break;
      case RunPhase::Stopping:
        break;
    }
  });
  connect(stop_, &QPushButton::clicked, this, &RunBar::stopRequested);
  setState({});
}

void RunBar::setState(const RunState& state) {
  state_ = state;
  const bool isIdle = state.phase == RunPhase::Idle;
  fill(task_, state.tasks, state.task);
  fill(device_, state.devices, state.device);
  task_->setEnabled(isIdle);
  device_->setEnabled(isIdle);
  steps_->setEnabled(isIdle);
  steps_->setValue(state.steps);

  // The width of the longest of the words, so that the bar does not jump.
  const bool isTraining = state.phase == RunPhase::Running || state.phase == RunPhase::Starting;
  const QString word = isTraining ? tr("Pause") : state.phase == RunPhase::Paused ? tr("Resume") : tr("Train");
  train_->setText(word);
  train_->setAccessibleName(word);
  train_->setIcon(icon(isTraining ? Icon::Pause : Icon::Play, Theme::dark().onAccent));
  train_->setEnabled((state.canTrain || !isIdle) && state.phase != RunPhase::Stopping &&
                     state.phase != RunPhase::Starting);
  train_->setToolTip(state.canTrain || !isIdle ? QString() : state.reason);
  int widest = 0;
  for (const QString& each : {tr("Pause"), tr("Resume"), tr("Train")})
    widest = std::max(widest, fontMetrics().horizontalAdvance(each));
  train_->setMinimumWidth(widest + 60);
  stop_->setEnabled(!isIdle && state.phase != RunPhase::Stopping);

  const bool hasProgress = !isIdle || state.step > 0;
  QSizePolicy policy = progress_->sizePolicy();
  policy.setRetainSizeWhenHidden(true);
  progress_->setSizePolicy(policy);
  progress_->setVisible(hasProgress);
  step_->setText(state.phase == RunPhase::Starting ? tr("starting\u2026")
                 : state.phase == RunPhase::Stopping
                     ? tr("stopping\u2026")
                     : tr("step %1 / %2").arg(formatInteger(state.step), formatInteger(state.steps)));
  bar_->setValue(state.steps > 0 ? int(std::min<int64_t>(1000, state.step * 1000 / state.steps)) : 0);
  left_->setText(isIdle                            ? QString()
                 : state.phase == RunPhase::Paused ? tr("paused")
                 : state.secondsLeft < 0           ? QString()
                                                   : tr("%1 left").arg(formatClock(state.secondsLeft)));
  left_->setMinimumWidth(left_->fontMetrics().horizontalAdvance(tr("%1 left").arg("00:00")));
}

}  // namespace fw::ui
