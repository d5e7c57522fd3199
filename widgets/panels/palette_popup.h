// The palette at the cursor: type, arrow, Enter. Also offers what fits a wire that was dropped into the void.
#pragma once

#include <QFrame>

#include "widgets/panels/block_list.h"

class QLineEdit;

namespace fw::ui {

class Label;

class PalettePopup : public QFrame {
  Q_OBJECT
 public:
  explicit PalettePopup(QWidget* parent = nullptr);

  /// Opens at a point of the screen, moved so that it lies on that screen. `title` says what the list is limited to
  /// ("fits a tensor of B T D"); empty: all blocks.
  void open(const QPoint& at, std::vector<BlockEntry> blocks, const QStringList& recent = {},
            const QString& title = {});
  BlockListView* list() const { return list_; }
  QLineEdit* search() const { return search_; }

 signals:
  void chosen(const QString& id);
  /// Closed without a choice: Esc or a click elsewhere.
  void cancelled();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void choose(const QString& id);
  void fit();

  Label* title_;
  QLineEdit* search_;
  BlockListView* list_;
  Label* nothing_;
  QPoint at_;
  bool wasChosen_ = false;
};

}  // namespace fw::ui
