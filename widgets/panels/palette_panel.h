// The palette: search field and the blocks by category, to be dragged to the canvas or added by Enter.
#pragma once

#include <QWidget>

#include "widgets/panels/block_list.h"
#include "widgets/panels/panel_state.h"

class QLineEdit;

namespace fw::ui {

class StateFrame;

struct PaletteState {
  PanelState panel;  // Ready shows the blocks
  std::vector<BlockEntry> blocks;
  QStringList recent;  // ids, newest first
};

class PalettePanel : public QWidget {
  Q_OBJECT
 public:
  explicit PalettePanel(QWidget* parent = nullptr);
  void setState(const PaletteState& state);
  /// Puts the keyboard into the search field and selects its text.
  void focusSearch();
  BlockListView* list() const { return list_; }
  QLineEdit* search() const { return search_; }

 signals:
  /// Enter or double-click: add the block where the canvas thinks best.
  void blockActivated(const QString& id);
  void actionRequested();
  /// A block was clicked with the right button.
  void menuRequested(const QString& id, const QPoint& global);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QLineEdit* search_;
  BlockListView* list_;
  StateFrame* frame_;
};

/// The action in a search field that shows the magnifying glass.
void addSearchIcon(QLineEdit* field);

}  // namespace fw::ui
