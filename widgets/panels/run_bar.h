// The run bar: task, device and steps; train, pause and stop; how far the run is and how long it still takes.
#pragma once

#include <QWidget>
#include <cstdint>
#include <vector>

class QProgressBar;
class QPushButton;

namespace fw::ui {

class ChoiceField;
class Label;
class NumberField;

enum class RunPhase { Idle, Starting, Running, Paused, Stopping };

struct RunChoice {
  QString id, title, help;
  bool isAvailable = true;  // false: shown greyed, `help` says why
};

struct RunState {
  RunPhase phase = RunPhase::Idle;
  std::vector<RunChoice> tasks, devices;
  QString task, device;
  int64_t steps = 2000;     // to train
  int64_t step = 0;         // done
  double secondsLeft = -1;  // negative: not known
  bool canTrain = true;
  QString reason;  // why not: "2 problems"
};

class RunBar : public QWidget {
  Q_OBJECT
 public:
  explicit RunBar(QWidget* parent = nullptr);
  void setState(const RunState& state);
  ChoiceField* taskField() const { return task_; }
  ChoiceField* deviceField() const { return device_; }
  NumberField* stepsField() const { return steps_; }
  QPushButton* trainButton() const { return train_; }
  QPushButton* stopButton() const { return stop_; }

 signals:
  void taskChosen(const QString& id);
  void deviceChosen(const QString& id);
  void stepsChosen(qint64 steps);
  void trainRequested();
  void pauseRequested();
  void resumeRequested();
  void stopRequested();

 private:
  RunState state_;
  ChoiceField* task_;
  ChoiceField* device_;
  NumberField* steps_;
  QPushButton* train_;
  QPushButton* stop_;
  QWidget* progress_;
  Label* step_;
  QProgressBar* bar_;
  Label* left_;
};

}  // namespace fw::ui
