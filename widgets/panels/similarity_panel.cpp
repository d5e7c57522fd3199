// How redundant the layers are: a heat map, the ranked influence of blocks beside it, and the edit that follows.
#include "widgets/panels/similarity_panel.h"

#include <QActionGroup>
#include <QButtonGroup>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/icons.h"
#include "widgets/number_format.h"
#include "widgets/panels/state_frame.h"
#include "widgets/plots/bar_chart.h"

namespace fw::ui {
namespace {

// "3, 9\u201311": runs of three and more are joined.
QString layerList(const std::set<int>& layers) {
  QStringList parts;
  for (auto at = layers.begin(); at != layers.end();) {
    const int first = *at;
    int last = first;
    for (++at; at != layers.end() && *at == last + 1; ++at) last = *at;
    if (last >= first + 2)
      parts << QString("%1\u2013%2").arg(first + 1).arg(last + 1);
    else
      for (int layer = first; layer <= last; ++layer) parts << QString::number(layer + 1);
  }
  return parts.join(", ");
}

}  // namespace

SimilarityPanel::SimilarityPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("similarityPanel");
  setAccessibleName(tr("Redundancy"));
  auto* content = new QWidget;
  measureField_ = new ChoiceField(content);
  measureField_->setAccessibleName(tr("Measure"));
  measureField_->setToolTip(tr("What the heat map compares."));
  readout_ = new Label({}, TextRole::Secondary, Tone::Secondary, content);
  readout_->setElided(Qt::ElideRight);
  map_ = new HeatMap(content);
  map_->setAccessibleName(tr("Similarity of layers"));

  auto* menuButton = new QToolButton(content);
  menuButton->setIcon(icon(Icon::More));
  menuButton->setAutoRaise(true);
  menuButton->setPopupMode(QToolButton::InstantPopup);
  menuButton->setAccessibleName(tr("More"));
  menuButton->setToolTip(tr("Colours, save"));
  auto* menu = new QMenu(menuButton);
  auto* group = new QActionGroup(menu);
  for (const ColorMap map : {ColorMap::Viridis, ColorMap::Cividis}) {
    QAction* action = menu->addAction(map == ColorMap::Viridis ? tr("Viridis") : tr("Cividis (colour-blind)"));
    action->setCheckable(true);
    action->setChecked(map == colorMap_);
    action->setData(int(map));
    group->addAction(action);
  }
  connect(group, &QActionGroup::triggered, this,
          [this](QAction* action) { setColorMap(ColorMap(action->data().toInt())); });
  menu->addSeparator();
  connect(menu->addAction(icon(Icon::Image), tr("Save picture\u2026")), &QAction::triggered, this,
          &SimilarityPanel::savePictureRequested);
  connect(menu->addAction(icon(Icon::Table), tr("Save numbers\u2026")), &QAction::triggered, this,
          &SimilarityPanel::saveTableRequested);
  menuButton->setMenu(menu);

  auto* mapHead = new QHBoxLayout;
  mapHead->addWidget(measureField_);
  mapHead->addWidget(readout_, 1);
  mapHead->addWidget(menuButton);
  auto* left = new QVBoxLayout;
  left->setSpacing(8);
  left->addLayout(mapHead);
  left->addWidget(map_, 1);

  partRow_ = new QWidget(content);
  auto* partLayout = new QHBoxLayout(partRow_);
  partLayout->setContentsMargins(0, 0, 0, 0);
  partLayout->setSpacing(6);
  partLayout->addStretch();
  parts_ = new QButtonGroup(this);
  parts_->setExclusive(true);
  bars_ = new BarChart;
  bars_->setAccessibleName(tr("Influence of layers"));
  bars_->setToolTip(tr("Click a bar to leave that layer out, or to keep it."));
  barsScroll_ = new QScrollArea(content);
  barsScroll_->setWidgetResizable(true);
  barsScroll_->setFrameShape(QFrame::NoFrame);
  barsScroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  barsScroll_->setWidget(bars_);
  barsScroll_->setFocusPolicy(Qt::NoFocus);
  barsScroll_->setMinimumWidth(170);
  drop_ = new QPushButton(content);
  drop_->setProperty("isPrimary", true);
  effect_ = new Label({}, TextRole::Secondary, Tone::Good, content);
  auto* actions = new QHBoxLayout;
  actions->addWidget(drop_);
  actions->addWidget(effect_);
  actions->addStretch();
  auto* right = new QVBoxLayout;
  right->setSpacing(8);
  right->addWidget(partRow_);
  right->addWidget(barsScroll_, 1);
  right->addLayout(actions);

  auto* columns = new QHBoxLayout(content);
  columns->setContentsMargins(14, 10, 14, 10);
  columns->setSpacing(20);
  columns->addLayout(left, 5);
  columns->addLayout(right, 4);
  frame_ = new StateFrame(content, Icon::Grid, this);
  mapHead->insertWidget(2, frame_->tag());
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(frame_);

  connect(frame_, &StateFrame::actionRequested, this, &SimilarityPanel::actionRequested);
  connect(measureField_, &ChoiceField::chosen, this, [this](const QString& id) {
    measureId_ = id;
    map_->setSelection({});
    showMeasure();
    emit measureChanged(id);
  });
  connect(map_, &HeatMap::selectionChanged, this, [this](const QRect& cells) {
    if (!measure()) return;
    selected_ = layersOf(*measure(), cells);
    showRanking();
    emit layersSelected(selected_);
  });
  connect(map_, &HeatMap::hovered, this,
          [this](int row, int column) { readout_->setText(row < 0 ? QString() : map_->cellText(row, column)); });
  connect(parts_, &QButtonGroup::idClicked, this, [this](int index) {
    if (index < 0 || index >= int(state_.rankings.size())) return;
    part_ = state_.rankings[size_t(index)].part;
    picked_.clear();
    for (const InfluenceEntry& entry : state_.rankings[size_t(index)].entries)
      if (entry.isProposed) picked_.insert(entry.layer);
    showRanking();
  });
  connect(bars_, &BarChart::barClicked, this, [this](int index) {
    if (!ranking() || index >= int(ranking()->entries.size())) return;
    const int layer = ranking()->entries[size_t(index)].layer;
    if (picked_.erase(layer) == 0) picked_.insert(layer);
    showRanking();
  });
  connect(drop_, &QPushButton::clicked, this,
          [this] { emit dropRequested(part_, std::vector<int>(picked_.begin(), picked_.end())); });
}

std::set<int> SimilarityPanel::layersOf(const SimilarityMeasure& measure, const QRect& cells) {
  std::set<int> layers;
  if (cells.isEmpty()) return layers;
  for (int row = cells.top(); row <= cells.bottom(); ++row)
    for (int column = cells.left(); column <= cells.right(); ++column) {
      if (measure.meaning == CellMeaning::Span) {
        for (int i = 0; i <= row; ++i) layers.insert(column + i);
      } else {
        layers.insert(column);
        if (measure.meaning == CellMeaning::Pair) layers.insert(row);
      }
    }
  return layers;
}

const SimilarityMeasure* SimilarityPanel::measure() const {
  for (const SimilarityMeasure& each : state_.measures)
    if (each.id == measureId_) return &each;
  return nullptr;
}

const InfluenceRanking* SimilarityPanel::ranking() const {
  for (const InfluenceRanking& each : state_.rankings)
    if (each.part == part_) return &each;
  return nullptr;
}

void SimilarityPanel::setState(const SimilarityState& state) {
  const auto proposal = [](const InfluenceRanking* from) {
    std::set<int> layers;
    if (from)
      for (const InfluenceEntry& entry : from->entries)
        if (entry.isProposed) layers.insert(entry.layer);
    return layers;
  };
  const std::set<int> before = proposal(ranking());
  state_ = state;
  if (!measure()) measureId_ = state.measures.empty() ? QString() : state.measures.front().id;
  if (!ranking()) part_ = state.rankings.empty() ? QString() : state.rankings.front().part;
  // A person's own choice stays until the proposal is another one.
  if (const std::set<int> now = proposal(ranking()); now != before) picked_ = now;

  measureField_->clear();
  for (const SimilarityMeasure& each : state.measures) measureField_->addChoice(each.id, each.title);
  measureField_->setChoice(measureId_);
  measureField_->setVisible(state.measures.size() > 1);

  showParts();
  partRow_->setVisible(state.rankings.size() > 1);
  showMeasure();
  showRanking();
  frame_->setState(state.panel);
}

void SimilarityPanel::showParts() {
  QStringList titles, shown;
  for (const InfluenceRanking& each : state_.rankings) titles << each.title;
  for (const QAbstractButton* button : parts_->buttons()) shown << button->text();
  if (titles != shown) {
    for (QAbstractButton* button : parts_->buttons()) {
      parts_->removeButton(button);
      button->hide();
      button->deleteLater();
    }
    auto* layout = static_cast<QHBoxLayout*>(partRow_->layout());
    for (int i = 0; i < int(titles.size()); ++i) {
      auto* button = new QPushButton(titles[i], partRow_);
      button->setCheckable(true);
      button->setProperty("isQuiet", true);
      parts_->addButton(button, i);
      layout->insertWidget(i, button);
    }
  }
  for (size_t i = 0; i < state_.rankings.size(); ++i)
    parts_->button(int(i))->setChecked(state_.rankings[i].part == part_);
}

void SimilarityPanel::setSelectedLayers(const std::set<int>& layers) {
  if (layers == selected_) return;
  selected_ = layers;
  map_->setSelection({});
  showRanking();
}

void SimilarityPanel::setColorMap(ColorMap map) {
  colorMap_ = map;
  if (map_->data().map != ColorMap::BlueWhiteRed) map_->setColorMap(map);
}

void SimilarityPanel::showMeasure() {
  HeatMapData data;
  if (measure()) data = measure()->map;
  if (data.map != ColorMap::BlueWhiteRed) data.map = colorMap_;
  map_->setData(std::move(data));
}

void SimilarityPanel::showRanking() {
  const InfluenceRanking* ranking = this->ranking();
  BarChartData data;
  data.title = state_.rankingTitle;
  double saved = 0;
  if (ranking)
    for (const InfluenceEntry& entry : ranking->entries) {
      const bool isPicked = picked_.count(entry.layer) > 0;
      data.bars.push_back({QString::number(entry.layer + 1), entry.value, isPicked, selected_.count(entry.layer) > 0});
      if (isPicked) saved += entry.timeShare;
    }
  bars_->setData(std::move(data));
  barsScroll_->setVisible(ranking);
  drop_->setVisible(ranking);
  effect_->setVisible(ranking && saved > 0);
  if (!ranking) return;
  drop_->setEnabled(!picked_.empty());
  const QString layers = layerList(picked_);
  drop_->setText(picked_.empty()             ? tr("Nothing to drop")
                 : ranking->object.isEmpty() ? tr("Drop layers %1", nullptr, int(picked_.size())).arg(layers)
                                             : tr("Drop %1 in %2").arg(ranking->object, layers));
  effect_->setText(tr("%1 time").arg(formatChange(-saved)));
}

}  // namespace fw::ui
