// A combo box whose value the wheel changes only while it has focus, and which can show "mixed".
#pragma once

#include <QComboBox>

namespace fw::ui {

class ChoiceField : public QComboBox {
  Q_OBJECT
 public:
  explicit ChoiceField(QWidget* parent = nullptr);
  /// Adds an entry with its id as data.
  void addChoice(const QString& id, const QString& title, const QString& toolTip = {});
  /// Selects by id without a signal; an unknown id is added, so that nothing that the document holds is hidden.
  void setChoice(const QString& id, bool isMixed = false);
  QString choice() const { return currentData().toString(); }

 signals:
  void chosen(const QString& id);

 protected:
  void wheelEvent(QWheelEvent* event) override;
};

}  // namespace fw::ui
