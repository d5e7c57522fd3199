// The measures panel in the window: any analysis on the open model.
#include <gtest/gtest.h>

#include <QApplication>
#include <QPushButton>
#include <QSlider>
#include <algorithm>

#include "driver.h"
#include "widgets/forms/choice_field.h"
#include "widgets/panels/measures_panel.h"
#include "widgets/plots/frame_tiles.h"

namespace fw {
namespace {

TEST(Measures, AnyAnalysisIsChosenAndComputed) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  user.shortcut(Qt::Key_F6, Qt::ShiftModifier);
  ui::MeasuresPanel& panel = user.window().measuresPanel();
  const auto isReady = [&] { return user.window().measures().state().panel.phase == ui::PanelPhase::Ready; };
  ASSERT_TRUE(user.waitFor(isReady, 60000));
  EXPECT_TRUE(panel.isVisible());

  for (const AnalysisDef& analysis : allAnalyses()) {
    if (analysis.id == "similarity" || !analysis.needsData()) continue;  // have panels of their own
    if (analysis.id == "alignment") continue;                            // needs pictures and texts
    if (analysis.id == "expert_load") continue;                          // needs experts
    panel.analysisField()->setChoice(QString::fromStdString(analysis.id));
    emit panel.analysisField()->chosen(QString::fromStdString(analysis.id));
    EXPECT_EQ(user.window().measures().state().options.size(), analysis.params.size()) << analysis.id;
    user.click(panel.computeButton());
    ASSERT_TRUE(user.waitFor(isReady, 60000)) << analysis.id;
    EXPECT_GT(panel.resultField()->count(), 1) << analysis.id;
    EXPECT_FALSE(user.window().measures().state().recipe.isEmpty()) << analysis.id;
  }

  // An edit of the model or of an option: the picture is outdated, not gone.
  const size_t results = user.window().measures().state().results.size();
  const NodeId attention = user.find("attention.multi_head");
  user.select(attention);
  user.setParam("heads", "1");
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_EQ(user.window().measures().state().panel.phase, ui::PanelPhase::Stale);
  EXPECT_EQ(user.window().measures().state().results.size(), results);
}

TEST(Measures, HeadsAreTilesAndOneIsLarge) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  MeasuresController& measures = user.window().measures();
  measures.choose("attention");
  measures.compute();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  ui::MeasuresPanel& panel = user.window().measuresPanel();
  user.shortcut(Qt::Key_F6, Qt::ShiftModifier);  // brings the panel to the front
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  panel.resultField()->setChoice("heads");
  emit panel.resultField()->chosen("heads");
  const auto heads = std::find_if(measures.state().results.begin(), measures.state().results.end(),
                                  [](const ui::MeasureResult& each) { return each.id == "heads"; });
  ASSERT_NE(heads, measures.state().results.end());
  ASSERT_GT(heads->frames.size(), 1u);
  EXPECT_EQ(panel.heatMap()->data().values, heads->frames[0].values);
  QApplication::processEvents();
  user.click(panel.tiles(), panel.tiles()->tileRect(1).center());
  EXPECT_EQ(panel.heatMap()->data().values, heads->frames[1].values);
  EXPECT_EQ(panel.slider()->value(), 1);
  panel.slider()->setValue(0);
  EXPECT_EQ(panel.tiles()->current(), 0);
  EXPECT_EQ(panel.heatMap()->data().values, heads->frames[0].values);
}

TEST(Measures, ATrainingIsFollowedOverItsSteps) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  TrainingController& training = user.window().training();
  training.setup.steps = 4;
  training.setup.batch = 4;
  training.start();
  ASSERT_TRUE(user.waitFor([&] { return training.runState().phase == ui::RunPhase::Idle; }, 60000));
  MeasuresController& measures = user.window().measures();
  measures.choose("representations");
  EXPECT_TRUE(measures.state().hasSteps);
  measures.computeSteps();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000))
      << measures.state().panel.text.toStdString();
  const auto within = std::find_if(measures.state().results.begin(), measures.state().results.end(),
                                   [](const ui::MeasureResult& each) { return !each.frames.empty(); });
  ASSERT_NE(within, measures.state().results.end());
  EXPECT_EQ(within->frames.size(), 5u);
  EXPECT_EQ(within->frameLabels.back(), "4");
  EXPECT_EQ(within->frameTitle, "step");
}

TEST(Measures, CurvesThatPartOfferAFork) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("char-lm"));
  ASSERT_TRUE(user.waitForCheck());
  user.window().training().setup.task = "image_text";
  MeasuresController& measures = user.window().measures();
  measures.choose("alignment");
  measures.setOption("tolerance", 0.0);
  measures.compute();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000))
      << measures.state().panel.text.toStdString();
  const int layer = measures.state().forkLayer;
  ASSERT_GE(layer, 0);
  ui::MeasuresPanel& panel = user.window().measuresPanel();
  EXPECT_EQ(panel.plot(), panel.curves());
  const size_t entries = user.window().document().history().entries().size();
  const auto whole = structuralHash(user.model());
  emit panel.forkRequested(layer);
  EXPECT_EQ(user.window().document().history().entries().size(), entries + 1);
  EXPECT_NE(user.find("structure.fork"), 0);
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_FALSE(hasErrors(user.window().document().facts().diagnostics));
  user.window().document().undo();
  EXPECT_EQ(structuralHash(user.model()), whole);
}

TEST(Measures, DeadUnitsArePruned) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  std::map<std::string, Tensor> weights = startingWeights(user.model(), 1);
  Tensor& up = weights.at("layers.1.mlp.up.weight");
  const int64_t hidden = up.shape[0], width = up.shape[1];
  std::fill_n(up.data() + 5 * width, width, 0.f);
  TrainingController& training = user.window().training();
  training.adopt(user.model(), weights);
  MeasuresController& measures = user.window().measures();
  measures.choose("sparsity");
  measures.compute();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  EXPECT_EQ(measures.state().deadUnits, 1);
  const size_t entries = user.window().document().history().entries().size();
  emit user.window().measuresPanel().pruneRequested();
  EXPECT_EQ(user.window().document().history().entries().size(), entries + 1);
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_EQ(measures.state().deadUnits, 0) << "nothing is proposed for another model";
  EXPECT_EQ(training.weightsOf(user.model()).at("layers.1.mlp.up.weight").shape, (Shape{hidden - 1, width}));
}

TEST(Measures, ABarSelectsItsLayerAndAMissingPartIsSaid) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("mamba-copy"));
  ASSERT_TRUE(user.waitForCheck());
  MeasuresController& measures = user.window().measures();
  measures.choose("attention");
  measures.compute();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Failed; }, 60000));
  EXPECT_TRUE(measures.state().panel.text.contains("attention")) << measures.state().panel.text.toStdString();

  measures.choose("sparsity");
  measures.compute();
  ASSERT_TRUE(user.waitFor([&] { return measures.state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  ui::MeasuresPanel& panel = user.window().measuresPanel();
  panel.resultField()->setChoice("dead_units");
  emit panel.resultField()->chosen("dead_units");
  ASSERT_EQ(panel.plot(), panel.bars());
  std::set<int> selected;
  QObject::connect(&panel, &ui::MeasuresPanel::layersSelected, [&](const std::set<int>& layers) { selected = layers; });
  const auto& shown = panel.bars()->data().bars;
  const auto bar =
      std::find_if(shown.begin(), shown.end(), [](const ui::Bar& each) { return each.label == "layers.1"; });
  ASSERT_NE(bar, shown.end());
  emit panel.bars()->barClicked(int(bar - shown.begin()));
  EXPECT_EQ(selected, std::set<int>{1});
}

}  // namespace
}  // namespace fw
