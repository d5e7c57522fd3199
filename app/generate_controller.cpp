// Lets the opened model write text.
#include "app/generate_controller.h"

#include <QStringDecoder>
#include <QTimer>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/tokenizer/tokenizer.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

const char* const kKey = "generate";
constexpr int kShowEvery = 33;  // milliseconds: a small model writes faster than a window can paint

/// The text of tokens as they come: by a tokenizer, else tokens are bytes.
class Pieces {
 public:
  explicit Pieces(const std::shared_ptr<const Tokenizer>& tokenizer) {
    if (tokenizer) stream_.emplace(*tokenizer);
  }
  QString push(int64_t token) {
    if (stream_) return QString::fromStdString(stream_->push(token));
    if (token > 255) return QString("<%1>").arg(token);
    return bytes_.decode(QByteArray(1, char(uint8_t(token))));
  }
  QString finish() { return stream_ ? QString::fromStdString(stream_->finish()) : QString(); }

 private:
  std::optional<TokenStream> stream_;
  QStringDecoder bytes_{QStringDecoder::Utf8};
};

/// What may be shown of a text that ends before `stop`: all but a tail that could be its beginning.
qsizetype certainLength(const QString& text, const QString& stop) {
  for (qsizetype tail = std::min(text.size(), stop.size() - 1); tail > 0; --tail)
    if (text.endsWith(stop.left(tail))) return text.size() - tail;
  return text.size();
}

}  // namespace

/// The weights of the opened model, read when a text is first written and kept for the next ones.
struct GenerateController::Opened {
  std::map<std::string, Tensor> weightsOf(const std::string& model) {
    const std::lock_guard lock(mutex);
    if (!weights) weights = openModel(model).weights;
    return *weights;
  }
  std::mutex mutex;
  std::optional<std::map<std::string, Tensor>> weights;
};

struct GenerateController::Arrival {
  std::mutex mutex;
  QString text;
  QString note;  // what is special about how the model writes
  int64_t tokens = 0;
  bool isAnnounced = false;  // the interface thread knows that there is text
};

GenerateController::GenerateController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                                       QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), training_(training), opened_(std::make_shared<Opened>()) {
  state_.panel = {ui::PanelPhase::Empty, tr("The text appears here, token by token."), {}, -1};
}

void GenerateController::setModel(const QString& model) {
  jobs_.cancel(kKey);
  ++run_;
  model_ = model.toStdString();
  opened_ = std::make_shared<Opened>();
  state_ = {.panel = {ui::PanelPhase::Empty, tr("The text appears here, token by token."), {}, -1}};
  emit changed();
}

void GenerateController::generate(const ui::GenerateRequest& request) {
  if (!document_.isOpen()) return;
  const uint64_t run = ++run_;
  clock_.invalidate();
  const auto arrival = arrival_ = std::make_shared<Arrival>();
  state_ = {.panel = {ui::PanelPhase::Busy, tr("Reads the prompt."), {}, -1}, .isRunning = true};
  emit changed();
  const ArchitecturePtr architecture = document_.current();
  const std::map<std::string, Tensor> trained = training_.weightsOf(*architecture);
  jobs_.start(
      kKey, tr("Generate text"),
      [=, this, model = model_, opened = opened_](CancelToken cancel, const Progress& progress) {
        const bool isElsewhere = trained.empty() && !model.empty();
        const std::map<std::string, Tensor> weights = isElsewhere ? opened->weightsOf(model) : trained;
        const std::shared_ptr<const Tokenizer> tokenizer = findTokenizer(model);
        GenerateOptions options{.tokens = request.tokens,
                                .temperature = request.temperature,
                                .seed = uint64_t(request.seed),
                                .stops = stopTokens(model)};
        const std::string prompt = request.prompt.toStdString();
        if (tokenizer)
          options.prompt = tokenizer->encode(prompt).ids;
        else
          for (const char c : prompt) options.prompt.push_back(uint8_t(c));
        const std::string note = rotationNote(*architecture, int64_t(options.prompt.size()) + options.tokens);
        {
          const std::lock_guard lock(arrival->mutex);
          arrival->note = QString::fromStdString(note);
        }
        Pieces pieces(tokenizer);
        QString shown;  // of the prompt: what its tokens say
        for (const int64_t token : options.prompt) shown += pieces.push(token);
        QString waiting;  // could be the beginning of the text to stop at
        int64_t count = 0;
        const auto tell = [&](const QString& piece) {
          const std::lock_guard lock(arrival->mutex);
          arrival->text += piece;
          arrival->tokens = count;
          if (std::exchange(arrival->isAnnounced, true)) return;
          QMetaObject::invokeMethod(this, [this, run, arrival] {
            QTimer::singleShot(kShowEvery, this, [this, run, arrival] { take(run, *arrival); });
          });
        };
        bool isStopped = false, isFirst = true;
        const auto more = [&](const QString& piece) {
          if (std::exchange(isFirst, false)) tell(shown);
          waiting += piece;
          if (!request.stop.isEmpty())
            if (const qsizetype at = waiting.indexOf(request.stop); at >= 0) {
              waiting.truncate(at);
              isStopped = true;
            }
          const qsizetype length =
              isStopped || request.stop.isEmpty() ? waiting.size() : certainLength(waiting, request.stop);
          tell(waiting.left(length));
          waiting.remove(0, length);
          return !isStopped;
        };
        fw::generate(
            *architecture, weights, options,
            [&](int64_t token) {
              progress.report(double(++count) / double(request.tokens));
              return more(pieces.push(token));
            },
            cancel);
        if (!isStopped) {
          more(pieces.finish());
          tell(waiting);
        }
        return JobRunner::Deliver([this, run] { end(run, {}); });
      },
      [this, run](const QString& sentence) { end(run, sentence); });
}

void GenerateController::stop() { jobs_.cancel(kKey); }

void GenerateController::take(uint64_t run, Arrival& arrival) {
  if (run != run_) return;
  QString piece, about;
  int64_t tokens = 0;
  {
    const std::lock_guard lock(arrival.mutex);
    piece = std::exchange(arrival.text, {});
    tokens = arrival.tokens;
    about = arrival.note;
    arrival.isAnnounced = false;
  }
  if (piece.isEmpty()) return;
  if (!clock_.isValid()) clock_.start();
  state_.panel = {ui::PanelPhase::Ready, {}, {}, -1};
  state_.text += piece;
  const double seconds = double(clock_.elapsed()) / 1000;
  state_.note = tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(tokens);
  if (seconds > 0.5) state_.note = tr("%1, %2/s").arg(state_.note, ui::formatCount(double(tokens) / seconds));
  if (!about.isEmpty()) state_.note += ". " + about;
  emit changed();
}

void GenerateController::end(uint64_t run, const QString& failure) {
  if (run != run_) return;
  take(run, *arrival_);
  state_.isRunning = false;
  if (!failure.isEmpty()) {
    state_.panel = {ui::PanelPhase::Failed, failure, tr("Try again"), -1};
  } else if (state_.panel.phase == ui::PanelPhase::Busy) {  // stopped before the first token
    state_.panel = {ui::PanelPhase::Empty, tr("The text appears here, token by token."), {}, -1};
  }
  emit changed();
}

}  // namespace fw
