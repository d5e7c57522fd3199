// Lets the opened model write text, off the interface thread.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <memory>

#include "app/document_controller.h"
#include "app/training_controller.h"
#include "widgets/panels/generate_panel.h"

namespace fw {

class GenerateController : public QObject {
  Q_OBJECT
 public:
  GenerateController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                     QObject* parent = nullptr);

  /// Where the document that is now open came from: its weights and tokenizer lie there. Empty: it is new.
  void setModel(const QString& model);
  void generate(const ui::GenerateRequest& request);
  void stop();

  const ui::GenerateState& state() const { return state_; }

 signals:
  void changed();

 private:
  /// Text on its way from the thread that writes.
  struct Arrival;
  struct Opened;
  void take(uint64_t run, Arrival& arrival);
  void end(uint64_t run, const QString& failure);

  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  std::string model_;
  std::shared_ptr<Opened> opened_;
  ui::GenerateState state_;
  QElapsedTimer clock_;  // since the prompt was read
  std::shared_ptr<Arrival> arrival_;
  uint64_t run_ = 0;  // what a later one has replaced says nothing more
};

}  // namespace fw
