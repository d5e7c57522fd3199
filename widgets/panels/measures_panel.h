// Any analysis: which one, its options, and its results as maps and bars.
#pragma once

#include <QWidget>
#include <set>
#include <vector>

#include "widgets/forms/param_form.h"
#include "widgets/panels/panel_state.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/curve_plot.h"
#include "widgets/plots/heat_map.h"

class QPushButton;
class QScrollArea;
class QSlider;
class QStackedWidget;

namespace fw::ui {

class ChoiceField;
class FrameTiles;
class Label;
class MatrixView;
class SaveButton;
class StateFrame;

/// Curves where there are some, a map where it is not empty, else bars.
struct MeasureResult {
  QString id, title;
  HeatMapData map;
  std::vector<HeatMapData> frames;  // instead of the one map: one for each head or step
  QString frameTitle;               // "head", "step"
  QStringList frameLabels;
  CurvePlotData curves;
  BarChartData bars;
  std::vector<int> barLayers;  // the layer (from 0) of each bar; -1: none
};

struct MeasureChoice {
  QString id, title, help;
};

struct MeasuresState {
  PanelState panel;
  std::vector<MeasureChoice> analyses;
  QString analysis;  // the chosen one
  std::vector<ParamField> options;
  std::vector<MeasureResult> results;
  QString recipe;
  QString warning;           // sentences; empty: none
  int deadUnits = 0;         // that may be pruned
  QString mixture;           // "2 of 8": parts of the width that all tokens would share; empty: no such proposal
  int forkLayer = -1;        // the layer (from 0) before which the model may be forked; -1: no such proposal
  bool isComparing = false;  // the analysis can be set against other models
  bool hasSteps = false;     // and the last training kept its steps
};

class MeasuresPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MeasuresPanel(QWidget* parent = nullptr);
  void setState(const MeasuresState& state);

  ChoiceField* analysisField() const { return analysisField_; }
  ChoiceField* resultField() const { return resultField_; }
  QPushButton* computeButton() const { return compute_; }
  ParamForm* form() const { return form_; }
  HeatMap* heatMap() const { return map_; }
  /// Takes the place of the heat map where there are more cells than pixels.
  MatrixView* matrixView() const { return matrix_; }
  BarChart* bars() const { return bars_; }
  /// The plot that is shown.
  const Plot* plot() const;
  SaveButton* saveButton() const { return save_; }
  CurvePlot* curves() const { return curves_; }
  FrameTiles* tiles() const { return tiles_; }
  QSlider* slider() const { return slider_; }
  QPushButton* forkButton() const { return fork_; }
  QPushButton* mixtureButton() const { return mixture_; }
  QPushButton* stepsButton() const { return steps_; }

 signals:
  void analysisChosen(const QString& id);
  void optionEdited(const QString& name, const fw::ParamValue& value, bool isFinal);
  /// Compute, recompute or try again.
  void actionRequested();
  /// Over the steps of the last training; against a recording or another model; record what is looked at.
  void stepsRequested();
  void againstRequested();
  void recordRequested();
  /// Split the layers from this one (from 0) on into a branch for each modality.
  void forkRequested(int layer);
  /// Cut the units that never fire.
  void pruneRequested();
  /// Turn the model into a mixture of hidden dimensions.
  void mixtureRequested();
  /// A bar was clicked: select this layer (from 0) on the canvas.
  void layersSelected(const std::set<int>& layers);

 private:
  void showResult();
  void showFrame(int index);
  void showMap(const HeatMapData& map);
  const MeasureResult* result() const;

  MeasuresState state_;
  QString resultId_;
  ChoiceField* analysisField_;
  Label* help_;
  ParamForm* form_;
  QPushButton* compute_;
  StateFrame* frame_;
  ChoiceField* resultField_;
  Label* readout_;
  SaveButton* save_;
  QStackedWidget* plots_;
  HeatMap* map_;
  MatrixView* matrix_;
  BarChart* bars_;
  CurvePlot* curves_;
  FrameTiles* tiles_;
  QScrollArea* tilesArea_;
  QWidget* frameRow_;
  QSlider* slider_;
  Label* frameText_;
  QPushButton *fork_, *prune_, *mixture_, *steps_, *against_, *record_;
  Label* recipe_;
  Label* warning_;
};

}  // namespace fw::ui
