// Takes the time of every event of the window's thread.
#include "watchdog.h"

#include <fcntl.h>
#include <unistd.h>

#include <QAbstractEventDispatcher>
#include <QMetaEnum>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace fw {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr double kMostWork = 1000, kMost = 5000;  // builds that look for other things are many times slower
#else
constexpr double kMostWork = 50, kMost = 250;
#endif

}  // namespace

WatchedApplication::WatchedApplication(int& argc, char** argv)
    : QApplication(argc, argv), schedule_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
  const QAbstractEventDispatcher* dispatcher = QAbstractEventDispatcher::instance();
  connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, this, [this] {
    asleepSince_ = now();
    isAsleep_ = true;
  });
  connect(dispatcher, &QAbstractEventDispatcher::awake, this, [this] {
    if (isAsleep_ && !inner_.empty()) inner_.back() = inner_.back() + (now() - asleepSince_);
    isAsleep_ = false;
  });
}

WatchedApplication::~WatchedApplication() {
  if (schedule_ >= 0) ::close(schedule_);
}

WatchedApplication::Time WatchedApplication::now() const {
  timespec clock, work;
  clock_gettime(CLOCK_MONOTONIC, &clock);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &work);
  int64_t waited = 0;
  char line[96];
  if (const ssize_t size = schedule_ >= 0 ? ::pread(schedule_, line, sizeof line - 1, 0) : 0; size > 0) {
    line[size] = 0;
    char* rest = nullptr;
    std::strtoll(line, &rest, 10);  // time on a processor, then time in its queue
    waited = std::strtoll(rest, nullptr, 10);
  }
  return {int64_t(work.tv_sec) * 1000000000 + work.tv_nsec,
          int64_t(clock.tv_sec) * 1000000000 + clock.tv_nsec - waited};
}

bool WatchedApplication::notify(QObject* receiver, QEvent* event) {
  const QEvent::Type type = event->type();
  const char* kind = receiver->metaObject()->className();
  const QByteArray name = receiver->objectName().toUtf8();
  inner_.push_back({});
  const Time start = now();
  const bool isTaken = QApplication::notify(receiver, event);
  const Time spent = now() - start, own = spent - inner_.back();
  inner_.pop_back();
  if (!inner_.empty()) inner_.back() = inner_.back() + spent;
  const double work = double(own.work) / 1e6, all = double(own.all) / 1e6;
  const bool isOver = (work > kMostWork || all > kMost) && type != QEvent::Close;
  if (!isOver && work <= longest_.ms) return isTaken;
  const char* key = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
  const Block block{isOver && work <= kMostWork ? all : work,
                    (key ? QByteArray(key) : QByteArray::number(int(type))) + " to " + kind + " " + name};
  if (work > longest_.ms) longest_ = block;
  if (isOver) blocks_.push_back(block);
  return isTaken;
}

std::vector<WatchedApplication::Block> WatchedApplication::takeBlocks() { return std::exchange(blocks_, {}); }

}  // namespace fw
