// Long work off the interface thread.
#include "app/job_runner.h"

#include <QElapsedTimer>

#include "engine/base/error.h"

namespace fw {

namespace {
constexpr int64_t kReportEvery = 33;  // milliseconds: at most 30 times a second
}

JobRunner::JobRunner(QObject* parent) : QObject(parent) {}

JobRunner::~JobRunner() { stop(); }

void JobRunner::stop() {
  for (auto& [key, job] : running_) job->thread.request_stop();
  for (const auto& job : replaced_) job->thread.request_stop();
  running_.clear();  // joins
  replaced_.clear();
}

void JobRunner::start(const QString& key, const QString& title, Work work, Fail fail, bool isQuiet) {
  if (const auto old = running_.find(key); old != running_.end()) {
    old->second->thread.request_stop();
    replaced_.push_back(std::move(old->second));
    running_.erase(old);
  }
  auto job = std::make_unique<Job>();
  job->key = key;
  job->title = title;
  job->isQuiet = isQuiet;
  job->number = ++count_;
  const uint64_t number = job->number;
  job->thread =
      std::jthread([this, key, number, work = std::move(work), fail = std::move(fail)](std::stop_token cancel) {
        QElapsedTimer clock;
        const Progress progress([this, &clock, key, number](double fraction, const std::string& text) {
          if (clock.isValid() && clock.elapsed() < kReportEvery) return;
          clock.start();
          QMetaObject::invokeMethod(this, [this, key, number, fraction, text = QString::fromStdString(text)] {
            const auto at = running_.find(key);
            if (at == running_.end() || at->second->number != number) return;
            at->second->progress = fraction;
            at->second->text = text;
            if (!at->second->isQuiet) emit jobsChanged();
          });
        });
        std::function<void()> then;
        try {
          then = work(cancel, progress);
        } catch (const Error& error) {
          const bool isCancelled = error.code() == Code::Cancelled;
          then = [fail, isCancelled, sentence = QString::fromStdString(error.what())] {
            if (fail) fail(isCancelled ? QString() : sentence);
          };
        } catch (const std::exception& error) {
          then = [fail, sentence = QString::fromStdString(error.what())] {
            if (fail) fail(sentence);
          };
        }
        QMetaObject::invokeMethod(this, [this, key, number, then] { finish(key, number, then); });
      });
  running_[key] = std::move(job);
  if (!isQuiet) emit jobsChanged();
}

void JobRunner::finish(const QString& key, uint64_t number, const std::function<void()>& then) {
  std::erase_if(replaced_, [number](const std::unique_ptr<Job>& job) { return job->number == number; });
  const auto at = running_.find(key);
  if (at == running_.end() || at->second->number != number) return;  // a later one has taken its place
  const bool isQuiet = at->second->isQuiet;
  running_.erase(at);
  if (then) then();
  if (!isQuiet) emit jobsChanged();
}

void JobRunner::cancel(const QString& key) {
  const auto at = running_.find(key);
  if (at == running_.end()) return;
  at->second->isCancelling = true;
  at->second->thread.request_stop();
  if (!at->second->isQuiet) emit jobsChanged();
}

std::vector<ui::JobEntry> JobRunner::entries() const {
  std::vector<ui::JobEntry> entries;
  for (const auto& [key, job] : running_)
    if (!job->isQuiet)
      entries.push_back({key, job->title, job->text, job->progress,
                         job->isCancelling ? ui::JobPhase::Cancelling : ui::JobPhase::Running});
  return entries;
}

}  // namespace fw
