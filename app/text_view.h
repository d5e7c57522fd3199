// The model as text, in step with the canvas: what is typed becomes the model as soon as it can be read.
#pragma once

#include <QTimer>
#include <QWidget>

#include "engine/arch/architecture.h"

class QPlainTextEdit;

namespace fw {

namespace ui {
class Label;
}

class TextView : public QWidget {
  Q_OBJECT
 public:
  explicit TextView(QWidget* parent = nullptr);
  /// Shown at once, or when the view becomes visible; a text that is being typed and cannot be read yet stays.
  void setModel(const ArchitecturePtr& model);
  QPlainTextEdit* editor() const { return editor_; }
  /// Why the typed text is no model; empty: it is.
  QString complaint() const;

 signals:
  void edited(const fw::ArchitecturePtr& model);

 protected:
  void showEvent(QShowEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void read();
  void write();

  QPlainTextEdit* editor_;
  ui::Label* complaint_;
  QTimer typing_;
  ArchitecturePtr model_;
  bool isWriting_ = false, isReading_ = false;
  bool isTyped_ = false;  // the text is not that of the model
};

}  // namespace fw
