// Long work under way: title, progress, what it is doing, and a way to stop it.
#pragma once

#include <QWidget>
#include <map>
#include <vector>

#include "widgets/panels/panel_state.h"

class QScrollArea;
class QVBoxLayout;

namespace fw::ui {

class StateFrame;

enum class JobPhase { Waiting, Running, Cancelling, Done, Failed };

struct JobEntry {
  QString key;           // identifies the job
  QString title;         // "Layer similarity"
  QString text;          // "layer 3 of 12", or why it failed
  double progress = -1;  // 0 to 1; negative: unknown
  JobPhase phase = JobPhase::Running;
};

struct JobsState {
  PanelState panel;  // Empty: nothing is running
  std::vector<JobEntry> jobs;
};

class JobsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit JobsPanel(QWidget* parent = nullptr);
  ~JobsPanel() override;
  void setState(const JobsState& state);

 signals:
  void cancelRequested(const QString& key);
  /// Takes a finished or failed job off the list.
  void dismissRequested(const QString& key);
  void actionRequested();

 private:
  class Row;
  std::map<QString, Row*> rows_;
  QVBoxLayout* list_;
  StateFrame* frame_;
};

}  // namespace fw::ui
