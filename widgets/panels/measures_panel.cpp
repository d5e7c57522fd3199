// Any analysis: which one, its options, and its results as maps and bars.
#include "widgets/panels/measures_panel.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QSlider>
#include <QStackedWidget>
#include <algorithm>

#include "engine/base/tensor.h"
#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/number_format.h"
#include "widgets/panels/save_button.h"
#include "widgets/panels/state_frame.h"
#include "widgets/plots/frame_tiles.h"
#include "widgets/plots/matrix_view.h"

namespace fw::ui {
namespace {

constexpr int kChoiceWidth = 250;
constexpr int64_t kMostCells = 512 * 512;  // of a heat map

QScrollArea* scrolling(QWidget* content) {
  auto* area = new QScrollArea;
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  area->setFocusPolicy(Qt::NoFocus);
  area->setWidget(content);
  return area;
}

}  // namespace

MeasuresPanel::MeasuresPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("measuresPanel");
  setAccessibleName(tr("Measures"));

  auto* choice = new QWidget;
  analysisField_ = new ChoiceField(choice);
  analysisField_->setAccessibleName(tr("Analysis"));
  help_ = new Label({}, TextRole::Secondary, Tone::Secondary, choice);
  help_->setWordWrap(true);
  form_ = new ParamForm(choice);
  compute_ = new QPushButton(tr("Compute"), choice);
  compute_->setProperty("isPrimary", true);
  compute_->setToolTip(tr("Runs the task's data through the model as it is now."));
  auto* left = new QVBoxLayout(choice);
  left->setContentsMargins(14, 10, 6, 10);
  left->setSpacing(8);
  left->addWidget(analysisField_);
  left->addWidget(help_);
  left->addWidget(form_);
  left->addWidget(compute_, 0, Qt::AlignLeft);
  const auto addButton = [&](const QString& title, const QString& help) {
    auto* button = new QPushButton(title, choice);
    button->setToolTip(help);
    left->addWidget(button, 0, Qt::AlignLeft);
    return button;
  };
  fork_ = addButton({}, tr("The layers from here on become a branch for each modality; an edit that can be undone."));
  fork_->setProperty("isPrimary", true);
  prune_ = addButton({}, tr("MLPs become narrower by the units that never fire; an edit that can be undone."));
  prune_->setProperty("isPrimary", true);
  mixture_ =
      addButton({}, tr("Each token uses half of the width: parts that all share, and some that a router chooses. An "
                       "edit that can be undone; train the model afterwards."));
  steps_ = addButton(tr("Over the training"), tr("At each step that the last training kept, and with its end."));
  against_ = addButton(tr("Against\u2026"), tr("With a recording, a run or another model, on the same data."));
  record_ =
      addButton(tr("Record\u2026"), tr("Also writes what is looked at into a file that can be compared with later."));
  left->addStretch();
  QScrollArea* choiceArea = scrolling(choice);
  choiceArea->setFixedWidth(kChoiceWidth);

  auto* content = new QWidget;
  resultField_ = new ChoiceField(content);
  resultField_->setAccessibleName(tr("Result"));
  readout_ = new Label({}, TextRole::Secondary, Tone::Secondary, content);
  readout_->setElided(Qt::ElideRight);
  map_ = new HeatMap(content);
  map_->setAccessibleName(tr("Map"));
  bars_ = new BarChart;
  bars_->setAccessibleName(tr("Bars"));
  plots_ = new QStackedWidget(content);
  plots_->addWidget(map_);
  plots_->addWidget(scrolling(bars_));
  curves_ = new CurvePlot;
  curves_->setAccessibleName(tr("Curves"));
  plots_->addWidget(curves_);
  matrix_ = new MatrixView;
  plots_->addWidget(matrix_);
  tiles_ = new FrameTiles;
  tilesArea_ = scrolling(tiles_);
  tilesArea_->setFixedWidth(tiles_->sizeHint().width() + 14);
  frameRow_ = new QWidget(content);
  slider_ = new QSlider(Qt::Horizontal, frameRow_);
  slider_->setAccessibleName(tr("Step"));
  frameText_ = new Label({}, TextRole::Secondary, Tone::Secondary, frameRow_);
  auto* frameLayout = new QHBoxLayout(frameRow_);
  frameLayout->setContentsMargins(0, 0, 0, 0);
  frameLayout->addWidget(slider_, 1);
  frameLayout->addWidget(frameText_);
  warning_ = new Label({}, TextRole::Secondary, Tone::Warning, content);
  warning_->setElided(Qt::ElideRight);
  recipe_ = new Label({}, TextRole::Secondary, Tone::Secondary, content);
  recipe_->setElided(Qt::ElideRight);
  auto* head = new QHBoxLayout;
  head->addWidget(resultField_, 3);
  head->addWidget(readout_, 2);
  auto* right = new QVBoxLayout(content);
  right->setContentsMargins(8, 10, 14, 10);
  right->setSpacing(8);
  right->addLayout(head);
  auto* middle = new QHBoxLayout;
  middle->addWidget(tilesArea_);
  middle->addWidget(plots_, 1);
  right->addLayout(middle, 1);
  right->addWidget(frameRow_);
  right->addWidget(warning_);
  right->addWidget(recipe_);
  frame_ = new StateFrame(content, Icon::Grid, this);
  head->addWidget(frame_->tag());
  save_ = new SaveButton(content);
  head->addWidget(save_);

  auto* columns = new QHBoxLayout(this);
  columns->setContentsMargins(0, 0, 0, 0);
  columns->setSpacing(0);
  columns->addWidget(choiceArea);
  columns->addWidget(frame_, 1);

  connect(analysisField_, &ChoiceField::chosen, this, &MeasuresPanel::analysisChosen);
  connect(form_, &ParamForm::edited, this, &MeasuresPanel::optionEdited);
  connect(compute_, &QPushButton::clicked, this, &MeasuresPanel::actionRequested);
  connect(frame_, &StateFrame::actionRequested, this, &MeasuresPanel::actionRequested);
  connect(fork_, &QPushButton::clicked, this, [this] { emit forkRequested(state_.forkLayer); });
  connect(prune_, &QPushButton::clicked, this, &MeasuresPanel::pruneRequested);
  connect(mixture_, &QPushButton::clicked, this, &MeasuresPanel::mixtureRequested);
  connect(steps_, &QPushButton::clicked, this, &MeasuresPanel::stepsRequested);
  connect(against_, &QPushButton::clicked, this, &MeasuresPanel::againstRequested);
  connect(record_, &QPushButton::clicked, this, &MeasuresPanel::recordRequested);
  connect(slider_, &QSlider::valueChanged, this, &MeasuresPanel::showFrame);
  connect(tiles_, &FrameTiles::chosen, this, &MeasuresPanel::showFrame);
  connect(resultField_, &ChoiceField::chosen, this, [this](const QString& id) {
    resultId_ = id;
    showResult();
  });
  connect(map_, &HeatMap::hovered, this,
          [this](int row, int column) { readout_->setText(row < 0 ? QString() : map_->cellText(row, column)); });
  connect(matrix_, &MatrixView::hovered, this,
          [this](int row, int column) { readout_->setText(row < 0 ? QString() : matrix_->cellText(row, column)); });
  connect(bars_, &BarChart::barHovered, this, [this](int index) {
    const bool isBar = result() && index >= 0 && index < int(result()->bars.bars.size());
    const Bar bar = isBar ? result()->bars.bars[size_t(index)] : Bar{};
    readout_->setText(isBar ? tr("%1: %2").arg(bar.label, formatValue(bar.value)) : QString());
  });
  connect(bars_, &BarChart::barClicked, this, [this](int index) {
    if (result() && index < int(result()->barLayers.size()) && result()->barLayers[size_t(index)] >= 0)
      emit layersSelected({result()->barLayers[size_t(index)]});
  });
}

const MeasureResult* MeasuresPanel::result() const {
  for (const MeasureResult& each : state_.results)
    if (each.id == resultId_) return &each;
  return nullptr;
}

const Plot* MeasuresPanel::plot() const {
  const Plot* const plots[] = {map_, bars_, curves_, matrix_};
  return plots[plots_->currentIndex()];
}

void MeasuresPanel::setState(const MeasuresState& state) {
  state_ = state;
  analysisField_->clear();
  QString help;
  for (const MeasureChoice& each : state.analyses) {
    analysisField_->addChoice(each.id, each.title, each.help);
    if (each.id == state.analysis) help = each.help;
  }
  analysisField_->setChoice(state.analysis);
  help_->setText(help);
  form_->setFields(state.options, state.analysis);
  form_->setVisible(!state.options.empty());
  for (QPushButton* button : {compute_, steps_, against_, record_})
    button->setEnabled(state.panel.phase != PanelPhase::Busy);
  fork_->setVisible(state.forkLayer >= 0);
  prune_->setVisible(state.deadUnits > 0);
  prune_->setText(tr("Prune %n dead unit(s)", nullptr, state.deadUnits));
  mixture_->setVisible(!state.mixture.isEmpty());
  mixture_->setText(tr("Mix hidden dimensions, %1 shared").arg(state.mixture));
  fork_->setText(tr("Fork at layer %1").arg(state.forkLayer + 1));
  steps_->setVisible(state.isComparing && state.hasSteps);
  against_->setVisible(state.isComparing);

  if (!result()) resultId_ = state.results.empty() ? QString() : state.results.front().id;
  resultField_->clear();
  for (const MeasureResult& each : state.results) resultField_->addChoice(each.id, each.title);
  if (!state.results.empty()) resultField_->setChoice(resultId_);
  recipe_->setText(state.recipe);
  warning_->setText(state.warning);
  warning_->setVisible(!state.warning.isEmpty());
  showResult();
  frame_->setState(state.panel);
}

void MeasuresPanel::showResult() {
  const MeasureResult* shown = result();
  readout_->setText({});
  if (!shown) return;
  const bool isMap = !shown->map.isEmpty(), isCurves = !shown->curves.curves.empty();
  const int frames = int(shown->frames.size());
  tilesArea_->setVisible(frames > 1);
  frameRow_->setVisible(frames > 1);
  plots_->setCurrentIndex(isCurves ? 2 : isMap || frames > 0 ? 0 : 1);
  if (isCurves) return curves_->setData(shown->curves);
  if (frames > 0) {
    tiles_->setFrames(shown->frames, shown->frameLabels);
    const QSignalBlocker blocker(slider_);
    slider_->setRange(0, frames - 1);
    return showFrame(std::min(tiles_->current(), frames - 1));
  }
  if (isMap) return showMap(shown->map);
  bars_->setData(shown->bars);
}

void MeasuresPanel::showFrame(int index) {
  const MeasureResult* shown = result();
  if (!shown || index < 0 || index >= int(shown->frames.size())) return;
  tiles_->setCurrent(index);
  const QSignalBlocker blocker(slider_);
  slider_->setValue(index);
  const QString label = index < shown->frameLabels.size() ? shown->frameLabels[index] : QString::number(index);
  frameText_->setText(tr("%1 %2").arg(shown->frameTitle, label));
  showMap(shown->frames[size_t(index)]);
}

void MeasuresPanel::showMap(const HeatMapData& map) {
  if (int64_t(map.rows) * map.columns <= kMostCells) return map_->setData(map);
  std::vector<uint16_t> cells;
  cells.reserve(map.values.size());
  for (const float value : map.values) cells.push_back(floatToHalf(value));
  matrix_->setMatrix(makePyramid(map.rows, map.columns, std::move(cells), map.minimum, map.maximum, map.map), map.title,
                     map.recipe);
  plots_->setCurrentWidget(matrix_);
}

}  // namespace fw::ui
