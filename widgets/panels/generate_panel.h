// Text from a language model: a prompt, how to choose, and the text as it comes.
#pragma once

#include <QWidget>
#include <cstdint>

#include "widgets/panels/panel_state.h"

class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace fw::ui {

class Label;
class NumberField;
class StateFrame;

/// What the person asks for.
struct GenerateRequest {
  QString prompt;
  int64_t tokens = 64;
  double temperature = 0.8;  // 0: the likeliest
  int64_t seed = 1;
  QString stop;  // a text that ends it; empty: none
  bool operator==(const GenerateRequest&) const = default;
};

struct GenerateState {
  PanelState panel;        // Empty: nothing was asked for yet; Busy: before the first token
  QString text;            // prompt and what followed so far
  QString note;            // "12 tokens, 35 tokens/s"
  bool isRunning = false;  // the button stops it
};

class GeneratePanel : public QWidget {
  Q_OBJECT
 public:
  explicit GeneratePanel(QWidget* parent = nullptr);
  void setState(const GenerateState& state);
  GenerateRequest request() const;
  void setRequest(const GenerateRequest& request);

  QPlainTextEdit* prompt() const { return prompt_; }
  QPlainTextEdit* text() const { return text_; }
  QPushButton* button() const { return button_; }
  QLineEdit* stop() const { return stop_; }
  NumberField* tokens() const { return tokens_; }
  NumberField* temperature() const { return temperature_; }
  NumberField* seed() const { return seed_; }

 signals:
  void generateRequested(const fw::ui::GenerateRequest& request);
  void stopRequested();

 private:
  void ask();

  QPlainTextEdit *prompt_, *text_;
  NumberField *tokens_, *temperature_, *seed_;
  QLineEdit* stop_;
  QPushButton* button_;
  Label* note_;
  StateFrame* frame_;
  QString shown_;  // what text_ was given, which it may show in another way
  bool isRunning_ = false;
};

}  // namespace fw::ui
