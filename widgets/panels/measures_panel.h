// Any analysis: which one, its options, and its results as maps and bars.
#pragma once

#include <QWidget>
#include <set>
#include <vector>

#include "widgets/forms/param_form.h"
#include "widgets/panels/panel_state.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/heat_map.h"

class QPushButton;
class QStackedWidget;

namespace fw::ui {

class ChoiceField;
class Label;
class SaveButton;
class StateFrame;

/// A map, or bars where `map` is empty.
struct MeasureResult {
  QString id, title;
  HeatMapData map;
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
  QString warning;  // sentences; empty: none
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
  BarChart* bars() const { return bars_; }
  /// The plot that is shown.
  const Plot* plot() const;
  SaveButton* saveButton() const { return save_; }

 signals:
  void analysisChosen(const QString& id);
  void optionEdited(const QString& name, const fw::ParamValue& value, bool isFinal);
  /// Compute, recompute or try again.
  void actionRequested();
  /// A bar was clicked: select this layer (from 0) on the canvas.
  void layersSelected(const std::set<int>& layers);

 private:
  void showResult();
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
  BarChart* bars_;
  Label* recipe_;
  Label* warning_;
};

}  // namespace fw::ui
