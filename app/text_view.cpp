// The model as text, in step with the canvas.
#include "app/text_view.h"

#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "widgets/forms/label.h"

namespace fw {
namespace {

constexpr int kPause = 400;                 // milliseconds without a key after which the text is read
constexpr qsizetype kMostText = 4'000'000;  // characters

}  // namespace

TextView::TextView(QWidget* parent) : QWidget(parent) {
  editor_ = new QPlainTextEdit(this);
  editor_->setObjectName("modelText");
  editor_->setAccessibleName(tr("Model as text"));
  editor_->setFont(ui::font(ui::TextRole::Mono));
  editor_->setLineWrapMode(QPlainTextEdit::NoWrap);
  editor_->setFrameShape(QFrame::NoFrame);
  editor_->setUndoRedoEnabled(false);  // undo is the document's
  complaint_ = new ui::Label({}, ui::TextRole::Secondary, ui::Tone::Error, this);
  complaint_->setWordWrap(true);
  complaint_->setContentsMargins(12, 4, 12, 6);
  complaint_->hide();
  editor_->installEventFilter(this);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(editor_, 1);
  column->addWidget(complaint_);
  typing_.setSingleShot(true);
  typing_.setInterval(kPause);
  connect(&typing_, &QTimer::timeout, this, &TextView::read);
  connect(editor_, &QPlainTextEdit::textChanged, this, [this] {
    if (isWriting_) return;
    isTyped_ = true;
    typing_.start();
  });
}

QString TextView::complaint() const { return complaint_->text(); }

void TextView::setModel(const ArchitecturePtr& model) {
  if (model == model_) return;
  model_ = model;
  if (isVisible() && !isReading_) write();
}

void TextView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  write();
}

bool TextView::eventFilter(QObject* watched, QEvent* event) {
  if (watched == editor_ && event->type() == QEvent::ShortcutOverride) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
      event->ignore();
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void TextView::write() {
  if (!model_ || (isTyped_ && editor_->hasFocus())) return;
  QString text = QString::fromStdString(toDocumentText(*model_));
  const bool isLong = text.size() > kMostText;
  if (isLong) text = tr("The text has %1 characters: open the file in an editor.").arg(text.size());
  editor_->setReadOnly(isLong);
  isTyped_ = false;
  complaint_->setText({});
  complaint_->hide();
  if (text == editor_->toPlainText()) return;
  isWriting_ = true;
  const int across = editor_->horizontalScrollBar()->value(), down = editor_->verticalScrollBar()->value();
  const int place = editor_->textCursor().position();
  editor_->setPlainText(text);
  QTextCursor cursor = editor_->textCursor();
  cursor.setPosition(std::min(place, int(text.size())));
  editor_->setTextCursor(cursor);
  editor_->horizontalScrollBar()->setValue(across);
  editor_->verticalScrollBar()->setValue(down);
  isWriting_ = false;
}

// A text that cannot be read leaves the model as it was.
void TextView::read() {
  try {
    const auto model =
        std::make_shared<const Architecture>(fromDocumentText(editor_->toPlainText().toStdString(), "text"));
    isTyped_ = false;
    complaint_->setText({});
    complaint_->hide();
    model_ = model;
    isReading_ = true;  // what comes back is what was typed
    emit edited(model);
    isReading_ = false;
  } catch (const Error& error) {
    complaint_->setText(QString::fromStdString(error.what()));
    complaint_->show();
  }
}

}  // namespace fw
