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
    std::optional<Evaluation> quality = {};  // on the same data for both
    QString absence = {};                    // why there is none
  };
  /// A figure of both models.
  struct Figure {
    QString title, before, after, change;
    bool isWorse = false;
    QString explanation = {};
  };
  /// `task`: what the models were evaluated on; empty: they were not.
  DiffWindow(Side before, Side after, const std::string& task = {}, QWidget* parent = nullptr);

  const std::vector<DiffEntry>& entries() const { return entries_; }
  ui::CanvasView& canvas(bool isAfter) { return *views_[isAfter]; }
  QTableWidget* table() const { return table_; }
  /// Parameters, FLOPs, and the task's measure.
  std::vector<Figure> figures() const;
  /// "3 differences", or that there are none.
  QString summary() const;

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeSide(bool isAfter);
  QWidget* makeFigures();
  void fillTable();
  void followCamera(bool isAfter);
  void reveal(int row);

  Side sides_[2];
  std::string task_;
  std::vector<DiffEntry> entries_;
  std::vector<std::map<std::string, NodeId>> places_;  // nodes by path, of each side
  ui::CanvasView* views_[2] = {};
  QTableWidget* table_;
  bool isFollowing_ = false;
};

}  // namespace fw
