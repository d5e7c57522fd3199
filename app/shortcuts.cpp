// The keys of the window's commands.
#include "app/shortcuts.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTableWidget>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/spaced_cells.h"

namespace fw {
namespace {

QString settingOf(const QAction* action) { return "shortcuts/" + action->objectName(); }

}  // namespace

QString Shortcuts::titleOf(const QAction* action) { return QString(action->text()).remove('&').section('\t', 0, 0); }

void Shortcuts::add(QAction* action) {
  if (action->objectName().isEmpty()) action->setObjectName(titleOf(action));
  actions_.push_back(action);
  defaults_[action] = action->shortcut();
}

void Shortcuts::load() {
  const QSettings settings;
  for (QAction* action : actions_)
    if (const QVariant keys = settings.value(settingOf(action)); keys.isValid())
      action->setShortcut(QKeySequence::fromString(keys.toString(), QKeySequence::PortableText));
}

void Shortcuts::set(QAction* action, const QKeySequence& keys) {
  action->setShortcut(keys);
  if (keys == defaults_.at(action))
    QSettings().remove(settingOf(action));
  else
    QSettings().setValue(settingOf(action), keys.toString(QKeySequence::PortableText));
}

void Shortcuts::reset() {
  for (QAction* action : actions_) set(action, defaults_.at(action));
}

QAction* Shortcuts::rival(const QAction* action, const QKeySequence& keys) const {
  for (QAction* other : actions_)
    if (other != action && !keys.isEmpty() && other->shortcut() == keys) return other;
  return nullptr;
}

ShortcutsDialog::ShortcutsDialog(Shortcuts& shortcuts, QWidget* parent) : QDialog(parent), shortcuts_(shortcuts) {
  setObjectName("shortcutsDialog");
  setWindowTitle(tr("Keys"));
  table_ = new QTableWidget(int(shortcuts.actions().size()), 2, this);
  table_->setItemDelegate(new ui::SpacedCells(table_));
  table_->setHorizontalHeaderLabels({tr("Command"), tr("Keys")});
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(34);
  table_->setShowGrid(false);
  table_->setFocusPolicy(Qt::NoFocus);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSelectionMode(QAbstractItemView::NoSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->setColumnWidth(1, 200);
  int row = 0;
  for (QAction* action : shortcuts.actions()) {
    auto* title = new QTableWidgetItem(Shortcuts::titleOf(action));
    title->setToolTip(action->statusTip());
    table_->setItem(row, 0, title);
    auto* keys = new QKeySequenceEdit(action->shortcut());
    keys->setAccessibleName(tr("Keys of %1").arg(Shortcuts::titleOf(action)));
    if (auto* line = keys->findChild<QLineEdit*>()) line->setPlaceholderText(tr("none"));
    table_->setCellWidget(row, 1, keys);
    editors_[action] = keys;
    connect(keys, &QKeySequenceEdit::editingFinished, this,
            [this, action, keys] { change(action, keys->keySequence()); });
    ++row;
  }
  complaint_ = new ui::Label({}, ui::TextRole::Secondary, ui::Tone::Error, this);
  complaint_->setWordWrap(true);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  QPushButton* reset = buttons->addButton(tr("Restore all"), QDialogButtonBox::ResetRole);
  connect(reset, &QPushButton::clicked, this, [this] {
    shortcuts_.reset();
    complaint_->setText({});
    showAll();
  });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* column = new QVBoxLayout(this);
  column->addWidget(table_, 1);
  column->addWidget(complaint_);
  column->addWidget(buttons);
  resize(520, 620);
}

// Keys that another command has are not taken from it.
void ShortcutsDialog::change(QAction* action, const QKeySequence& keys) {
  if (keys == action->shortcut()) return;
  if (const QAction* rival = shortcuts_.rival(action, keys)) {
    complaint_->setText(
        tr("%1 belongs to \"%2\" already.").arg(keys.toString(QKeySequence::NativeText), Shortcuts::titleOf(rival)));
  } else {
    shortcuts_.set(action, keys);
    complaint_->setText({});
  }
  showAll();
}

void ShortcutsDialog::showAll() {
  for (const auto& [action, keys] : editors_) keys->setKeySequence(action->shortcut());
}

}  // namespace fw
