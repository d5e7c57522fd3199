// What a model costs on a device, and trained models against each other: analyses of cost, their options and pictures.
#pragma once

#include <QWidget>
#include <set>
#include <vector>

#include "widgets/forms/param_form.h"
#include "widgets/panels/panel_state.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/curve_plot.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/plots/scatter_plot.h"

class QPushButton;
class QStackedWidget;

namespace fw::ui {

class ChoiceField;
class Label;
class SaveButton;
class StateFrame;

/// One picture; of its parts the one that is not empty is shown.
struct TradeOffResult {
  QString id, title;
  ScatterData scatter;
  ParallelData parallel;
  CurvePlotData curves;
  BarChartData bars;
  QStringList models;           // that points and lines stand for, to be opened; empty: none
  std::vector<qint64> origins;  // document nodes of points or bars; 0: none
};

struct TradeOffChoice {
  QString id, title, help;
};

struct TradeOffState {
  PanelState panel;
  std::vector<TradeOffChoice> analyses;
  QString analysis;  // the chosen one
  std::vector<ParamField> options;
  std::vector<TradeOffResult> results;
  QString recipe;
  QString warning;
  QString calibration;    // a sentence on how this machine was measured
  bool isOfRuns = false;  // looks at folders of runs
  QString folder;         // of those runs
};

class TradeOffPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TradeOffPanel(QWidget* parent = nullptr);
  void setState(const TradeOffState& state);

  ChoiceField* analysisField() const { return analysisField_; }
  ChoiceField* resultField() const { return resultField_; }
  QPushButton* computeButton() const { return compute_; }
  QPushButton* calibrateButton() const { return calibrate_; }
  QPushButton* openButton() const { return open_; }
  QPushButton* compareButton() const { return compare_; }
  ParamForm* form() const { return form_; }
  SaveButton* saveButton() const { return save_; }
  ScatterPlot* scatter() const { return scatter_; }
  ParallelPlot* parallel() const { return parallel_; }
  BarChart* bars() const { return bars_; }
  CurvePlot* curves() const { return curves_; }

 signals:
  void analysisChosen(const QString& id);
  void optionEdited(const QString& name, const fw::ParamValue& value, bool isFinal);
  /// Compute, recompute or try again.
  void actionRequested();
  void calibrationRequested();
  /// Look for runs in another folder.
  void folderRequested();
  /// The chosen point's model: open it, or set it against the document.
  void openRequested(const QString& model);
  void compareRequested(const QString& model);
  /// A point or bar that stands for a node of the document was clicked.
  void nodeChosen(qint64 node);

 private:
  void showResult();
  void choose(int index);
  void read(int index);
  const TradeOffResult* result() const;

  TradeOffState state_;
  QString resultId_;
  QString model_;  // of the chosen point
  ChoiceField* analysisField_;
  Label* help_;
  ParamForm* form_;
  QPushButton *compute_, *calibrate_, *folder_, *open_, *compare_;
  Label* calibration_;
  StateFrame* frame_;
  ChoiceField* resultField_;
  Label* readout_;
  SaveButton* save_;
  QStackedWidget* plots_;
  ScatterPlot* scatter_;
  ParallelPlot* parallel_;
  CurvePlot* curves_;
  BarChart* bars_;
  Label* recipe_;
  Label* warning_;
};

}  // namespace fw::ui
