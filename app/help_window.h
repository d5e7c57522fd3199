// The help: pages of resources/help and one for each block.
#pragma once

#include <QDialog>

class QLineEdit;
class QListWidget;
class QTextBrowser;

namespace fw {

class HelpWindow : public QDialog {
  Q_OBJECT
 public:
  explicit HelpWindow(QWidget* parent = nullptr);

  /// A page by its name ("canvas") or a block by its id; false where there is none.
  bool showPage(const QString& page);
  QString page() const;

 private:
  void search(const QString& words);

  QLineEdit* search_;
  QListWidget* contents_;
  QTextBrowser* text_;
};

}  // namespace fw
