// Dropping layers from the redundancy panel: one edit, figures before and after, weights that stay.
#include <gtest/gtest.h>

#include <QPushButton>

#include "driver.h"
#include "widgets/forms/choice_field.h"
#include "widgets/panels/similarity_panel.h"

namespace fw {
namespace {

/// A trained character model whose similarity has been computed.
class DropTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(user.window().open("char-lm"));
    ASSERT_TRUE(user.waitForCheck());
    TrainingController& training = user.window().training();
    training.setup.task = "char_lm";
    training.setup.taskOptions = {{"context", int64_t(24)}};
    training.setup.steps = 4;
    training.setup.batch = 4;
    training.start();
    ASSERT_TRUE(user.waitFor([&] { return training.runState().phase == ui::RunPhase::Idle; }, 60000));
    similarity().compute();
    ASSERT_TRUE(user.waitFor([&] { return similarity().state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  }
  SimilarityController& similarity() { return user.window().similarity(); }
  ui::SimilarityPanel& panel() { return user.window().similarityPanel(); }
  size_t entries() { return user.window().document().history().entries().size(); }
  bool waitForFigures() {
    return user.waitFor([&] { return !similarity().state().report.figures.empty(); }, 60000);
  }
  WindowDriver user;
};

TEST_F(DropTest, TheButtonDropsOnceAndTellsBeforeAndAfter) {
  const auto whole = structuralHash(user.model());
  const size_t before = entries();
  ASSERT_TRUE(user.press(&panel(), "Attention"));
  ASSERT_TRUE(panel().dropButton()->text().startsWith("Drop attention in "))
      << panel().dropButton()->text().toStdString();
  user.click(panel().dropButton());
  EXPECT_EQ(entries(), before + 1);
  EXPECT_NE(structuralHash(user.model()), whole);
  EXPECT_EQ(similarity().state().panel.phase, ui::PanelPhase::Stale) << "the picture is of the model before";
  EXPECT_FALSE(similarity().state().measures.empty());
  ASSERT_TRUE(waitForFigures()) << similarity().state().report.text.toStdString();
  QStringList titles;
  for (const ui::BeforeAfter& figure : similarity().state().report.figures) titles << figure.title;
  ASSERT_EQ(titles.size(), 4);
  EXPECT_EQ(titles.mid(0, 3), (QStringList{"accuracy", "perplexity", "parameters"}));
  // A layer's attention of width 96 has 4 * 96 * 96 of them.
  EXPECT_TRUE(similarity().state().report.figures[2].change.startsWith(QString::fromUtf8("\u2212")));
  // What is left keeps its trained weights, before and after undo.
  const auto hasWeights = [&] { return !user.window().training().weightsOf(user.model()).empty(); };
  EXPECT_TRUE(hasWeights());
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(structuralHash(user.model()), whole);
  EXPECT_TRUE(hasWeights());
}

TEST_F(DropTest, OneByOneIsOneEditToo) {
  const size_t before = entries();
  ASSERT_TRUE(user.press(&panel(), "Joint"));
  similarity().drop("joint", {{"mlp", 0}, {"mlp", 1}}, true);
  ASSERT_TRUE(waitForFigures()) << similarity().state().report.text.toStdString();
  EXPECT_EQ(entries(), before + 1);
  EXPECT_TRUE(similarity().state().report.title.startsWith("Drop "));
}

TEST_F(DropTest, ACancelledComputationKeepsThePicture) {
  const size_t measures = similarity().state().measures.size();
  ASSERT_GT(measures, 0u);
  similarity().compute();
  user.window().jobs().cancel("similarity");
  ASSERT_TRUE(user.waitFor([&] { return similarity().state().panel.phase != ui::PanelPhase::Busy; }, 60000));
  EXPECT_EQ(similarity().state().panel.phase, ui::PanelPhase::Stale);
  EXPECT_EQ(similarity().state().measures.size(), measures);
  EXPECT_TRUE(panel().heatMap()->isVisible());
}

}  // namespace
}  // namespace fw
