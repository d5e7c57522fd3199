// The list of blocks that the palette panel and the palette at the cursor share: model, search and painting.
#pragma once

#include <QAbstractListModel>
#include <QListView>
#include <QStringList>
#include <vector>

namespace fw::ui {

/// What a drag from the palette carries: the block's id as UTF-8 text.
inline constexpr const char* kBlockMimeType = "application/x-formwright-block";

struct BlockEntry {
  QString id, title, category;
  QStringList synonyms;
  QString help;
};

/// Rows are section heads and blocks: by category while nothing is typed (recent ones first), by fitness otherwise.
class BlockListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { IdRole = Qt::UserRole, CategoryRole, IsSectionRole, MatchRole };  // MatchRole: QList<int> of letters

  explicit BlockListModel(QObject* parent = nullptr);

  void setBlocks(std::vector<BlockEntry> blocks);
  void setRecent(const QStringList& ids);  // newest first
  void setQuery(const QString& query);
  const QString& query() const { return query_; }
  const std::vector<BlockEntry>& blocks() const { return blocks_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QStringList mimeTypes() const override;
  QMimeData* mimeData(const QModelIndexList& indexes) const override;
  Qt::DropActions supportedDragActions() const override { return Qt::CopyAction; }

 private:
  struct Row {
    QString section;  // a head; empty: a block
    int block = -1;
    std::vector<int> match;
  };
  void refresh();

  std::vector<BlockEntry> blocks_;
  QStringList recent_;
  QString query_;
  std::vector<Row> rows_;
};

/// Paints the rows and steps over section heads with the arrow keys.
class BlockListView : public QListView {
  Q_OBJECT
 public:
  explicit BlockListView(QWidget* parent = nullptr);
  BlockListModel* blocks() const { return model_; }

  QString currentId() const;
  void selectFirst();
  /// Moves the current row by `direction` over section heads; used by the search field above the list.
  void moveCurrent(int direction);

 signals:
  void chosen(const QString& id);  // Enter or double-click (a click in the popup)

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void startDrag(Qt::DropActions actions) override;

 private:
  BlockListModel* model_;
};

}  // namespace fw::ui
