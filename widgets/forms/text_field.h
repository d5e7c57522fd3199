// A line of text that leaves undo to the document unless something was typed into it.
#pragma once

#include <QLineEdit>

namespace fw::ui {

class TextField : public QLineEdit {
  Q_OBJECT
 public:
  using QLineEdit::QLineEdit;

 protected:
  bool event(QEvent* event) override;
  /// Whether it holds a text that was typed and not yet entered: undo is then its own.
  virtual bool isTyping() const { return isModified(); }
};

}  // namespace fw::ui
