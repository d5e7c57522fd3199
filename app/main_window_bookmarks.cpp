// The main window: back to where one was and forward again, and nine bookmarks.
#include <QAction>
#include <QMenu>
#include <QMouseEvent>
#include <QSettings>

#include "app/main_window.h"

namespace fw {
namespace {

/// Bookmarks of a file are kept with it; its path makes a key without slashes.
QString settingsKey(const QString& file, int number) {
  return QString("bookmarks/%1/%2").arg(QString::fromLatin1(file.toUtf8().toHex())).arg(number);
}

}  // namespace

void MainWindow::addTrailActions(QMenu* menu) {
  back_ = addDocumentAction(menu, tr("&Back"), Qt::ALT | Qt::Key_Left, tr("To where one was before the last jump"),
                            [this] { step(false); });
  forward_ = addDocumentAction(menu, tr("&Forward"), Qt::ALT | Qt::Key_Right, tr("To where one went back from"),
                               [this] { step(true); });
  QMenu* marks = menu->addMenu(tr("Boo&kmarks"));
  for (int number = 1; number <= kBookmarks; ++number) {
    QAction* jump =
        addDocumentAction(marks, tr("Bookmark &%1").arg(number), QKeySequence(Qt::ALT | Qt::Key(Qt::Key_0 + number)),
                          tr("Jump to bookmark %1").arg(number), [this, number] { jumpToMark(number); });
    jump->setObjectName(QString("bookmark%1").arg(number));
  }
  QMenu* set = marks->addMenu(tr("&Set"));
  for (int number = 1; number <= kBookmarks; ++number)
    addDocumentAction(set, tr("Set bookmark &%1").arg(number),
                      QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key(Qt::Key_0 + number)),
                      tr("Remember this place, and the selected block, as bookmark %1").arg(number),
                      [this, number] { setMark(number); });
  connect(marks, &QMenu::aboutToShow, this, [this, marks] {
    for (QAction* action : marks->actions())
      if (action->objectName().startsWith("bookmark"))
        action->setText(markText(action->objectName().mid(int(qstrlen("bookmark"))).toInt()));
  });
}

Spot MainWindow::spot() const {
  const std::vector<ui::ItemId> selected = canvas_->selection();
  return {overlay_->entered, canvas_->camera(), selected.size() == 1 ? selected.front() : 0};
}

void MainWindow::goTo(const Spot& spot) {
  const bool isThere = spot.entered == 0 || findNode(*document_->current(), spot.entered);
  if (isThere && overlay_->entered != spot.entered) showInside(spot.entered);
  if (isThere) canvas_->glideTo(spot.camera);
  canvas_->setSelection(spot.node == 0 ? std::vector<ui::ItemId>{} : std::vector<ui::ItemId>{spot.node});
  canvas_->setFocus();
  showTrail();
}

void MainWindow::step(bool isForward) {
  if (!isDocumentShown_) return;
  if (const std::optional<Spot> to = isForward ? trail_.forward(spot()) : trail_.back(spot())) goTo(*to);
}

void MainWindow::showTrail() {
  back_->setEnabled(isDocumentShown_ && trail_.canGoBack());
  forward_->setEnabled(isDocumentShown_ && trail_.canGoForward());
}

void MainWindow::setMark(int number) {
  if (!isDocumentShown_) return;
  const Spot here = spot();
  marks_[number] = here;
  tell(tr("Bookmark %1 is here: Alt+%1 leads back.").arg(number));
  if (document_->file().isEmpty()) return;
  QSettings().setValue(settingsKey(document_->file(), number),
                       QVariantList{qlonglong(here.entered), qlonglong(here.node), double(here.camera.zoom),
                                    double(here.camera.offset.x), double(here.camera.offset.y)});
}

std::optional<Spot> MainWindow::mark(int number) const {
  if (const auto known = marks_.find(number); known != marks_.end()) return known->second;
  if (!document_->isOpen() || document_->file().isEmpty()) return std::nullopt;
  const QVariantList kept = QSettings().value(settingsKey(document_->file(), number)).toList();
  if (kept.size() != 5) return std::nullopt;
  return Spot{
      kept[0].toLongLong(), {kept[2].toFloat(), ui::Vec(kept[3].toFloat(), kept[4].toFloat())}, kept[1].toLongLong()};
}

/// "Bookmark 1: attention", or that there is none yet.
QString MainWindow::markText(int number) const {
  const std::optional<Spot> spot = mark(number);
  const auto nameOf = [this](NodeId id) {
    const Node* node = findNode(*document_->current(), id);
    return !node ? QString() : QString::fromStdString(node->label.empty() ? node->name : node->label);
  };
  if (!spot || !document_->isOpen()) return tr("Bookmark &%1: not set").arg(number);
  const QString name = nameOf(spot->node != 0 ? spot->node : spot->entered);
  return tr("Bookmark &%1: %2").arg(number).arg(name.isEmpty() ? tr("a place") : QString(name).replace('&', "&&"));
}

void MainWindow::jumpToMark(int number) {
  if (!isDocumentShown_) return;
  const std::optional<Spot> to = mark(number);
  if (!to) return tell(tr("Bookmark %1 is not set: Ctrl+Alt+%1 sets it.").arg(number));
  trail_.leave(spot());
  goTo(*to);
}

/// The side buttons of a mouse.
void MainWindow::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::BackButton || event->button() == Qt::ForwardButton)
    step(event->button() == Qt::ForwardButton);
  else
    QMainWindow::mousePressEvent(event);
}

}  // namespace fw
