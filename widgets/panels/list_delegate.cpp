// Rows of the panels' lists.
#include "widgets/panels/list_delegate.h"

#include <QMouseEvent>
#include <QPainter>

namespace fw::ui {
namespace {

QRectF rowRect(const QStyleOptionViewItem& option) { return QRectF(option.rect).adjusted(6, 1, -6, -1); }

// Where a row's button is painted; also where it is clicked.
QRectF actionRect(const QRectF& row, const QString& action) {
  if (action.isEmpty()) return {};
  const double width = QFontMetricsF(ui::font(TextRole::Secondary)).horizontalAdvance(action) + 20;
  return QRectF(row.right() - width - 8, row.center().y() - 11, width, 22);
}

}  // namespace

ListDelegate::ListDelegate(std::function<ListRow(int)> rowAt, QObject* parent)
    : QStyledItemDelegate(parent), rowAt_(std::move(rowAt)) {}

QSize ListDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const {
  return QSize(60, std::max(28, QFontMetrics(ui::font(TextRole::Body)).height() + 12));
}

void ListDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Theme& theme = Theme::of(option.palette);
  const ListRow content = rowAt_(index.row());
  const bool isSelected = option.state.testFlag(QStyle::State_Selected);
  const bool isHovered = option.state.testFlag(QStyle::State_MouseOver);
  const bool isFocused = isSelected && showsFocus(option.widget);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QRectF row = rowRect(option);
  if (content.isCurrent || isSelected || isHovered) {
    painter->setPen(isFocused ? QPen(theme.accent, 1.5) : QPen(Qt::NoPen));
    painter->setBrush(content.isCurrent ? theme.raised : isSelected ? theme.selection : theme.hover);
    painter->drawRoundedRect(row.adjusted(0.75, 0.75, -0.75, -0.75), 4, 4);
  }
  const QColor mark = content.markTone == Tone::Dim ? theme.faint : theme.tone(content.markTone);
  if (content.icon) {
    paintIcon(*painter, *content.icon, QRectF(row.x() + 8, row.center().y() - 7.5, 15, 15), mark);
  } else {
    painter->setPen(content.isHollow ? QPen(mark, 1.2) : QPen(Qt::NoPen));
    painter->setBrush(content.isHollow ? QBrush(Qt::NoBrush) : QBrush(mark));
    painter->drawEllipse(QRectF(row.x() + 13, row.center().y() - 3, 6, 6));
  }
  double right = row.right() - 8;
  painter->setFont(ui::font(TextRole::Secondary));
  if (!content.action.isEmpty()) {
    const QRectF box = actionRect(row, content.action);
    painter->setPen(QPen(theme.hairline, 1));
    painter->setBrush(theme.raised);
    painter->drawRoundedRect(box, 4, 4);
    painter->setPen(theme.accent);
    painter->drawText(box, Qt::AlignCenter, content.action);
    right = box.left() - 12;
  }
  if (content.badge) {
    paintIcon(*painter, *content.badge, QRectF(right - 12, row.center().y() - 6, 12, 12), theme.dim);
    right -= 18;
  }
  if (!content.place.isEmpty()) {
    const QFontMetricsF small(painter->font());
    const double width = std::min(small.horizontalAdvance(content.place) + 2, (right - row.x()) * 0.35);
    painter->setPen(isSelected ? theme.text : theme.secondary);
    painter->drawText(QRectF(right - width, row.y(), width, row.height()), Qt::AlignVCenter | Qt::AlignRight,
                      small.elidedText(content.place, Qt::ElideLeft, width));
    right -= width + 16;
  }
  painter->setFont(ui::font(TextRole::Body));
  painter->setPen(theme.tone(content.tone));
  const QRectF text(row.x() + 32, row.y(), right - row.x() - 32, row.height());
  painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                    QFontMetricsF(painter->font()).elidedText(content.text, Qt::ElideRight, text.width()));
  painter->restore();
}

bool ListDelegate::editorEvent(QEvent* event, QAbstractItemModel*, const QStyleOptionViewItem& option,
                               const QModelIndex& index) {
  if (event->type() != QEvent::MouseButtonRelease) return false;
  const auto* mouse = static_cast<QMouseEvent*>(event);
  if (mouse->button() != Qt::LeftButton) return false;
  if (actionRect(rowRect(option), rowAt_(index.row()).action).contains(mouse->position()))
    emit actionClicked(index.row());
  else
    emit clicked(index.row());
  return true;
}

}  // namespace fw::ui
