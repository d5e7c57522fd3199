// The panels' gestures: each reports what the person asked for and changes nothing itself.
#include <gtest/gtest.h>

#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "samples.h"
#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/state_frame.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/curve_plot.h"

namespace fw::ui {
namespace {

void show(QWidget& widget, const QSize& size) {
  widget.resize(size);
  widget.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&widget));
  widget.activateWindow();
  QApplication::processEvents();
}

QPushButton* button(QWidget& widget, const QString& text) {
  for (QPushButton* each : widget.findChildren<QPushButton*>())
    if (each->isVisible() && each->text() == text) return each;
  return nullptr;
}

void press(QWidget* target) {
  ASSERT_NE(target, nullptr);
  QTest::mouseClick(target, Qt::LeftButton);
}

bool shows(QWidget& widget, const QString& text) {
  for (QLabel* label : widget.findChildren<QLabel*>())
    if (label->isVisible() && label->text().contains(text)) return true;
  return false;
}

TEST(StateFrameTest, EachPhaseShowsItsOwn) {
  auto* content = new QLabel("the picture");
  StateFrame frame(content, Icon::Chart);
  show(frame, QSize(400, 300));
  QSignalSpy spy(&frame, &StateFrame::actionRequested);

  frame.setState({PanelPhase::Empty, "Train the model first.", "Train"});
  EXPECT_FALSE(content->isVisible());
  EXPECT_TRUE(shows(frame, "Train the model first."));
  press(button(frame, "Train"));
  EXPECT_EQ(spy.count(), 1);

  frame.setState({PanelPhase::Busy, "Computing"});  // nothing was there before: no old picture
  EXPECT_FALSE(content->isVisible());
  EXPECT_TRUE(shows(frame, "Computing"));

  frame.setState({PanelPhase::Ready});
  EXPECT_TRUE(content->isVisible());
  frame.setState({PanelPhase::Busy, "Computing"});  // now there is one
  EXPECT_TRUE(content->isVisible());

  frame.setState({PanelPhase::Stale, "The model was changed.", "recompute"});
  EXPECT_TRUE(content->isVisible());
  press(button(frame, "outdated, recompute"));
  EXPECT_EQ(spy.count(), 2);

  frame.setState({PanelPhase::Failed, "[similarity] no memory.", "Try again"});
  EXPECT_FALSE(content->isVisible());
  EXPECT_TRUE(shows(frame, "[similarity] no memory."));
  press(button(frame, "Try again"));
  EXPECT_EQ(spy.count(), 3);
}

TEST(InspectorTest, ReportsEditsFixesAndNames) {
  InspectorPanel panel;
  panel.setState(sampleInspector());
  show(panel, QSize(290, 900));
  QSignalSpy edited(&panel, &InspectorPanel::paramEdited), fixed(&panel, &InspectorPanel::fixRequested),
      renamed(&panel, &InspectorPanel::renamed), weights(&panel, &InspectorPanel::weightParamEdited);
  auto* heads = qobject_cast<NumberField*>(panel.form()->editor("heads"));
  QTest::mouseClick(heads, Qt::LeftButton);
  QTest::keyClick(heads, Qt::Key_Up);
  ASSERT_EQ(edited.count(), 1);
  EXPECT_EQ(edited[0][0].toString(), "heads");
  EXPECT_EQ(edited[0][1].value<ParamValue>(), ParamValue(int64_t(16)));  // a power of two
  press(button(panel, "Set to 2"));
  ASSERT_EQ(fixed.count(), 1);
  EXPECT_EQ(fixed[0][0].toInt(), 0);
  for (QLineEdit* edit : panel.findChildren<QLineEdit*>()) {
    if (edit->accessibleName() != "Name") continue;
    edit->setFocus();
    edit->selectAll();
    QTest::keyClicks(edit, "mixer");
    QTest::keyClick(edit, Qt::Key_Return);
  }
  ASSERT_EQ(renamed.count(), 1);
  EXPECT_EQ(renamed[0][0].toString(), "mixer");
  panel.focusParam("kv_heads");
  EXPECT_TRUE(panel.form()->editor("kv_heads")->hasFocus());
  EXPECT_TRUE(shows(panel, "are not a multiple of 3"));
  EXPECT_TRUE(shows(panel, "1 \u00d7 1\u202f024 \u00d7 512"));
}

TEST(InspectorTest, WeightCardOpensAMenuOfPolicies) {
  InspectorPanel panel;
  panel.setState(sampleInspector());
  show(panel, QSize(290, 900));
  QSignalSpy spy(&panel, &InspectorPanel::weightsChosen);
  QPushButton* card = nullptr;
  for (QPushButton* each : panel.findChildren<QPushButton*>())
    if (each->accessibleName() == "Weights") card = each;
  ASSERT_NE(card, nullptr);
  QTest::mouseClick(card, Qt::LeftButton);
  auto* menu = panel.findChild<QMenu*>();
  ASSERT_NE(menu, nullptr);
  ASSERT_EQ(menu->actions().size(), 2);
  EXPECT_TRUE(menu->actions()[1]->isChecked());
  menu->actions()[0]->trigger();
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][0].toString(), "dense");
  menu->close();
}

TEST(ProblemsTest, ClickJumpsFixFixesAndNextGoesRound) {
  ProblemsPanel panel;
  panel.setState(sampleProblems());
  show(panel, QSize(620, 220));
  QSignalSpy jump(&panel, &ProblemsPanel::jumpRequested), fix(&panel, &ProblemsPanel::fixRequested);
  const QAbstractItemModel* model = panel.list()->model();
  QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {},
                    panel.list()->visualRect(model->index(1, 0)).center());
  ASSERT_EQ(jump.count(), 1);
  EXPECT_EQ(jump[0][0].toInt(), 1);
  const QRect first = panel.list()->visualRect(model->index(0, 0));
  QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {}, QPoint(first.right() - 30, first.center().y()));
  ASSERT_EQ(fix.count(), 1);
  EXPECT_EQ(jump.count(), 1);
  panel.next();
  EXPECT_EQ(jump.last()[0].toInt(), 1);
  panel.previous();
  panel.previous();
  EXPECT_EQ(jump.last()[0].toInt(), 3);
  QTest::keyClick(panel.list(), Qt::Key_Return);
  EXPECT_EQ(jump.last()[0].toInt(), 3);
}

TEST(HistoryTest, ClickGoesThere) {
  HistoryPanel panel;
  panel.setState(sampleHistory());
  show(panel, QSize(270, 300));
  EXPECT_EQ(panel.list()->currentIndex().row(), 5);
  QSignalSpy spy(&panel, &HistoryPanel::goToRequested);
  QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {},
                    panel.list()->visualRect(panel.list()->model()->index(1, 0)).center());
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][0].toInt(), 1);
}

TEST(TrainingTest, CurvesOfAState) {
  const CurvePlotData data = TrainingPanel::plotData(sampleTraining());
  ASSERT_EQ(data.curves.size(), 2u);
  EXPECT_TRUE(data.curves[0].isPercent);
  EXPECT_EQ(data.curves[1].axis, CurveAxis::Right);
  EXPECT_EQ(data.xMaximum, 2000);
  TrainingState noAccuracy = sampleTraining();
  noAccuracy.accuracy.clear();
  EXPECT_EQ(TrainingPanel::plotData(noAccuracy).curves[0].axis, CurveAxis::Left);
  TrainingPanel panel;
  TrainingState empty;
  empty.panel = {PanelPhase::Empty, "Nothing was trained yet.", "Train"};
  panel.setState(empty);
  show(panel, QSize(380, 300));
  QSignalSpy spy(&panel, &TrainingPanel::actionRequested);
  press(button(panel, "Train"));
  EXPECT_EQ(spy.count(), 1);
}

class SimilarityTest : public testing::Test {
 protected:
  void SetUp() override {
    panel_.setState(sampleSimilarity());
    show(panel_, QSize(760, 420));
    QObject::connect(&panel_, &SimilarityPanel::layersSelected, &panel_,
                     [this](const std::set<int>& layers) { selected_ = layers; });
    QObject::connect(&panel_, &SimilarityPanel::dropRequested, &panel_,
                     [this](const QString& ranking, const std::vector<DropPick>& picks, bool isIterative) {
                       ranking_ = ranking;
                       dropped_ = picks;
                       isIterative_ = isIterative;
                     });
  }
  SimilarityPanel panel_;
  std::set<int> selected_;
  QString ranking_;
  std::vector<DropPick> dropped_;
  bool isIterative_ = false;
};

TEST_F(SimilarityTest, ACellSelectsItsLayers) {
  HeatMap* map = panel_.heatMap();
  QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(8, 9).center().toPoint());
  EXPECT_EQ(selected_, (std::set<int>{8, 9}));
  QTest::mouseClick(map, Qt::LeftButton, Qt::ShiftModifier, map->cellRect(8, 11).center().toPoint());
  EXPECT_EQ(selected_, (std::set<int>{8, 9, 10, 11}));
  EXPECT_TRUE(panel_.bars()->data().bars[9].isOutlined);
  EXPECT_FALSE(panel_.bars()->data().bars[3].isOutlined);
}

TEST_F(SimilarityTest, TheButtonDropsWhatIsPicked) {
  EXPECT_EQ(panel_.dropButton()->text(), "Drop attention in 9, 10");
  EXPECT_TRUE(shows(panel_, QString::fromUtf8("\u22127\u00a0% time")));
  BarChart* bars = panel_.bars();
  QTest::mouseClick(bars, Qt::LeftButton, {}, bars->rowRect(10).center().toPoint());
  EXPECT_EQ(panel_.dropButton()->text(), QString::fromUtf8("Drop attention in 9\u201311"));
  QTest::mouseClick(bars, Qt::LeftButton, {}, bars->rowRect(8).center().toPoint());
  QTest::mouseClick(panel_.dropButton(), Qt::LeftButton);
  EXPECT_EQ(ranking_, "attention");
  EXPECT_EQ(dropped_, (std::vector<DropPick>{{"attention", 9}, {"attention", 10}}));
  EXPECT_FALSE(isIterative_);
  panel_.setState(sampleSimilarity());  // the same proposal: the person's choice stays
  EXPECT_EQ(panel_.dropButton()->text(), "Drop attention in 10, 11");
  press(button(panel_, "Block"));
  EXPECT_EQ(panel_.dropButton()->text(), "Drop layer 9");
  QTest::mouseClick(panel_.dropButton(), Qt::LeftButton);
  EXPECT_EQ(ranking_, "block");
  QTest::mouseClick(bars, Qt::LeftButton, {}, bars->rowRect(8).center().toPoint());
  EXPECT_FALSE(panel_.dropButton()->isEnabled());
}

TEST_F(SimilarityTest, OneByOneCountsAndTellsBeforeAndAfter) {
  panel_.orderField()->setChoice("iterative");
  emit panel_.orderField()->chosen("iterative");
  EXPECT_EQ(panel_.dropButton()->text(), QString::fromUtf8("Drop 2 \u00d7 attention"));
  QTest::mouseClick(panel_.dropButton(), Qt::LeftButton);
  EXPECT_TRUE(isIterative_);
  EXPECT_EQ(dropped_.size(), 2u);

  SimilarityState state = sampleSimilarity();
  state.report = {.title = "Drop attention in 9, 10", .text = "Measuring before and after"};
  panel_.setState(state);
  EXPECT_TRUE(shows(panel_, "Measuring before and after"));
  state.report.figures = {{"perplexity", "2.31", "2.36", "+2 %", true}};
  panel_.setState(state);
  EXPECT_FALSE(shows(panel_, "Measuring before and after"));
  for (const char* text : {"Drop attention in 9, 10", "perplexity", "2.31", "+2 %"}) EXPECT_TRUE(shows(panel_, text));
}

TEST_F(SimilarityTest, AJointRankingDropsPartsOfSeveralKinds) {
  SimilarityState state = sampleSimilarity();
  InfluenceRanking joint{"joint", "Joint", "", {}};
  joint.entries = {{.layer = 0, .value = 0.2, .part = "attention"},
                   {.layer = 0, .value = 0.01, .isProposed = true, .part = "mlp"},
                   {.layer = 1, .value = 0.02, .isProposed = true, .part = "attention"}};
  state.rankings = {joint};
  panel_.setState(state);
  EXPECT_EQ(panel_.bars()->data().bars[1].label, "1 mlp");
  EXPECT_EQ(panel_.dropButton()->text(), "Drop 2 parts");
  QTest::mouseClick(panel_.dropButton(), Qt::LeftButton);
  EXPECT_EQ(dropped_, (std::vector<DropPick>{{"mlp", 0}, {"attention", 1}}));
}

TEST_F(SimilarityTest, MeasuresChangeTheMap) {
  QSignalSpy spy(&panel_, &SimilarityPanel::measureChanged);
  panel_.measureField()->setFocus();
  QTest::keyClick(panel_.measureField(), Qt::Key_Down);
  QTest::keyClick(panel_.measureField(), Qt::Key_Down);
  EXPECT_EQ(spy.count(), 2);
  EXPECT_EQ(panel_.heatMap()->data().title, "Angular distance of spans");
  HeatMap* map = panel_.heatMap();
  QApplication::processEvents();
  QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(2, 4).center().toPoint());
  EXPECT_EQ(selected_, (std::set<int>{4, 5, 6}));
  panel_.setState(sampleSimilarity());  // the measure stays
  EXPECT_EQ(panel_.measureField()->choice(), "angular");
}

TEST_F(SimilarityTest, SelectionFromTheCanvasIsShownSilently) {
  panel_.setSelectedLayers({3, 4});
  EXPECT_TRUE(selected_.empty());
  EXPECT_TRUE(panel_.bars()->data().bars[3].isOutlined);
}

TEST(SimilarityLayers, ByMeaningOfTheCell) {
  SimilarityMeasure part{"p", "", CellMeaning::Part, {}};
  EXPECT_EQ(SimilarityPanel::layersOf(part, QRect(2, 0, 2, 3)), (std::set<int>{2, 3}));
  SimilarityMeasure pair{"c", "", CellMeaning::Pair, {}};
  EXPECT_EQ(SimilarityPanel::layersOf(pair, QRect(7, 1, 1, 1)), (std::set<int>{1, 7}));
  EXPECT_TRUE(SimilarityPanel::layersOf(pair, QRect()).empty());
}

TEST(JobsTest, CancelAndDismiss) {
  JobsPanel panel;
  panel.setState(sampleJobs());
  show(panel, QSize(380, 400));
  QSignalSpy cancel(&panel, &JobsPanel::cancelRequested), dismiss(&panel, &JobsPanel::dismissRequested);
  const auto pressNamed = [&](const QString& name) {
    for (QToolButton* each : panel.findChildren<QToolButton*>())
      if (each->accessibleName() == name) QTest::mouseClick(each, Qt::LeftButton);
  };
  pressNamed("Cancel Training hybrid-recall");
  ASSERT_EQ(cancel.count(), 1);
  EXPECT_EQ(cancel[0][0].toString(), "train");
  pressNamed("Cancel Layer similarity");  // already stopping
  EXPECT_EQ(cancel.count(), 1);
  pressNamed("Take Open llama-3-8b off the list");
  ASSERT_EQ(dismiss.count(), 1);
  EXPECT_EQ(dismiss[0][0].toString(), "open");
  JobsState one = sampleJobs();
  one.jobs.resize(1);
  one.jobs[0].progress = 0.9;
  panel.setState(one);
  QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  EXPECT_EQ(panel.findChildren<QProgressBar*>().size(), 1);
  EXPECT_EQ(panel.findChild<QProgressBar*>()->value(), 900);
}

TEST(RunBarTest, OneButtonTrainsPausesAndResumes) {
  RunBar bar;
  bar.setState(sampleRun(RunPhase::Idle));
  show(bar, bar.sizeHint());
  QSignalSpy train(&bar, &RunBar::trainRequested), pause(&bar, &RunBar::pauseRequested),
      resume(&bar, &RunBar::resumeRequested), stop(&bar, &RunBar::stopRequested), steps(&bar, &RunBar::stepsChosen),
      task(&bar, &RunBar::taskChosen);
  EXPECT_FALSE(bar.stopButton()->isEnabled());
  QTest::mouseClick(bar.trainButton(), Qt::LeftButton);
  EXPECT_EQ(train.count(), 1);
  QTest::mouseClick(bar.stepsField(), Qt::LeftButton);
  QTest::keyClicks(bar.stepsField(), "500");
  QTest::keyClick(bar.stepsField(), Qt::Key_Return);
  ASSERT_EQ(steps.count(), 1);
  EXPECT_EQ(steps[0][0].toLongLong(), 500);
  bar.taskField()->setFocus();
  QTest::keyClick(bar.taskField(), Qt::Key_Down);
  ASSERT_EQ(task.count(), 1);
  EXPECT_EQ(task[0][0].toString(), "copy");
  bar.setState(sampleRun(RunPhase::Running));
  EXPECT_EQ(bar.trainButton()->text(), "Pause");
  EXPECT_FALSE(bar.taskField()->isEnabled());
  EXPECT_TRUE(shows(bar, "0:38 left"));
  QTest::mouseClick(bar.trainButton(), Qt::LeftButton);
  QTest::mouseClick(bar.stopButton(), Qt::LeftButton);
  EXPECT_EQ(pause.count(), 1);
  EXPECT_EQ(stop.count(), 1);
  bar.setState(sampleRun(RunPhase::Paused));
  QTest::mouseClick(bar.trainButton(), Qt::LeftButton);
  EXPECT_EQ(resume.count(), 1);
  RunState wrong = sampleRun(RunPhase::Idle);
  wrong.canTrain = false;
  wrong.reason = "2 problems";
  bar.setState(wrong);
  EXPECT_FALSE(bar.trainButton()->isEnabled());
  EXPECT_EQ(bar.trainButton()->toolTip(), "2 problems");
}

TEST(StartTest, CardsRecentFilesAndClear) {
  StartPage page;
  page.setState(sampleStart());
  show(page, QSize(1180, 760));
  QSignalSpy chosen(&page, &StartPage::templateChosen), recent(&page, &StartPage::recentChosen),
      clear(&page, &StartPage::clearRecentRequested), fresh(&page, &StartPage::newRequested);
  ASSERT_EQ(page.cards().size(), 6u);
  QTest::mouseClick(page.cards()[1], Qt::LeftButton);
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen[0][0].toString(), "mamba");
  QTest::mouseClick(page.recentRows()[2], Qt::LeftButton);  // missing
  EXPECT_EQ(recent.count(), 0);
  QTest::mouseClick(page.recentRows()[0], Qt::LeftButton);
  EXPECT_EQ(recent.count(), 1);
  press(button(page, "Clear"));
  EXPECT_EQ(clear.count(), 1);
  press(button(page, "New model"));
  EXPECT_EQ(fresh.count(), 1);
  page.cards()[2]->setFocus();
  QTest::keyClick(page.cards()[2], Qt::Key_Space);
  EXPECT_EQ(chosen.last()[0].toString(), "hybrid");
  page.resize(760, 760);
  QApplication::processEvents();
  EXPECT_GT(page.cards()[1]->y(), page.cards()[0]->y());  // one column
}

}  // namespace
}  // namespace fw::ui
