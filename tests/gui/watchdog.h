// Fails a test during which an event held the thread of the window for more than 50 ms.
#pragma once

#include <QApplication>
#include <QByteArray>
#include <vector>

namespace fw {

/// An application that takes the time of every event. The time of an event is what it would take on a machine with
/// nothing else to do: the clock, less what the thread waited for a processor (/proc/thread-self/schedstat), less the
/// events and the idle waiting inside of it (a dialog's). So work counts, and so does waiting for a lock, a disk or
/// another thread; other programs do not. What a test calls directly, outside of an event, is not measured.
class WatchedApplication : public QApplication {
 public:
  WatchedApplication(int& argc, char** argv);
  ~WatchedApplication() override;

  bool notify(QObject* receiver, QEvent* event) override;

  struct Block {
    double ms = 0;
    QByteArray what;  // type of the event, class and name of its receiver
  };
  /// Those over the limit since the last call.
  std::vector<Block> takeBlocks();
  /// The longest event since the start.
  const Block& longest() const { return longest_; }

 private:
  int64_t now() const;  // nanoseconds, without waiting for a processor

  int schedule_ = -1;           // the file
  std::vector<int64_t> inner_;  // time of events and waiting inside of each open event
  int64_t asleepSince_ = 0;
  std::vector<Block> blocks_;
  Block longest_;
};

}  // namespace fw
