// Live curves of a training run: accuracy and loss over steps.
#include "widgets/panels/training_panel.h"

#include <QGridLayout>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"
#include "widgets/panels/save_button.h"
#include "widgets/panels/state_frame.h"
#include "widgets/plots/curve_plot.h"

namespace fw::ui {

TrainingPanel::TrainingPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("trainingPanel");
  setAccessibleName(tr("Training"));
  plot_ = new CurvePlot;
  plot_->setAccessibleName(tr("Training curves"));
  frame_ = new StateFrame(plot_, Icon::Chart, this);
  save_ = new SaveButton(this);
  auto* layout = new QGridLayout(this);
  layout->setContentsMargins(14, 12, 14, 8);
  layout->addWidget(frame_, 0, 0);
  layout->addWidget(save_, 0, 1, Qt::AlignTop);
  connect(frame_, &StateFrame::actionRequested, this, &TrainingPanel::actionRequested);
}

CurvePlotData TrainingPanel::plotData(const TrainingState& state) {
  CurvePlotData data;
  data.xTitle = tr("steps");
  data.xMaximum = double(state.totalSteps);
  data.title = state.title;
  data.recipe = state.recipe;
  const bool hasAccuracy =
      std::any_of(state.accuracy.begin(), state.accuracy.end(), [](double value) { return !std::isnan(value); });
  const CurveAxis lossAxis = hasAccuracy ? CurveAxis::Right : CurveAxis::Left;
  if (hasAccuracy) data.curves.push_back({tr("accuracy"), {}, state.steps, state.accuracy, CurveAxis::Left, 0, true});
  QString speed;
  if (state.tokensPerSecond > 0) speed = tr("%1 tokens/s").arg(formatCount(state.tokensPerSecond));
  data.curves.push_back({tr("loss"), speed, state.steps, state.loss, lossAxis, 1, false});
  if (!state.checkSteps.empty())
    data.curves.push_back({tr("held-out loss"), {}, state.checkSteps, state.checkLoss, lossAxis, 2, false});
  return data;
}

void TrainingPanel::setState(const TrainingState& state) {
  plot_->setData(plotData(state));
  save_->setVisible(!state.steps.empty());
  frame_->setState(state.panel);
}

}  // namespace fw::ui
