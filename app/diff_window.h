// Two models side by side: what was added, removed and changed, on both canvases and in a table, and what it costs.
#pragma once

#include <QWidget>

#include "app/document_controller.h"
#include "engine/arch/diff.h"

class QTableWidget;

namespace fw {

namespace ui {
class CanvasView;
}

class DiffWindow : public QWidget {
  Q_OBJECT
 public:
  struct Side {
    QString name;
    DocumentFacts facts;
  };
  DiffWindow(Side before, Side after, QWidget* parent = nullptr);

  const std::vector<DiffEntry>& entries() const { return entries_; }
  ui::CanvasView& canvas(bool isAfter) { return *views_[isAfter]; }
  QTableWidget* table() const { return table_; }
  /// "209 K → 310 K parameters (+48 %)" and the like.
  QString summary() const;

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeSide(bool isAfter);
  void fillTable();
  void followCamera(bool isAfter);
  void reveal(int row);

  Side sides_[2];
  std::vector<DiffEntry> entries_;
  std::vector<std::map<std::string, NodeId>> places_;  // nodes by path, of each side
  ui::CanvasView* views_[2] = {};
  QTableWidget* table_;
  bool isFollowing_ = false;
};

}  // namespace fw
