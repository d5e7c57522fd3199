// Rows of the panels' lists: a mark, a sentence, and at the right end a place, a button or a badge.
#pragma once

#include <QStyledItemDelegate>
#include <functional>
#include <optional>

#include "widgets/icons.h"
#include "widgets/theme.h"

namespace fw::ui {

struct ListRow {
  QString text;
  Tone tone = Tone::Normal;
  std::optional<Icon> icon;  // before the text; none: a dot
  Tone markTone = Tone::Dim;
  bool isHollow = false;      // the dot
  bool isCurrent = false;     // stands out without being selected
  QString place;              // secondary, at the right
  QString action;             // a button at the right end
  std::optional<Icon> badge;  // a small icon at the right end
};

class ListDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  ListDelegate(std::function<ListRow(int)> rowAt, QObject* parent);

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 signals:
  void clicked(int row);
  void actionClicked(int row);

 protected:
  bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;

 private:
  std::function<ListRow(int)> rowAt_;
};

}  // namespace fw::ui
