// Text from a language model: a prompt, how to choose, and the text as it comes.
#include "widgets/panels/generate_panel.h"

#include <QGridLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>

#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/icons.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {
namespace {

constexpr int kPromptLines = 3;

}  // namespace

GeneratePanel::GeneratePanel(QWidget* parent) : QWidget(parent) {
  setObjectName("generatePanel");
  setAccessibleName(tr("Generate"));
  prompt_ = new QPlainTextEdit;
  prompt_->setAccessibleName(tr("Prompt"));
  prompt_->setPlaceholderText(tr("Text to go on from"));
  prompt_->setTabChangesFocus(true);
  prompt_->setFixedHeight(prompt_->fontMetrics().lineSpacing() * kPromptLines + 16);
  text_ = new QPlainTextEdit;
  text_->setAccessibleName(tr("Generated text"));
  text_->setReadOnly(true);
  frame_ = new StateFrame(text_, Icon::Play);
  const GenerateRequest standard;
  tokens_ = new NumberField(intParam("tokens", standard.tokens).range(1, 1 << 20));
  temperature_ = new NumberField(realParam("temperature", standard.temperature).range(0, 100));
  seed_ = new NumberField(intParam("seed", standard.seed).range(0, 1e9));
  stop_ = new QLineEdit;
  stop_->setPlaceholderText(tr("none"));
  button_ = new QPushButton;
  button_->setProperty("isPrimary", true);
  note_ = new Label({}, TextRole::Secondary, Tone::Secondary);
  note_->setElided(Qt::ElideRight);

  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(14, 12, 14, 8);
  grid->setHorizontalSpacing(10);
  grid->setVerticalSpacing(6);
  grid->addWidget(prompt_, 0, 0, 1, 6);
  int column = 0;
  const auto field = [&](const QString& name, const QString& help, QWidget* widget) {
    auto* label = new Label(name, TextRole::Secondary, Tone::Secondary);
    label->setBuddy(widget);
    widget->setAccessibleName(name);
    widget->setToolTip(help);
    grid->addWidget(label, 1, column);
    grid->addWidget(widget, 2, column++);
  };
  field(tr("Tokens"), tr("How many tokens follow the prompt at most"), tokens_);
  field(tr("Temperature"), tr("0 takes the likeliest token each time; larger is more surprising"), temperature_);
  field(tr("Seed"), tr("The same seed gives the same text"), seed_);
  field(tr("Stop at"), tr("The text ends before these characters"), stop_);
  grid->addWidget(button_, 2, column++);
  grid->addWidget(note_, 2, column);
  grid->setColumnStretch(column, 1);
  grid->addWidget(frame_, 3, 0, 1, 6);
  grid->setRowStretch(3, 1);
  connect(button_, &QPushButton::clicked, this, &GeneratePanel::ask);
  connect(stop_, &QLineEdit::returnPressed, this, &GeneratePanel::ask);
  connect(frame_, &StateFrame::actionRequested, this, &GeneratePanel::ask);
  setRequest(standard);
  setState({});
}

void GeneratePanel::ask() {
  if (isRunning_)
    emit stopRequested();
  else
    emit generateRequested(request());
}

GenerateRequest GeneratePanel::request() const {
  const auto whole = [](const NumberField* field) { return std::get<int64_t>(field->value()); };
  return {prompt_->toPlainText(), whole(tokens_), std::get<double>(temperature_->value()), whole(seed_), stop_->text()};
}

void GeneratePanel::setRequest(const GenerateRequest& request) {
  prompt_->setPlainText(request.prompt);
  tokens_->setValue(request.tokens);
  temperature_->setValue(request.temperature);
  seed_->setValue(request.seed);
  stop_->setText(request.stop);
}

void GeneratePanel::setState(const GenerateState& state) {
  isRunning_ = state.isRunning;
  button_->setText(state.isRunning ? tr("Stop") : tr("Generate"));
  button_->setIcon(icon(state.isRunning ? Icon::Stop : Icon::Play, Theme::dark().onAccent));
  note_->setText(state.note);
  // What is there stays, so that a selection and the place in it do too.
  QScrollBar* bar = text_->verticalScrollBar();
  const bool wasAtEnd = bar->value() == bar->maximum();
  if (state.text.startsWith(shown_) && !shown_.isEmpty()) {
    QTextCursor end(text_->document());
    end.movePosition(QTextCursor::End);
    end.insertText(state.text.mid(shown_.size()));
  } else if (state.text != shown_) {
    text_->setPlainText(state.text);
  }
  shown_ = state.text;
  if (wasAtEnd) bar->setValue(bar->maximum());
  frame_->setState(state.panel);
}

}  // namespace fw::ui
