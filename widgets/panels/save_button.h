// The button of a panel whose menu saves what the panel shows.
#pragma once

#include <QToolButton>

namespace fw::ui {

class SaveButton : public QToolButton {
  Q_OBJECT
 public:
  explicit SaveButton(QWidget* parent = nullptr);

 signals:
  void pictureRequested();
  void numbersRequested();
};

}  // namespace fw::ui
