// Asks what to do with edits that a crash left behind: recover one, discard one, or decide later.
#pragma once

#include <QDialog>
#include <vector>

#include "app/recovery_journal.h"

class QListWidget;
class QPushButton;

namespace fw {

class RecoveryDialog : public QDialog {
  Q_OBJECT
 public:
  explicit RecoveryDialog(std::vector<LeftBehind> found, QWidget* parent = nullptr);

 signals:
  /// The dialog closes after this.
  void recovered(const QString& file, const fw::ArchitecturePtr& architecture, const QString& title);

 private:
  void fill();
  void recover();
  void discardCurrent();

  std::vector<LeftBehind> found_;
  QListWidget* list_;
  QPushButton *recover_, *discard_;
};

}  // namespace fw
