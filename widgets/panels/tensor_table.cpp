// The tensors of a checkpoint as a table.
#include "widgets/panels/tensor_table.h"

#include <QAbstractTableModel>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/number_format.h"
#include "widgets/spaced_cells.h"

namespace fw::ui {
namespace {

enum Column { Name, Type, Size, Bytes, File, ColumnCount };

int64_t elementsOf(const TensorTableRow& row) {
  int64_t count = 1;
  for (const int64_t size : row.shape) count *= size;
  return count;
}

QString shapeText(const TensorTableRow& row) {
  QStringList sizes;
  for (const int64_t size : row.shape) sizes.push_back(QString::number(size));
  return sizes.isEmpty() ? QStringLiteral("\u2013") : sizes.join(QStringLiteral(" \u00d7 "));
}

/// Digits compare as the numbers they write: layer 10 comes after layer 9.
bool comesBefore(const QString& a, const QString& b) {
  qsizetype i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!a[i].isDigit() || !b[j].isDigit()) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    const auto number = [](const QString& text, qsizetype& at) {
      while (at + 1 < text.size() && text[at] == '0' && text[at + 1].isDigit()) ++at;
      const qsizetype first = at;
      while (at < text.size() && text[at].isDigit()) ++at;
      return text.mid(first, at - first);
    };
    const QString left = number(a, i), right = number(b, j);
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
  }
  return a.size() - i < b.size() - j;
}

}  // namespace

class TensorTable::Model : public QAbstractTableModel {
 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setRows(std::vector<TensorTableRow> rows) {
    beginResetModel();
    rows_ = std::move(rows);
    endResetModel();
  }
  const TensorTableRow& row(int i) const { return rows_[size_t(i)]; }

  int rowCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : int(rows_.size()); }
  int columnCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : int(ColumnCount); }

  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
      return int((section == Bytes ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    const QString titles[] = {tr("Tensor"), tr("Type"), tr("Shape"), tr("Bytes"), tr("File")};
    return titles[section];
  }

  /// Under Qt::UserRole what columns are sorted by.
  QVariant data(const QModelIndex& index, int role) const override {
    const TensorTableRow& row = rows_[size_t(index.row())];
    if (role == Qt::TextAlignmentRole && index.column() == Bytes) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::UserRole && index.column() == Size) return qlonglong(elementsOf(row));
    if (role == Qt::UserRole && index.column() == Bytes) return qlonglong(row.bytes);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != Qt::UserRole) return {};
    switch (index.column()) {
      case Name:
        return row.name;
      case Type:
        return row.dtype;
      case Size:
        return shapeText(row);
      case Bytes:
        return formatBytes(double(row.bytes));
      default:
        return row.file;
    }
  }

 private:
  std::vector<TensorTableRow> rows_;
};

/// Sorted naturally, so that layer 10 comes after layer 9; shown where every word is in a name, a type or a file.
class TensorTable::Order : public QSortFilterProxyModel {
 public:
  explicit Order(Model* model, QObject* parent) : QSortFilterProxyModel(parent), model_(model) {
    setSourceModel(model);
    setSortRole(Qt::UserRole);
  }
  void setWords(const QString& text) {
    words_ = text.split(' ', Qt::SkipEmptyParts);
    invalidateFilter();
  }

 protected:
  bool filterAcceptsRow(int i, const QModelIndex&) const override {
    const TensorTableRow& row = model_->row(i);
    for (const QString& word : words_)
      if (!row.name.contains(word, Qt::CaseInsensitive) && !row.dtype.contains(word, Qt::CaseInsensitive) &&
          !row.file.contains(word, Qt::CaseInsensitive))
        return false;
    return true;
  }
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override {
    const QVariant a = left.data(Qt::UserRole), b = right.data(Qt::UserRole);
    if (a.typeId() == QMetaType::LongLong) return a.toLongLong() < b.toLongLong();
    return comesBefore(a.toString(), b.toString());
  }

 private:
  Model* model_;
  QStringList words_;
};

TensorTable::TensorTable(QWidget* parent) : QWidget(parent) {
  setObjectName("tensorTable");
  setAccessibleName(tr("Tensors"));
  model_ = new Model(this);
  order_ = new Order(model_, this);
  title_ = new Label({}, TextRole::Title);
  reason_ = new Label({}, TextRole::Body, Tone::Secondary);
  reason_->setWordWrap(true);
  reason_->setTextFormat(Qt::PlainText);
  filter_ = new QLineEdit;
  filter_->setPlaceholderText(tr("Filter by words"));
  filter_->setAccessibleName(tr("Filter"));
  filter_->setClearButtonEnabled(true);
  count_ = new Label({}, TextRole::Secondary, Tone::Secondary);
  table_ = new QTableView;
  table_->setModel(order_);
  table_->setSortingEnabled(true);
  table_->sortByColumn(Name, Qt::AscendingOrder);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setWordWrap(false);
  table_->setShowGrid(false);
  table_->setItemDelegate(new SpacedCells(table_));
  table_->setAccessibleName(tr("Tensors"));
  table_->verticalHeader()->hide();
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setSectionResizeMode(Name, QHeaderView::Stretch);

  auto* line = new QHBoxLayout;
  line->addWidget(filter_, 1);
  line->addWidget(count_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(24, 20, 24, 16);
  layout->setSpacing(10);
  layout->addWidget(title_);
  layout->addWidget(reason_);
  layout->addLayout(line);
  layout->addWidget(table_, 1);
  connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
    order_->setWords(text);
    showCount();
  });
}

void TensorTable::setState(const TensorTableState& state) {
  title_->setText(state.title);
  reason_->setText(state.reason);
  filter_->clear();
  model_->setRows(state.rows);
  for (const int column : {Type, Size, Bytes, File}) table_->resizeColumnToContents(column);
  showCount();
}

void TensorTable::showCount() {
  double bytes = 0;
  for (int i = 0; i < order_->rowCount(); ++i)
    bytes += double(model_->row(order_->mapToSource(order_->index(i, 0)).row()).bytes);
  const int shown = order_->rowCount(), all = model_->rowCount({});
  const QString size = formatBytes(bytes);
  count_->setText(shown == all ? tr("%1 tensors, %2").arg(all).arg(size)
                               : tr("%1 of %2 tensors, %3").arg(shown).arg(all).arg(size));
}

}  // namespace fw::ui
