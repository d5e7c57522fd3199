// A list of blocks that pops up at the cursor and is searched by typing.
#pragma once

#include <QFrame>
#include <QStringList>
#include <vector>

class QLabel;
class QLineEdit;
class QListWidget;

namespace fw::ui {

struct PaletteBlock {
  QString id;            // "attention.multi_head"
  QString title;         // "Multi-head attention"
  QString category;      // of Theme::category
  QString help;          // a sentence
  QStringList synonyms;  // "MHA"
  QString detail;        // shown at the right instead of the category
};

/// The blocks that match, best first; all of them for an empty query, those of `recent` first.
std::vector<PaletteBlock> searchBlocks(const std::vector<PaletteBlock>& blocks, const QString& query,
                                       const QStringList& recent);

class SearchPalette : public QFrame {
  Q_OBJECT

 public:
  /// `prompt` stands in the empty field: "Search blocks…" where it is empty.
  SearchPalette(std::vector<PaletteBlock> blocks, QStringList recent, QWidget* parent, const QString& prompt = {});
  /// Shows it with its upper left corner at a point of the screen, moved to fit there.
  void popUp(QPoint global);

 signals:
  void chosen(const QString& block);
  void closed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void search();
  void choose();
  void showHelp();

  std::vector<PaletteBlock> blocks_, found_;
  QStringList recent_;
  QLineEdit* query_;
  QListWidget* list_;
  QLabel* help_;
};

}  // namespace fw::ui
