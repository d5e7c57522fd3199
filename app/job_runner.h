// Long work off the interface thread: keyed, the latest wins, late results are dropped.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "engine/base/job.h"
#include "widgets/panels/jobs_panel.h"

namespace fw {

class JobRunner : public QObject {
  Q_OBJECT
 public:
  /// Runs on the interface thread when the work is done.
  using Deliver = std::function<void()>;
  /// Runs on a thread of its own; throws fw::Error to fail.
  using Work = std::function<Deliver(CancelToken, const Progress&)>;
  using Fail = std::function<void(const QString& sentence)>;

  explicit JobRunner(QObject* parent = nullptr);
  /// Cancels and waits for everything.
  ~JobRunner() override;

  /// A running job of the same key is cancelled and its result dropped. A quiet job is not shown in the list.
  void start(const QString& key, const QString& title, Work work, Fail fail, bool isQuiet = false);
  void cancel(const QString& key);
  /// Cancels and waits for everything; nothing is delivered any more. To be called before what the jobs use is gone.
  void stop();
  bool isRunning(const QString& key) const { return running_.count(key) > 0; }
  std::vector<ui::JobEntry> entries() const;

 signals:
  void jobsChanged();

 private:
  struct Job {
    QString key, title, text;
    double progress = -1;
    bool isQuiet = false, isCancelling = false;
    uint64_t number = 0;
    std::jthread thread;
  };
  void finish(const QString& key, uint64_t number, const std::function<void()>& then);

  std::map<QString, std::unique_ptr<Job>> running_;
  std::vector<std::unique_ptr<Job>> replaced_;  // cancelled, their threads still end
  uint64_t count_ = 0;
};

}  // namespace fw
