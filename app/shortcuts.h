// The keys of the window's commands: read from the settings, changed in a dialog that tells where two clash.
#pragma once

#include <QAction>
#include <QDialog>
#include <functional>
#include <map>
#include <vector>

class QKeySequenceEdit;
class QTableWidget;

namespace fw {

namespace ui {
class Label;
}

class Shortcuts {
 public:
  /// A command under a name that stays from version to version; its present key is the default. A key that stands after
  /// a tab in its text belongs to the canvas, which takes it while it has the focus.
  void add(QAction* action);
  /// Gives the commands the keys of the settings.
  void load();
  /// The empty key takes a key away.
  void set(QAction* action, const QKeySequence& keys);
  void reset();
  /// Another command that has these keys, or nullptr.
  QAction* rival(const QAction* action, const QKeySequence& keys) const;
  QKeySequence keysOf(const QAction* action) const;
  /// The canvas's keys that are others than at first: which, and what they are now (none: the empty one).
  std::vector<std::pair<QKeySequence, QKeySequence>> canvasChanges() const;
  /// Called when they have changed.
  std::function<void()> onCanvasKeys;
  /// All commands that have keys, by menu, as a page to print.
  QString sheet() const;
  QKeySequence defaultKeys(const QAction* action) const { return defaults_.at(action); }
  const std::vector<QAction*>& actions() const { return actions_; }
  static QString titleOf(const QAction* action);

 private:
  void give(QAction* action, const QKeySequence& keys);

  std::vector<QAction*> actions_;
  std::map<const QAction*, QKeySequence> defaults_;
  std::map<const QAction*, QKeySequence> canvasKeys_;  // of those that belong to the canvas
};

class ShortcutsDialog : public QDialog {
  Q_OBJECT
 public:
  explicit ShortcutsDialog(Shortcuts& shortcuts, QWidget* parent = nullptr);
  QKeySequenceEdit* editorOf(const QAction* action) const { return editors_.at(action); }

 private:
  void change(QAction* action, const QKeySequence& keys);
  void showAll();
  void print();

  Shortcuts& shortcuts_;
  QTableWidget* table_;
  ui::Label* complaint_;
  std::map<const QAction*, QKeySequenceEdit*> editors_;
};

}  // namespace fw
