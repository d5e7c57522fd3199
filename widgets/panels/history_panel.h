// The list of edits: done ones, the current one, and those that redo would bring back.
#pragma once

#include <QStringList>
#include <QWidget>

#include "widgets/panels/panel_state.h"

class QListView;

namespace fw::ui {

class StateFrame;
struct ListRow;

struct HistoryState {
  PanelState panel;
  QStringList entries;  // oldest first
  int current = -1;     // index of the entry that the document stands at
  int saved = -1;       // index of the entry that is on disk; -1: none
};

class HistoryPanel : public QWidget {
  Q_OBJECT
 public:
  explicit HistoryPanel(QWidget* parent = nullptr);
  void setState(const HistoryState& state);
  const HistoryState& state() const { return state_; }
  QListView* list() const { return list_; }

 signals:
  void goToRequested(int index);
  void actionRequested();

 private:
  class Model;
  ListRow rowAt(int row) const;

  HistoryState state_;
  Model* model_;
  QListView* list_;
  StateFrame* frame_;
};

}  // namespace fw::ui
