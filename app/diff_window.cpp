// Two models side by side.
#include "app/diff_window.h"

#include <QHeaderView>
#include <QSplitter>
#include <QTableWidget>
#include <QTimer>
#include <QVBoxLayout>
#include <cmath>
#include <functional>

#include "app/scene_builder.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/forms/label.h"
#include "widgets/number_format.h"
#include "widgets/spaced_cells.h"

namespace fw {
namespace {

/// The nodes of a model by the path that a diff names them with.
std::map<std::string, NodeId> placesOf(const Architecture& model) {
  std::map<std::string, NodeId> places;
  const std::function<void(const Graph&, const GraphPath&)> walk = [&](const Graph& graph, const GraphPath& path) {
    for (const auto& [id, node] : graph.nodes) {
      places[pathText(model, path, id)] = id;
      for (const auto& [name, body] : node->bodies) {
        GraphPath inner = path;
        inner.push_back({id, name});
        walk(*body, inner);
      }
    }
  };
  walk(*model.root, {});
  return places;
}

/// "layers[3]/mlp" is a setting of "layers/mlp".
std::string withoutLayers(const std::string& path) {
  std::string plain;
  int depth = 0;
  for (const char c : path) {
    depth += c == '[';
    if (depth == 0) plain += c;
    depth -= c == ']';
  }
  return plain;
}

QColor colorOf(const ui::Theme& theme, DiffKind kind) {
  return kind == DiffKind::Added ? theme.good : kind == DiffKind::Removed ? theme.error : theme.warning;
}

QString wordOf(DiffKind kind) {
  return kind == DiffKind::Added     ? DiffWindow::tr("added")
         : kind == DiffKind::Removed ? DiffWindow::tr("removed")
                                     : DiffWindow::tr("changed");
}

}  // namespace

DiffWindow::DiffWindow(Side before, Side after, const std::string& task, QWidget* parent)
    : QWidget(parent, Qt::Window), sides_{std::move(before), std::move(after)}, task_(task) {
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("%1 and %2 — Formwright").arg(sides_[0].name, sides_[1].name));
  entries_ = diff(*sides_[0].facts.snapshot, *sides_[1].facts.snapshot, catalog());
  for (const Side& side : sides_) places_.push_back(placesOf(*side.facts.snapshot));

  auto* canvases = new QSplitter(Qt::Horizontal);
  for (const bool isAfter : {false, true}) canvases->addWidget(makeSide(isAfter));
  table_ = new QTableWidget;
  table_->setItemDelegate(new ui::SpacedCells(table_));
  fillTable();
  auto* below = new QWidget;
  auto* rows = new QVBoxLayout(below);
  rows->setContentsMargins(12, 8, 12, 8);
  rows->setSpacing(8);
  rows->addWidget(makeFigures());
  rows->addWidget(table_, 1);
  auto* split = new QSplitter(Qt::Vertical, this);
  split->addWidget(canvases);
  split->addWidget(below);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(split);
  resize(1280, 820);
}

QWidget* DiffWindow::makeSide(bool isAfter) {
  Side& side = sides_[isAfter];
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* title = new ui::Label(side.name, ui::TextRole::Heading, ui::Tone::Normal, page);
  title->setContentsMargins(16, 8, 16, 8);
  ui::CanvasView* view = views_[isAfter] = new ui::CanvasView;
  view->setMinimapVisible(false);
  view->setAccessibleName(side.name);
  column->addWidget(title);
  column->addWidget(view, 1);

  auto scene = std::make_shared<ui::CanvasScene>(*buildScene(*side.facts.snapshot, side.facts, {}));
  std::map<NodeId, DiffKind> marks;
  for (const DiffEntry& entry : entries_) {
    const auto node = places_[isAfter].find(withoutLayers(entry.path));
    if (node == places_[isAfter].end()) continue;
    const DiffKind kind = entry.what == "node" ? entry.kind : DiffKind::Changed;
    const auto known = marks.emplace(node->second, kind).first;
    if (kind != DiffKind::Changed) known->second = kind;
  }
  for (ui::CanvasItem& item : scene->items)
    if (const auto mark = marks.find(item.id); mark != marks.end())
      item.heat = colorOf(ui::Theme::of(this), mark->second);
  view->setScene(scene);
  connect(view, &ui::CanvasView::cameraChanged, this, [this, isAfter] { followCamera(isAfter); });
  return page;
}

void DiffWindow::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  QTimer::singleShot(0, views_[1], &ui::CanvasView::frameAll);  // when both have their sizes
}

// What is looked at on one side is looked at on the other.
void DiffWindow::followCamera(bool isAfter) {
  if (isFollowing_ || !views_[!isAfter] || !isVisible()) return;
  isFollowing_ = true;
  views_[!isAfter]->setCamera(views_[isAfter]->camera());
  isFollowing_ = false;
}

void DiffWindow::fillTable() {
  table_->setObjectName("diffTable");
  table_->setColumnCount(5);
  table_->setHorizontalHeaderLabels({tr("Where"), tr("What"), tr("Change"), tr("Before"), tr("After")});
  table_->setRowCount(int(entries_.size()));
  table_->verticalHeader()->hide();
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setShowGrid(false);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->setFrameShape(QFrame::NoFrame);
  for (int row = 0; row < int(entries_.size()); ++row) {
    const DiffEntry& entry = entries_[size_t(row)];
    const QString cells[] = {QString::fromStdString(entry.path), QString::fromStdString(entry.what), wordOf(entry.kind),
                             QString::fromStdString(entry.before), QString::fromStdString(entry.after)};
    for (int column = 0; column < 5; ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      if (column == 2) item->setForeground(colorOf(ui::Theme::of(this), entry.kind));
      table_->setItem(row, column, item);
    }
  }
  table_->resizeColumnsToContents();
  constexpr int kLeastColumn = 110;  // its head too
  for (int column = 0; column < table_->columnCount(); ++column)
    table_->setColumnWidth(column, std::max(kLeastColumn, table_->columnWidth(column)));
  table_->horizontalHeader()->setStretchLastSection(true);
  connect(table_, &QTableWidget::cellClicked, this, [this](int row) { reveal(row); });
  connect(table_, &QTableWidget::cellActivated, this, [this](int row) { reveal(row); });
}

void DiffWindow::reveal(int row) {
  const std::string path = withoutLayers(entries_[size_t(row)].path);
  for (const bool isAfter : {true, false}) {
    const auto node = places_[isAfter].find(path);
    if (node != places_[isAfter].end()) views_[isAfter]->reveal(node->second);
  }
}

QString DiffWindow::summary() const {
  if (entries_.empty()) return tr("The two mean the same.");
  return ui::counted(int64_t(entries_.size()), tr("1 difference"), tr("%1 differences"));
}

std::vector<DiffWindow::Figure> DiffWindow::figures() const {
  std::vector<Figure> figures;
  const auto add = [&](const QString& title, double from, double to, const auto& format) {
    figures.push_back({title, format(from), format(to), {}, to > from});
    if (from > 0 && from != to) figures.back().change = ui::formatChange(to / from - 1);
  };
  if (const auto& a = sides_[0].facts.cost, &b = sides_[1].facts.cost; a && b) {
    add(tr("Parameters"), a->parametersUnique, b->parametersUnique, ui::formatCount);
    add(tr("FLOPs"), a->flops, b->flops, ui::formatFlops);
  }
  if (task_.empty()) return figures;
  const TaskDef& task = findTask(task_);
  const auto &a = sides_[0].quality, &b = sides_[1].quality;
  const auto isMeasured = [&](const std::optional<Evaluation>& of) {
    return !of || of->measures.contains(task.metric);
  };
  if (a && b && (!isMeasured(a) || !isMeasured(b))) {
    add(tr("Loss"), a->loss, b->loss, ui::formatValue);
  } else {
    Figure figure{.title = QString::fromStdString(task.metric)};
    figure.title[0] = figure.title[0].toUpper();
    const auto words = [&](const Side& side) {
      return side.quality && side.quality->measures.contains(task.metric)
                 ? ui::formatPercent(side.quality->measures.at(task.metric))
                 : side.absence;
    };
    figure.before = words(sides_[0]), figure.after = words(sides_[1]);
    if (a && b) {
      const double points = 100 * (b->measures.at(task.metric) - a->measures.at(task.metric));
      const double tenths = std::round(10 * points) / 10;
      figure.isWorse = tenths < 0;
      if (tenths != 0)
        figure.change = tr("%1 points").arg((tenths > 0 ? "+" : "\u2212") + QString::number(std::abs(tenths), 'f', 1));
    }
    figures.push_back(figure);
  }
  figures.back().explanation = tr("On the test split of %1").arg(QString::fromStdString(task.title));
  return figures;
}

/// A column for each figure, the number of differences before them.
QWidget* DiffWindow::makeFigures() {
  auto* line = new QWidget;
  line->setObjectName("diffFigures");
  auto* row = new QHBoxLayout(line);
  row->setContentsMargins(0, 0, 0, 4);
  row->setSpacing(32);
  row->addWidget(new ui::Label(summary(), ui::TextRole::Heading, ui::Tone::Normal, line));
  for (const Figure& figure : figures()) {
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    column->addWidget(new ui::Label(figure.title, ui::TextRole::Secondary, ui::Tone::Secondary, line));
    auto* values = new QHBoxLayout;
    values->setSpacing(8);
    auto* words = new ui::Label(figure.before == figure.after ? figure.before : figure.before + " → " + figure.after,
                                ui::TextRole::Body, ui::Tone::Normal, line);
    words->setToolTip(figure.explanation);
    values->addWidget(words);
    if (!figure.change.isEmpty())
      values->addWidget(
          new ui::Label(figure.change, ui::TextRole::Body, figure.isWorse ? ui::Tone::Warning : ui::Tone::Good, line));
    values->addStretch(1);
    column->addLayout(values);
    row->addLayout(column);
  }
  row->addStretch(1);
  return line;
}

}  // namespace fw
