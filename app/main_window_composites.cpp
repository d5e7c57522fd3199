// The main window: composites that are copies of each other, weights that are shared, and the library of blocks.
#include <QAction>
#include <QInputDialog>
#include <QMenu>
#include <QMessageBox>

#include "app/main_window.h"
#include "app/template_cards.h"
#include "engine/base/error.h"
#include "widgets/icons.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/theme.h"

namespace fw {

/// What the palettes offer: blocks, weight policies, the user's own.
void MainWindow::fillPalettes() {
  std::vector<ui::BlockEntry> entries = paletteEntries();
  for (const auto& more : {policyEntries(), libraryEntries(library_)})
    entries.insert(entries.end(), more.begin(), more.end());
  std::vector<ui::PaletteBlock> onCanvas;
  for (const ui::BlockEntry& entry : entries)
    onCanvas.push_back({entry.id, entry.title, entry.category, entry.help, entry.synonyms, {}});
  canvas_->setBlocks(std::move(onCanvas));
  palette_->setState({.panel = {ui::PanelPhase::Ready, {}, {}, -1}, .blocks = std::move(entries), .recent = {}});
}

/// The one that is selected alone, or nullptr.
const Node* MainWindow::selectedComposite() const {
  const std::vector<ui::ItemId> selected = canvas_->selection();
  const Node* node =
      isDocumentShown_ && selected.size() == 1 ? findNode(*document_->current(), selected.front()) : nullptr;
  const BlockDef* block = node ? catalog().find(node->block) : nullptr;
  return block && block->body == BodyKind::Single ? node : nullptr;
}

void MainWindow::addCompositeActions(QMenu* menu) {
  const auto add = [&](const QString& text, ui::Icon icon, const QKeySequence& keys, const QString& tip,
                       const std::function<bool()>& fits, const std::function<void()>& run) {
    QAction* action = addDocumentAction(menu, text, keys, tip, run);
    action->setIcon(ui::icon(icon));
    contextActions_.push_back(action);
    isFitting_[action] = fits;
  };
  contextActions_.push_back(nullptr);
  const auto isComposite = [this] { return selectedComposite() != nullptr; };
  add(tr("&Linked copy"), ui::Icon::Link, Qt::ALT | Qt::Key_D,
      tr("A copy of the selected composite that has the same inside for ever"), isComposite, [this] {
        if (selectedComposite())
          canvasController_->linkCopies(canvas_->selection());
        else
          tell(tr("Select a composite to make a linked copy of it."));
      });
  add(
      tr("Make &unique"), ui::Icon::Unlink, {}, tr("The selected copy has an inside of its own from now on"),
      [this] {
        const Node* node = selectedComposite();
        return node && !node->link.empty();
      },
      [this] { canvasController_->makeUnique(canvas_->selection()); });
  add(
      tr("S&hare weights"), ui::Icon::Weights, Qt::CTRL | Qt::SHIFT | Qt::Key_W,
      tr("The selected blocks have the same weights, or their own again"),
      [this] { return canvas_->selection().size() > 1 || canvasController_->doShareWeights(canvas_->selection()); },
      [this] { canvasController_->shareWeights(canvas_->selection()); });
  add(
      tr("Pr&omote a parameter…"), ui::Icon::Export, Qt::SHIFT | Qt::Key_P,
      tr("A parameter of the selected block becomes one of the composite around it"),
      [this] { return canvas_->selection().size() == 1; }, [this] { promoteParam(); });
  add(tr("Save to my &blocks…"), ui::Icon::Save, {}, tr("Keep the selected composite in the palette"), isComposite,
      [this] { saveToLibrary(); });
}

/// A titled rectangle around the selected blocks.
void MainWindow::addNote() {
  bool isChosen = false;
  const QString title =
      QInputDialog::getText(this, tr("Note"), tr("Title"), QLineEdit::Normal, tr("Note"), &isChosen).trimmed();
  if (isChosen) canvasController_->addNote(canvas_->selection(), title);
}

void MainWindow::editNote(NodeId note) {
  const auto known = document_->current()->frames.find(note);
  if (known == document_->current()->frames.end()) return;
  bool isChosen = false;
  const QString title = QInputDialog::getText(this, tr("Note"), tr("Title"), QLineEdit::Normal,
                                              QString::fromStdString(known->second.title), &isChosen);
  if (isChosen)
    canvasController_->changeNote(note, tr("Rename a note"),
                                  [&](Frame& frame) { frame.title = title.trimmed().toStdString(); });
}

void MainWindow::addNoteActions(QMenu* menu, NodeId note) {
  const auto add = [&](QMenu* to, const QString& text, const std::function<void()>& run) {
    QAction* action = to->addAction(text);
    connect(action, &QAction::triggered, this, run);
    return action;
  };
  const Frame& frame = document_->current()->frames.at(note);
  add(menu, tr("&Rename…"), [this, note] { editNote(note); });
  add(menu, tr("&Text…"), [this, note, text = QString::fromStdString(frame.note)] {
    bool isChosen = false;
    const QString words = QInputDialog::getMultiLineText(this, tr("Note"), tr("Text"), text, &isChosen);
    if (isChosen)
      canvasController_->changeNote(note, tr("Write a note"), [&](Frame& to) { to.note = words.toStdString(); });
  });
  QMenu* colours = menu->addMenu(tr("&Colour"));
  const QString names[] = {tr("&None"), tr("&1"), tr("&2"), tr("&3"), tr("&4"), tr("&5"), tr("&6")};
  for (int colour = -1; colour < 6; ++colour) {
    const std::string value = colour < 0 ? std::string() : std::to_string(colour);
    QAction* action = add(colours, names[colour + 1], [this, note, value] {
      canvasController_->changeNote(note, tr("Colour a note"), [&](Frame& to) { to.colour = value; });
    });
    action->setCheckable(true);
    action->setChecked(frame.colour == value);
    if (colour < 0) continue;
    QPixmap swatch(16, 16);
    swatch.fill(ui::Theme::of(this).series(colour));
    action->setIcon(swatch);
  }
  menu->addSeparator();
  add(menu, tr("&Delete"), [this, note] { canvasController_->deleteItems({note}, {}, false); });
}

void MainWindow::saveToLibrary() {
  const Node* node = selectedComposite();
  if (!node) {
    tell(tr("Select a composite to save it."));
    return;
  }
  bool isChosen = false;
  const QString suggested = QString::fromStdString(node->label.empty() ? node->name : node->label);
  const QString name =
      QInputDialog::getText(this, tr("Save to my blocks"), tr("Name"), QLineEdit::Normal, suggested, &isChosen)
          .trimmed();
  if (!isChosen) return;
  if (library_.has(name) &&
      QMessageBox::question(this, tr("Save to my blocks"), tr("There is a block %1 already. Replace it?").arg(name)) !=
          QMessageBox::Yes)
    return;
  try {
    Editor editor(*document_->current(), catalog());
    const NodeId id = node->id;
    if (!node->link.empty()) editor.makeUnique(id);
    editor.setLabel(id, name.toStdString());
    GraphPath path;
    findNode(editor.result(), id, &path);
    library_.save(name, copyText(editor.result(), path, {id}));
    canvasController_->refreshLibrary();
    fillPalettes();
    tell(tr("%1 stands in the palette, under my blocks.").arg(name));
  } catch (const Error& error) {
    tell(QString::fromStdString(error.what()));
  }
}

void MainWindow::showPaletteMenu(const QString& id, const QPoint& global) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->setObjectName("paletteMenu");
  connect(menu->addAction(tr("&Add")), &QAction::triggered, this,
          [this, id] { canvasController_->addBlockAtCenter(id); });
  const QString name = nameInLibrary(id);
  const auto change = [this](const std::function<void()>& run) {
    try {
      run();
    } catch (const Error& error) {
      tell(QString::fromStdString(error.what()));
    }
    canvasController_->refreshLibrary();
    fillPalettes();
  };
  if (!name.isEmpty()) {
    connect(menu->addAction(tr("&Rename…")), &QAction::triggered, this, [this, name, change] {
      bool isChosen = false;
      const QString to =
          QInputDialog::getText(this, tr("Rename block"), tr("Name"), QLineEdit::Normal, name, &isChosen).trimmed();
      if (isChosen) change([&] { library_.rename(name, to); });
    });
    connect(menu->addAction(tr("&Delete…")), &QAction::triggered, this, [this, name, change] {
      if (QMessageBox::question(this, tr("Delete block"),
                                tr("Delete %1 from your blocks? Models that have it keep it.").arg(name)) ==
          QMessageBox::Yes)
        change([&] { library_.remove(name); });
    });
  } else if (!id.startsWith(ui::policyPrefix)) {
    connect(menu->addAction(tr("&Help")), &QAction::triggered, this, [this, id] { showHelp(id); });
  }
  menu->popup(global);
}

/// Of the title of a parameter in the inspector.
void MainWindow::showParamMenu(NodeId node, const QString& param, const QPoint& global) {
  GraphPath path;
  const Node* found = findNode(*document_->current(), node, &path);
  if (!found) return;
  const std::string name = param.toStdString();
  const Node* around = path.empty() ? nullptr : findNode(*document_->current(), path.back().node);
  const BlockDef* block = around ? catalog().find(around->block) : nullptr;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->setObjectName("paramMenu");
  QAction* promote = menu->addAction(tr("&Promote to the composite"));
  promote->setEnabled(block && block->body == BodyKind::Single);
  connect(promote, &QAction::triggered, this, [this, node, name, param] {
    document_->edit(tr("Promote %1").arg(param), {}, [&](Editor& editor) { editor.promote(node, name); });
  });
  if (found->promoted.count(name))
    connect(menu->addAction(tr("&Give it back to the inside")), &QAction::triggered, this, [this, node, name, param] {
      document_->edit(tr("Give %1 back").arg(param), {}, [&](Editor& editor) { editor.demote(node, name); });
    });
  menu->popup(global);
}

}  // namespace fw
