// How redundant the layers are: a heat map, the ranked influence of blocks beside it, and the edit that follows.
#pragma once

#include <QWidget>
#include <cstdint>
#include <set>
#include <vector>

#include "widgets/panels/panel_state.h"
#include "widgets/plots/heat_map.h"

class QButtonGroup;
class QPushButton;
class QScrollArea;

namespace fw::ui {

class BarChart;
class ChoiceField;
class Label;
class StateFrame;

/// What a cell of a map speaks of.
enum class CellMeaning {
  Pair,  // layers `row` and `column`
  Span,  // the row + 1 layers that begin with layer `column`
  Part,  // layer `column`; rows are its parts
};

struct SimilarityMeasure {
  QString id;     // "cka"
  QString title;  // "Linear CKA"
  CellMeaning meaning = CellMeaning::Pair;
  HeatMapData map;
};

/// A part of a layer that may be left out.
struct DropPick {
  QString part;   // "block", "attention", "mlp"
  int layer = 0;  // from 0
  bool operator==(const DropPick&) const = default;
};

/// Influence of one layer's part, and what leaving it out would save.
struct InfluenceEntry {
  int layer = 0;         // from 0; shown from 1
  double value = 0;      // NaN: not measured
  double timeShare = 0;  // of the model's time, 0 to 1; 0: not known
  bool isProposed = false;
  QString part = {};  // where a ranking has several; empty: the ranking's
};

struct InfluenceRanking {
  QString part;    // id in the signal: "block", "attention", "mlp", "joint"
  QString title;   // on the selector: "Attention"
  QString object;  // in the button: "attention" as in "Drop attention in 9, 10"; empty: "Drop layers 9, 10"
  std::vector<InfluenceEntry> entries;  // by layer
};

/// One figure of a model before and after an edit: "perplexity", "2.31", "2.36", "+2 %".
struct BeforeAfter {
  QString title, before, after, change;
  bool isWorse = false;
};

/// What the last drop cost and saved.
struct DropReport {
  QString title;  // "Drop attention in 9, 10"; empty: there was none
  QString text;   // instead of figures: what is being done, or why there are none
  std::vector<BeforeAfter> figures;
};

struct SimilarityState {
  PanelState panel;
  std::vector<SimilarityMeasure> measures;
  std::vector<InfluenceRanking> rankings;
  QString rankingTitle;  // over the bars: "Block influence 1 - cos(x, y)"
  DropReport report;
};

class SimilarityPanel : public QWidget {
  Q_OBJECT
 public:
  explicit SimilarityPanel(QWidget* parent = nullptr);
  void setState(const SimilarityState& state);
  /// Outlines layers (from 0) that are selected on the canvas. Emits nothing.
  void setSelectedLayers(const std::set<int>& layers);
  void setColorMap(ColorMap map);

  HeatMap* heatMap() const { return map_; }
  BarChart* bars() const { return bars_; }
  ChoiceField* measureField() const { return measureField_; }
  QPushButton* dropButton() const { return drop_; }
  ChoiceField* orderField() const { return order_; }
  /// The layers (from 0) that a rectangle of cells of a measure speaks of.
  static std::set<int> layersOf(const SimilarityMeasure& measure, const QRect& cells);

 signals:
  /// Cells were clicked: select these layers (from 0) on the canvas; empty: nothing.
  void layersSelected(const std::set<int>& layers);
  /// The button under the bars: leave these out. With `isIterative` only their number counts: the least of `ranking`
  /// ("block", "attention", "joint") goes, is measured again, and so on.
  void dropRequested(const QString& ranking, const std::vector<DropPick>& picks, bool isIterative);
  void measureChanged(const QString& id);
  /// Compute, recompute or try again.
  void actionRequested();
  /// From the panel's menu.
  void savePictureRequested();
  void saveTableRequested();

 private:
  void showParts();
  void showMeasure();
  void showRanking();
  void showReport();
  const SimilarityMeasure* measure() const;
  const InfluenceRanking* ranking() const;

  SimilarityState state_;
  QString measureId_, part_;
  std::set<int> picked_;    // entries of the ranking that the button would drop
  std::set<int> selected_;  // on the canvas
  ColorMap colorMap_ = ColorMap::Viridis;

  StateFrame* frame_;
  ChoiceField* measureField_;
  HeatMap* map_;
  Label* readout_;
  QWidget* partRow_;
  QButtonGroup* parts_;
  BarChart* bars_;
  QScrollArea* barsScroll_;
  QPushButton* drop_;
  ChoiceField* order_;
  Label* effect_;
  QWidget* report_;
};

}  // namespace fw::ui
