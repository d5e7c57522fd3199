// Live curves of a training run: accuracy and loss over steps.
#pragma once

#include <QWidget>
#include <cstdint>
#include <vector>

#include "widgets/panels/panel_state.h"

namespace fw::ui {

class CurvePlot;
class SaveButton;
class StateFrame;

struct TrainingState {
  PanelState panel;              // Empty: no run yet, its action is "Train"
  std::vector<double> steps;     // ascending
  std::vector<double> loss;      // as long as steps
  std::vector<double> accuracy;  // as long as steps, NaN where it was not measured; empty: the task has none
  std::vector<double> checkSteps, checkLoss;  // on held-out data; may be empty
  int64_t totalSteps = 0;
  double tokensPerSecond = 0;  // 0: not known
  QString title;               // "Multi-query recall, hybrid-recall"
  QString recipe;              // "AdamW, batch 64, seed 7"
};

class TrainingPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TrainingPanel(QWidget* parent = nullptr);
  void setState(const TrainingState& state);
  /// For savePlot and the report.
  CurvePlot* plot() const { return plot_; }
  SaveButton* saveButton() const { return save_; }
  /// The same curves without a panel, for pictures made with no window open.
  static struct CurvePlotData plotData(const TrainingState& state);

 signals:
  /// The button of the empty state (train) or of a failed run (try again).
  void actionRequested();

 private:
  CurvePlot* plot_;
  StateFrame* frame_;
  SaveButton* save_;
};

}  // namespace fw::ui
