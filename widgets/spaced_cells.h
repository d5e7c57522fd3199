// Cells of a table whose text keeps a distance from those beside it.
#pragma once

#include <QStyledItemDelegate>

namespace fw::ui {

/// Of the text of cells and of headers to the sides of their column, in pixels.
inline constexpr int kCellMargin = 8;

class SpacedCells : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    return QStyledItemDelegate::sizeHint(option, index) + QSize(2 * kCellMargin, 0);
  }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QStyleOptionViewItem inner = option;
    inner.rect.adjust(kCellMargin, 0, -kCellMargin, 0);
    QStyledItemDelegate::paint(painter, inner, index);
  }
};

}  // namespace fw::ui
