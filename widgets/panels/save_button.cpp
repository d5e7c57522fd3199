// The button of a panel whose menu saves what the panel shows.
#include "widgets/panels/save_button.h"

#include <QMenu>

#include "widgets/icons.h"

namespace fw::ui {

SaveButton::SaveButton(QWidget* parent) : QToolButton(parent) {
  setIcon(ui::icon(Icon::More));
  setAutoRaise(true);
  setPopupMode(QToolButton::InstantPopup);
  setAccessibleName(tr("More"));
  setToolTip(tr("Save"));
  auto* menu = new QMenu(this);
  connect(menu->addAction(ui::icon(Icon::Image), tr("Save picture\u2026")), &QAction::triggered, this,
          &SaveButton::pictureRequested);
  connect(menu->addAction(ui::icon(Icon::Table), tr("Save numbers\u2026")), &QAction::triggered, this,
          &SaveButton::numbersRequested);
  setMenu(menu);
}

}  // namespace fw::ui
