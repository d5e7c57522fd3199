// A line of text that leaves undo to the document unless something was typed into it.
#include "widgets/forms/text_field.h"

#include <QKeyEvent>

namespace fw::ui {

bool TextField::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride && !isTyping()) {
    auto* key = static_cast<QKeyEvent*>(event);
    if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
      event->ignore();
      return false;
    }
  }
  return QLineEdit::event(event);
}

}  // namespace fw::ui
