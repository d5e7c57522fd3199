// The inspector: a form of the selected nodes' parameters, their weights, cost, live shapes and problems.
#pragma once

#include <QStringList>
#include <QWidget>
#include <optional>
#include <vector>

#include "engine/arch/diagnostic.h"
#include "widgets/forms/param_form.h"
#include "widgets/panels/panel_state.h"

class QLineEdit;
class QScrollArea;
class QVBoxLayout;

namespace fw::ui {

class Label;
class StateFrame;

/// How the weights of the selection are made: the card with the chip.
struct WeightCard {
  QString title;    // "Tied x4 + LoRA rank 8", "Dense"
  int series = -1;  // chip colour of the group (Theme::series); -1: no group, no chip
  QString change;   // "-61 %" against dense; empty: none
  bool isGood = true;
  struct Choice {
    QString id, title, help;
    bool isCurrent = false;
  };
  std::vector<Choice> choices;     // policies and groups to change to
  std::vector<ParamField> params;  // of the policy: rank, count
};

struct CostRow {
  QString name, value, toolTip;
};

struct PortRow {
  QString name;
  bool isOutput = false;
  QString dims;   // "B T D"
  QString shape;  // "1 x 1 024 x 512"; empty: not known
  QString error;  // a sentence
};

struct InspectorProblem {
  Severity severity = Severity::Error;
  QString text;
  QString fix;  // title of its mend; empty: none
};

struct InspectorState {
  PanelState panel;  // Empty: nothing is selected
  QString subject;   // identifies the selection; a typed text is kept only while it stays
  QString title;     // "Grouped-query attention", "3 blocks"
  QString subtitle;  // "layers.*.attention, 12 copies"
  QString category;  // colour of the strip; empty: none
  QString name;      // module path segment, editable; empty: not shown
  QString help, paper;
  std::vector<ParamField> fields;
  std::optional<WeightCard> weights;
  QString costTitle;  // "Cost (B 1, T 1 024)"
  std::vector<CostRow> costs;
  std::vector<PortRow> ports;
  std::vector<InspectorProblem> problems;
};

class InspectorPanel : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPanel(QWidget* parent = nullptr);
  void setState(const InspectorState& state);
  const InspectorState& state() const { return state_; }
  ParamForm* form() const { return form_; }
  /// Scrolls to a parameter and gives it the keyboard; used when a problem of it is clicked.
  void focusParam(const QString& name);

 signals:
  /// isFinal false while a gesture goes on; up to the final one they are one step of undo.
  void paramEdited(const QString& name, const fw::ParamValue& value, bool isFinal);
  /// The title of a parameter was clicked with the right button.
  void paramMenuRequested(const QString& name, const QPoint& global);
  void weightParamEdited(const QString& name, const fw::ParamValue& value, bool isFinal);
  void weightsChosen(const QString& id);
  void renamed(const QString& name);
  void problemActivated(int index);
  void fixRequested(int index);
  void actionRequested();

 private:
  class Card;
  void showHead();
  void showProblems();
  void showWeights();
  void showRows();

  InspectorState state_;
  StateFrame* frame_;
  QScrollArea* scroll_;
  QWidget* strip_;
  Label* title_;
  Label* subtitle_;
  QWidget* nameRow_;
  QLineEdit* name_;
  QWidget* problems_;
  QVBoxLayout* problemsLayout_;
  ParamForm* form_;
  QWidget* weightsSection_;
  Card* card_;
  ParamForm* weightsForm_;
  QWidget* costSection_;
  Label* costTitle_;
  QVBoxLayout* costLayout_;
  QWidget* portsSection_;
  QVBoxLayout* portsLayout_;
  QWidget* helpSection_;
  Label* help_;
  Label* paper_;
};

}  // namespace fw::ui
