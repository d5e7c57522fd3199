// What a model costs on a device, and trained models against each other.
#include "widgets/panels/trade_off_panel.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <cmath>

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

TradeOffPanel::TradeOffPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("tradeOffPanel");
  setAccessibleName(tr("Trade-off"));

  auto* choice = new QWidget;
  analysisField_ = new ChoiceField(choice);
  analysisField_->setAccessibleName(tr("Analysis"));
  help_ = new Label({}, TextRole::Secondary, Tone::Secondary, choice);
  help_->setWordWrap(true);
  form_ = new ParamForm(choice);
  calibration_ = new Label({}, TextRole::Secondary, Tone::Secondary, choice);
  calibration_->setWordWrap(true);
  auto* left = new QVBoxLayout(choice);
  left->setContentsMargins(14, 10, 6, 10);
  left->setSpacing(8);
  left->addWidget(analysisField_);
  left->addWidget(help_);
  left->addWidget(form_);
  const auto addButton = [&](const QString& title, const QString& tip) {
    auto* button = new QPushButton(title, choice);
    button->setToolTip(tip);
    left->addWidget(button, 0, Qt::AlignLeft);
    return button;
  };
  compute_ = addButton(tr("Compute"), tr("Of the model as it is now."));
  compute_->setProperty("isPrimary", true);
  folder_ = addButton(tr("Runs in\u2026"), tr("A folder in which runs lie, at any depth."));
  calibrate_ = addButton(tr("Calibrate"), tr("Measures this machine anew; some seconds."));
  left->addWidget(calibration_);
  left->addStretch();
  QScrollArea* choiceArea = scrolling(choice);
  choiceArea->setFixedWidth(kChoiceWidth);

  auto* content = new QWidget;
  resultField_ = new ChoiceField(content);
  resultField_->setAccessibleName(tr("Result"));
  readout_ = new Label({}, TextRole::Secondary, Tone::Secondary, content);
  readout_->setElided(Qt::ElideRight);
  plots_ = new QStackedWidget(content);
  scatter_ = new ScatterPlot;
  parallel_ = new ParallelPlot;
  curves_ = new CurvePlot;
  bars_ = new BarChart;
  bars_->setAccessibleName(tr("Bars"));
  plots_->addWidget(scatter_);
  plots_->addWidget(parallel_);
  plots_->addWidget(curves_);
  plots_->addWidget(scrolling(bars_));
  open_ = new QPushButton(tr("Open"), content);
  open_->setToolTip(tr("The chosen model, in a tab of its own."));
  compare_ = new QPushButton(tr("Compare"), content);
  compare_->setToolTip(tr("The chosen model beside the one on the canvas."));
  warning_ = new Label({}, TextRole::Secondary, Tone::Warning, content);
  warning_->setElided(Qt::ElideRight);
  recipe_ = new Label({}, TextRole::Secondary, Tone::Secondary, content);
  recipe_->setWordWrap(true);
  auto* head = new QHBoxLayout;
  head->addWidget(resultField_, 2);
  head->addWidget(readout_, 3);
  head->addWidget(open_);
  head->addWidget(compare_);
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

  connect(analysisField_, &ChoiceField::chosen, this, &TradeOffPanel::analysisChosen);
  connect(form_, &ParamForm::edited, this, &TradeOffPanel::optionEdited);
  connect(compute_, &QPushButton::clicked, this, &TradeOffPanel::actionRequested);
  connect(frame_, &StateFrame::actionRequested, this, &TradeOffPanel::actionRequested);
  connect(calibrate_, &QPushButton::clicked, this, &TradeOffPanel::calibrationRequested);
  connect(folder_, &QPushButton::clicked, this, &TradeOffPanel::folderRequested);
  connect(open_, &QPushButton::clicked, this, [this] { emit openRequested(model_); });
  connect(compare_, &QPushButton::clicked, this, [this] { emit compareRequested(model_); });
  connect(resultField_, &ChoiceField::chosen, this, [this](const QString& id) {
    resultId_ = id;
    showResult();
  });
  connect(scatter_, &ScatterPlot::pointHovered, this, &TradeOffPanel::read);
  connect(parallel_, &ParallelPlot::lineHovered, this, &TradeOffPanel::read);
  connect(bars_, &BarChart::barHovered, this, &TradeOffPanel::read);
  connect(scatter_, &ScatterPlot::pointClicked, this, &TradeOffPanel::choose);
  connect(parallel_, &ParallelPlot::lineClicked, this, &TradeOffPanel::choose);
  connect(bars_, &BarChart::barClicked, this, &TradeOffPanel::choose);
}

const TradeOffResult* TradeOffPanel::result() const {
  for (const TradeOffResult& each : state_.results)
    if (each.id == resultId_) return &each;
  return nullptr;
}

/// What the mouse is over, in words.
void TradeOffPanel::read(int index) {
  const TradeOffResult* shown = result();
  QString words;
  const auto has = [&](size_t count) { return index >= 0 && size_t(index) < count; };
  if (shown && has(shown->scatter.points.size())) {
    const ScatterPoint& point = shown->scatter.points[size_t(index)];
    words = tr("%1: %2, %3").arg(point.label, formatValue(point.y), formatValue(point.x));
  } else if (shown && has(size_t(shown->parallel.names.size()))) {
    words = shown->parallel.names[index];
  } else if (shown && has(shown->bars.bars.size())) {
    const Bar& bar = shown->bars.bars[size_t(index)];
    words = std::isnan(bar.mark)
                ? tr("%1: %2").arg(bar.label, formatValue(bar.value))
                : tr("%1: predicted %2, measured %3").arg(bar.label, formatValue(bar.value), formatValue(bar.mark));
  } else if (!model_.isEmpty()) {
    words = model_.section('/', -1);
  }
  readout_->setText(words);
}

void TradeOffPanel::choose(int index) {
  const TradeOffResult* shown = result();
  if (!shown) return;
  if (index < shown->models.size()) model_ = shown->models[index];
  open_->setEnabled(!model_.isEmpty());
  compare_->setEnabled(!model_.isEmpty());
  read(index);
  if (size_t(index) < shown->origins.size() && shown->origins[size_t(index)] != 0)
    emit nodeChosen(shown->origins[size_t(index)]);
}

void TradeOffPanel::setState(const TradeOffState& state) {
  state_ = state;
  analysisField_->clear();
  QString help;
  for (const TradeOffChoice& each : state.analyses) {
    analysisField_->addChoice(each.id, each.title, each.help);
    if (each.id == state.analysis) help = each.help;
  }
  analysisField_->setChoice(state.analysis);
  help_->setText(help);
  form_->setFields(state.options, state.analysis);
  form_->setVisible(!state.options.empty());
  const bool isBusy = state.panel.phase == PanelPhase::Busy;
  for (QPushButton* button : {compute_, calibrate_, folder_}) button->setEnabled(!isBusy);
  folder_->setVisible(state.isOfRuns);
  folder_->setToolTip(state.folder);
  calibration_->setText(state.calibration);
  calibration_->setVisible(!state.calibration.isEmpty());

  if (!result()) resultId_ = state.results.empty() ? QString() : state.results.front().id;
  resultField_->clear();
  for (const TradeOffResult& each : state.results) resultField_->addChoice(each.id, each.title);
  if (!state.results.empty()) resultField_->setChoice(resultId_);
  recipe_->setText(state.recipe);
  warning_->setText(state.warning);
  warning_->setVisible(!state.warning.isEmpty());
  model_.clear();
  for (QPushButton* button : {open_, compare_}) {
    button->setVisible(state.isOfRuns);
    button->setEnabled(false);
  }
  showResult();
  frame_->setState(state.panel);
}

void TradeOffPanel::showResult() {
  const TradeOffResult* shown = result();
  readout_->setText({});
  if (!shown) return;
  if (!shown->scatter.points.empty()) {
    plots_->setCurrentIndex(0);
    scatter_->setData(shown->scatter);
  } else if (!shown->parallel.rows.empty()) {
    plots_->setCurrentIndex(1);
    parallel_->setData(shown->parallel);
  } else if (!shown->curves.curves.empty()) {
    plots_->setCurrentIndex(2);
    curves_->setData(shown->curves);
  } else {
    plots_->setCurrentIndex(3);
    bars_->setData(shown->bars);
  }
}

}  // namespace fw::ui
