// The list of what is wrong with the model: each problem jumps to its place and may offer a mend.
#pragma once

#include <QWidget>
#include <vector>

#include "engine/arch/diagnostic.h"
#include "widgets/panels/panel_state.h"

class QListView;

namespace fw::ui {

class StateFrame;
struct ListRow;

struct ProblemEntry {
  Severity severity = Severity::Error;
  QString text;   // a sentence
  QString place;  // "layers/attention"
  QString fix;    // title of its mend: "Set heads to 8"; empty: none
  bool operator==(const ProblemEntry&) const = default;
};

struct ProblemsState {
  PanelState panel;  // Empty: no problems
  std::vector<ProblemEntry> problems;
};

class ProblemsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ProblemsPanel(QWidget* parent = nullptr);
  void setState(const ProblemsState& state);
  const ProblemsState& state() const { return state_; }
  /// F8 and Shift+F8: makes the next problem (round the end) current and jumps to it.
  void next();
  void previous();
  QListView* list() const { return list_; }

 signals:
  void jumpRequested(int index);
  void fixRequested(int index);
  void actionRequested();

 private:
  class Model;
  ListRow rowAt(int row) const;
  void go(int direction);

  ProblemsState state_;
  Model* model_;
  QListView* list_;
  StateFrame* frame_;
};

}  // namespace fw::ui
