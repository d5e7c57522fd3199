// The tensors of a checkpoint as a table: sorted by any column, filtered by words.
#pragma once

#include <QWidget>
#include <cstdint>
#include <vector>

class QLineEdit;
class QTableView;

namespace fw::ui {

class Label;

struct TensorTableRow {
  QString name, dtype;
  std::vector<int64_t> shape;
  int64_t bytes = 0;
  QString file;
};

struct TensorTableState {
  QString title;   // "perceiver-io"
  QString reason;  // why there is a table and no model
  std::vector<TensorTableRow> rows;
};

class TensorTable : public QWidget {
  Q_OBJECT
 public:
  explicit TensorTable(QWidget* parent = nullptr);
  void setState(const TensorTableState& state);

  QTableView* table() const { return table_; }
  QLineEdit* filter() const { return filter_; }

 private:
  class Model;
  class Order;
  void showCount();

  Model* model_;
  Order* order_;
  QTableView* table_;
  QLineEdit* filter_;
  Label *title_, *reason_, *count_;
};

}  // namespace fw::ui
