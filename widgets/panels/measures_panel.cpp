// Any analysis: which one, its options, and its results as maps and bars.
#include "widgets/panels/measures_panel.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>

#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/number_format.h"
#include "widgets/panels/save_button.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {
namespace {

constexpr int kChoiceWidth = 250;

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
  right->addWidget(plots_, 1);
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
  connect(resultField_, &ChoiceField::chosen, this, [this](const QString& id) {
    resultId_ = id;
    showResult();
  });
  connect(map_, &HeatMap::hovered, this,
          [this](int row, int column) { readout_->setText(row < 0 ? QString() : map_->cellText(row, column)); });
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

const Plot* MeasuresPanel::plot() const { return plots_->currentIndex() == 0 ? static_cast<const Plot*>(map_) : bars_; }

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
  compute_->setEnabled(state.panel.phase != PanelPhase::Busy);

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
  const bool isMap = !shown->map.isEmpty();
  if (isMap) map_->setData(shown->map);
  if (!isMap) bars_->setData(shown->bars);
  plots_->setCurrentIndex(isMap ? 0 : 1);
}

}  // namespace fw::ui
