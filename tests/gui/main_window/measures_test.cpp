// The measures panel in the window: any analysis on the open model.
#include <gtest/gtest.h>

#include <QPushButton>
#include <algorithm>

#include "driver.h"
#include "widgets/forms/choice_field.h"
#include "widgets/panels/measures_panel.h"

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
    if (analysis.id == "similarity") continue;
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
