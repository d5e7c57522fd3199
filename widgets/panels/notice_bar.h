// A sentence with buttons above the canvas, about something that waits for a decision.
#pragma once

#include <QFrame>
#include <functional>
#include <vector>

class QHBoxLayout;
class QPushButton;

namespace fw::ui {

class Label;

class NoticeBar : public QFrame {
  Q_OBJECT
 public:
  struct Choice {
    QString text;
    std::function<void()> run;
  };

  explicit NoticeBar(QWidget* parent = nullptr);
  /// Shows a sentence; any choice hides it again.
  void tell(const QString& sentence, const std::vector<Choice>& choices);
  QString sentence() const;

 private:
  Label* text_;
  QHBoxLayout* row_;
  std::vector<QPushButton*> buttons_;
};

}  // namespace fw::ui
