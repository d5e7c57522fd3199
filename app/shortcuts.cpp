// The keys of the window's commands.
#include "app/shortcuts.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QMenu>
#include <QPrintDialog>
#include <QPrinter>
#include <QPushButton>
#include <QSettings>
#include <QTableWidget>
#include <QTextDocument>
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
  if (!action->text().contains('\t')) return;
  defaults_[action] = QKeySequence::fromString(action->text().section('\t', 1), QKeySequence::PortableText);
  canvasKeys_[action] = defaults_[action];
}

QKeySequence Shortcuts::keysOf(const QAction* action) const {
  const auto canvas = canvasKeys_.find(action);
  return canvas != canvasKeys_.end() ? canvas->second : action->shortcut();
}

void Shortcuts::give(QAction* action, const QKeySequence& keys) {
  const auto canvas = canvasKeys_.find(action);
  if (canvas == canvasKeys_.end()) return action->setShortcut(keys);
  canvas->second = keys;
  const QString title = action->text().section('\t', 0, 0);
  action->setText(keys.isEmpty() ? title : title + '\t' + keys.toString(QKeySequence::NativeText));
  if (onCanvasKeys) onCanvasKeys();
}

std::vector<std::pair<QKeySequence, QKeySequence>> Shortcuts::canvasChanges() const {
  std::vector<std::pair<QKeySequence, QKeySequence>> changes;
  for (const auto& [action, keys] : canvasKeys_)
    if (keys != defaults_.at(action)) changes.push_back({defaults_.at(action), keys});
  return changes;
}

QString Shortcuts::sheet() const {
  QString page = "<h1>" + ShortcutsDialog::tr("Formwright: keys").toHtmlEscaped() + "</h1>";
  QString menu;
  for (const QAction* action : actions_) {
    const QKeySequence keys = keysOf(action);
    if (keys.isEmpty()) continue;
    QString of;
    for (const QObject* object : action->associatedObjects())
      if (const auto* in = qobject_cast<const QMenu*>(object); in && of.isEmpty()) of = in->title().remove('&');
    if (of != menu) {
      if (!menu.isEmpty()) page += "</table>";
      page += "<h3>" + of.toHtmlEscaped() + "</h3><table width=\"100%\" cellpadding=\"3\">";
      menu = of;
    }
    page += "<tr><td width=\"24%\"><b>" + keys.toString(QKeySequence::NativeText).toHtmlEscaped() + "</b></td><td>" +
            titleOf(action).toHtmlEscaped() + "</td><td>" + action->statusTip().toHtmlEscaped() + "</td></tr>";
  }
  return menu.isEmpty() ? page : page + "</table>";
}

void Shortcuts::load() {
  const QSettings settings;
  for (QAction* action : actions_)
    if (const QVariant keys = settings.value(settingOf(action)); keys.isValid())
      give(action, QKeySequence::fromString(keys.toString(), QKeySequence::PortableText));
}

void Shortcuts::set(QAction* action, const QKeySequence& keys) {
  give(action, keys);
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
    if (other != action && !keys.isEmpty() && keysOf(other) == keys) return other;
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
    auto* keys = new QKeySequenceEdit(shortcuts.keysOf(action));
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
  QPushButton* print = buttons->addButton(tr("Print…"), QDialogButtonBox::ActionRole);
  connect(print, &QPushButton::clicked, this, &ShortcutsDialog::print);
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
  if (keys == shortcuts_.keysOf(action)) return;
  if (const QAction* rival = shortcuts_.rival(action, keys)) {
    complaint_->setText(
        tr("%1 belongs to \"%2\" already.").arg(keys.toString(QKeySequence::NativeText), Shortcuts::titleOf(rival)));
  } else {
    shortcuts_.set(action, keys);
    complaint_->setText({});
  }
  showAll();
}

void ShortcutsDialog::print() {
  auto* printer = new QPrinter;
  auto* dialog = new QPrintDialog(printer, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, qOverload<QPrinter*>(&QPrintDialog::accepted), this, [this](QPrinter* on) {
    QTextDocument page;
    page.setHtml(shortcuts_.sheet());
    page.print(on);
  });
  connect(dialog, &QObject::destroyed, [printer] { delete printer; });
  dialog->open();
}

void ShortcutsDialog::showAll() {
  for (const auto& [action, keys] : editors_) keys->setKeySequence(shortcuts_.keysOf(action));
}

}  // namespace fw
