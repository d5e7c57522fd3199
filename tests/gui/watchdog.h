// Fails a test during which an event held the thread of the window: for more than 50 ms of work, or much longer
// altogether.
#pragma once

#include <QApplication>
#include <QByteArray>
#include <vector>

namespace fw {

/// An application that takes the time of every event, twice: the time on the processor, which other programs change
/// little (the limit is 50 ms), and the time that it would take with the processor always free, which is that of the
/// clock less the waiting for a processor (/proc/thread-self/schedstat). The latter has waiting for locks and other
/// threads in it, but also the disk, which a busy machine slows down many times: its limit is 250 ms. Events and idle
/// waiting inside of an event (those of a dialog) are not its own. A window that closes may write. What a test calls
/// directly, outside of an event, is not measured.
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
  struct Time {
    int64_t work = 0, all = 0;  // nanoseconds: on the processor; and with waiting for other things than a processor
    Time operator-(Time o) const { return {work - o.work, all - o.all}; }
    Time operator+(Time o) const { return {work + o.work, all + o.all}; }
  };
  Time now() const;

  int schedule_ = -1;        // the file
  std::vector<Time> inner_;  // time of events and waiting inside of each open event
  Time asleepSince_;
  bool isAsleep_ = false;
  std::vector<Block> blocks_;
  Block longest_;
};

}  // namespace fw
