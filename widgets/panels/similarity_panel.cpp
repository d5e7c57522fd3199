// How redundant the layers are: a heat map, the ranked influence of blocks beside it, and the edit that follows.
#include "widgets/panels/similarity_panel.h"

#include <QActionGroup>
#include <QButtonGroup>
#include <QGridLayout>
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

/// The entries that a ranking proposes to drop.
std::set<int> proposal(const InfluenceRanking* ranking) {
  std::set<int> entries;
  if (ranking)
    for (size_t i = 0; i < ranking->entries.size(); ++i)
      if (ranking->entries[i].isProposed) entries.insert(int(i));
  return entries;
}

constexpr const char* kAtOnce = "once";
constexpr const char* kOneByOne = "iterative";

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
  order_ = new ChoiceField(content);
  order_->setAccessibleName(tr("Order of dropping"));
  order_->addChoice(kAtOnce, tr("at once"), tr("What is marked, as it was measured."));
  order_->addChoice(kOneByOne, tr("one by one"),
                    tr("As many as are marked: the least goes, then all is measured again."));
  effect_ = new Label({}, TextRole::Secondary, Tone::Good, content);
  report_ = new QWidget(content);
  auto* actions = new QHBoxLayout;
  actions->addWidget(drop_);
  actions->addWidget(order_);
  actions->addWidget(effect_);
  actions->addStretch();
  auto* right = new QVBoxLayout;
  right->setSpacing(8);
  right->addWidget(partRow_);
  right->addWidget(barsScroll_, 1);
  right->addLayout(actions);
  right->addWidget(report_);

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
    picked_ = proposal(&state_.rankings[size_t(index)]);
    showRanking();
  });
  connect(bars_, &BarChart::barClicked, this, [this](int index) {
    if (!ranking() || index >= int(ranking()->entries.size())) return;
    if (picked_.erase(index) == 0) picked_.insert(index);
    showRanking();
  });
  connect(order_, &ChoiceField::chosen, this, &SimilarityPanel::showRanking);
  connect(drop_, &QPushButton::clicked, this, [this] {
    if (!ranking()) return;
    std::vector<DropPick> picks;
    for (const int entry : picked_) {
      const InfluenceEntry& of = ranking()->entries[size_t(entry)];
      picks.push_back({of.part.isEmpty() ? part_ : of.part, of.layer});
    }
    emit dropRequested(part_, picks, order_->choice() == kOneByOne);
  });
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
  showReport();
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
  std::set<int> layers;
  if (ranking)
    for (size_t i = 0; i < ranking->entries.size(); ++i) {
      const InfluenceEntry& entry = ranking->entries[i];
      const bool isPicked = picked_.count(int(i)) > 0;
      const QString number = QString::number(entry.layer + 1);
      data.bars.push_back({entry.part.isEmpty() ? number : number + " " + entry.part, entry.value, isPicked,
                           selected_.count(entry.layer) > 0});
      if (!isPicked) continue;
      saved += entry.timeShare;
      layers.insert(entry.layer);
    }
  bars_->setData(std::move(data));
  barsScroll_->setVisible(ranking);
  drop_->setVisible(ranking);
  order_->setVisible(ranking);
  effect_->setVisible(ranking && saved > 0);
  if (!ranking) return;
  drop_->setEnabled(!picked_.empty());
  const int count = int(picked_.size());
  const bool isIterative = order_->choice() == kOneByOne;
  const bool isMixed = ranking->part == "joint";
  if (picked_.empty())
    drop_->setText(tr("Nothing to drop"));
  else if (isMixed)
    drop_->setText(counted(count, tr("Drop 1 part"), tr("Drop %1 parts")));
  else if (isIterative)
    drop_->setText(ranking->object.isEmpty() ? counted(count, tr("Drop 1 layer"), tr("Drop %1 layers"))
                                             : tr("Drop %1 \u00d7 %2").arg(count).arg(ranking->object));
  else if (ranking->object.isEmpty())
    drop_->setText((count == 1 ? tr("Drop layer %1") : tr("Drop layers %1")).arg(layerList(layers)));
  else
    drop_->setText(tr("Drop %1 in %2").arg(ranking->object, layerList(layers)));
  effect_->setText(tr("%1 time").arg(formatChange(-saved)));
}

void SimilarityPanel::showReport() {
  delete report_->layout();
  for (QWidget* each : report_->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
    each->hide();
    each->deleteLater();
  }
  const DropReport& report = state_.report;
  report_->hide();
  if (report.title.isEmpty()) return;
  auto* grid = new QGridLayout(report_);
  grid->setContentsMargins(0, 2, 0, 0);
  grid->setHorizontalSpacing(12);
  grid->setVerticalSpacing(2);
  auto* title = new Label(report.title, TextRole::Secondary, Tone::Normal, report_);
  title->setElided(Qt::ElideRight);
  grid->addWidget(title, 0, 0, 1, 4);
  if (report.figures.empty()) {
    auto* text = new Label(report.text, TextRole::Secondary, Tone::Secondary, report_);
    text->setWordWrap(true);
    grid->addWidget(text, 1, 0, 1, 4);
  }
  int row = 1;
  for (const BeforeAfter& figure : report.figures) {
    grid->addWidget(new Label(figure.title, TextRole::Secondary, Tone::Secondary, report_), row, 0);
    grid->addWidget(new Label(figure.before, TextRole::Secondary, Tone::Secondary, report_), row, 1, Qt::AlignRight);
    grid->addWidget(new Label("\u2192 " + figure.after, TextRole::Secondary, Tone::Normal, report_), row, 2);
    grid->addWidget(new Label(figure.change, TextRole::Secondary, figure.isWorse ? Tone::Warning : Tone::Good, report_),
                    row, 3, Qt::AlignRight);
    ++row;
  }
  grid->setColumnStretch(0, 1);
  report_->show();  // after its children, which then show with it
}

}  // namespace fw::ui
