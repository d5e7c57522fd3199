// A combo box whose value the wheel changes only while it has focus, and which can show "mixed".
#include "widgets/forms/choice_field.h"

#include <QWheelEvent>

namespace fw::ui {

ChoiceField::ChoiceField(QWidget* parent) : QComboBox(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  setMinimumContentsLength(6);
  connect(this, &QComboBox::activated, this, [this](int index) { emit chosen(itemData(index).toString()); });
}

void ChoiceField::addChoice(const QString& id, const QString& title, const QString& toolTip) {
  addItem(title, id);
  if (!toolTip.isEmpty()) setItemData(count() - 1, toolTip, Qt::ToolTipRole);
}

void ChoiceField::setChoice(const QString& id, bool isMixed) {
  setPlaceholderText(isMixed ? tr("mixed") : QString());
  int index = isMixed ? -1 : findData(id);
  if (!isMixed && index < 0 && !id.isEmpty()) {
    addChoice(id, id);
    index = count() - 1;
  }
  if (index != currentIndex()) setCurrentIndex(index);
}

void ChoiceField::wheelEvent(QWheelEvent* event) {
  if (!hasFocus()) return event->ignore();
  QComboBox::wheelEvent(event);
}

}  // namespace fw::ui
