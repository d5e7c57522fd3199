// Search and palette: what is found first, by mouse, by keys, by drag.
#include <gtest/gtest.h>

#include <QApplication>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalSpy>
#include <QTest>

#include "samples.h"
#include "widgets/fuzzy.h"

namespace fw::ui {
namespace {

int score(const QString& query, const QString& title, const QStringList& synonyms = {}) {
  const auto match = fuzzyMatch(query, title, synonyms);
  return match ? match->score : -1000;
}

TEST(Fuzzy, SubsequencesMatchOthersDoNot) {
  EXPECT_TRUE(fuzzyMatch("mha", "Multi-head attention"));
  EXPECT_TRUE(fuzzyMatch("", "anything"));
  EXPECT_TRUE(fuzzyMatch("rms norm", "RMSNorm"));
  EXPECT_FALSE(fuzzyMatch("xyz", "Multi-head attention"));
  EXPECT_FALSE(fuzzyMatch("attentionn", "attention"));
  EXPECT_FALSE(fuzzyMatch("long query", "short"));
}

TEST(Fuzzy, PrefersStartsOfWordsRunsAndExactTitles) {
  EXPECT_EQ(fuzzyMatch("mha", "Multi-head attention")->positions, (std::vector<int>{0, 6, 11}));
  EXPECT_EQ(fuzzyMatch("norm", "RMS norm")->positions, (std::vector<int>{4, 5, 6, 7}));
  EXPECT_GT(score("mamba", "Mamba"), score("mamba", "Mamba-2"));
  EXPECT_GT(score("lin", "Linear"), score("lin", "Sliding window"));
  EXPECT_GT(score("mha", "Multi-head attention", {"MHA"}), score("mha", "Mamba hybrid alpha"));
}

TEST(Fuzzy, WholeWordsBeforeBeginningsBeforeLetters) {
  EXPECT_GT(score("norm", "Norm"), score("norm", "RMS norm"));
  EXPECT_GT(score("atten", "Attention"), score("atten", "Linear attention"));
  EXPECT_GT(score("lin", "Linear"), score("near", "Linear"));
  EXPECT_FALSE(fuzzyMatch("noitnetta", "Attention"));
  EXPECT_FALSE(fuzzyMatch("tnin", "Attention mixes")) << "letters from the middles of words are chance";
}

TEST(Fuzzy, CaseAccentsAndOrderDoNotCount) {
  EXPECT_EQ(score("RESUME", "résumé"), score("resume", "resume"));
  EXPECT_EQ(score("multi head", "Multi-head"), score("multi-head", "multi head"));
  EXPECT_EQ(fuzzyMatch("attention multi", "Multi attention")->positions.size(), 14u) << "in any order";
  EXPECT_FALSE(fuzzyMatch("attention xyz", "Multi attention"));
  EXPECT_TRUE(fuzzyMatch("  ", "anything"));
}

TEST(Fuzzy, SynonymsMustBeginWithWhatWasTyped) {
  EXPECT_TRUE(fuzzyMatch("MoE", "Mixture of experts", {"MoE"}));
  EXPECT_TRUE(fuzzyMatch("ffn", "GELU MLP", {"feed-forward", "FFN"}));
  EXPECT_FALSE(fuzzyMatch("fn", "GELU MLP", {"FFN"}));
}

class PaletteTest : public testing::Test {
 protected:
  void SetUp() override {
    panel_.setState(samplePalette());
    panel_.resize(232, 700);
    panel_.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&panel_));
  }
  QString titleAt(int row) { return panel_.list()->blocks()->index(row).data().toString(); }
  PalettePanel panel_;
};

TEST_F(PaletteTest, RecentComesFirstThenCategoriesInTheirOrder) {
  EXPECT_EQ(titleAt(0), "Recent");
  EXPECT_EQ(titleAt(1), "SwiGLU");
  EXPECT_EQ(titleAt(3), "attention");
  QStringList sections;
  for (int row = 0; row < panel_.list()->blocks()->rowCount(); ++row)
    if (panel_.list()->blocks()->index(row).data(BlockListModel::IsSectionRole).toBool()) sections << titleAt(row);
  EXPECT_EQ(sections,
            (QStringList{"Recent", "attention", "state space", "MLP", "norm", "memory", "experts", "structure"}));
}

TEST_F(PaletteTest, TypingFindsBySynonymAndEnterActivates) {
  QSignalSpy spy(&panel_, &PalettePanel::blockActivated);
  panel_.focusSearch();
  QTest::keyClicks(panel_.search(), "gqa");
  EXPECT_EQ(titleAt(0), "Grouped-query");
  QTest::keyClick(panel_.search(), Qt::Key_Return);
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][0].toString(), "attention.grouped_query");
  QTest::keyClick(panel_.search(), Qt::Key_Escape);
  EXPECT_EQ(panel_.search()->text(), "");
  EXPECT_EQ(titleAt(0), "Recent");
}

TEST_F(PaletteTest, ArrowsStepOverSectionHeads) {
  panel_.focusSearch();
  for (int i = 0; i < 3; ++i) QTest::keyClick(panel_.search(), Qt::Key_Down);
  EXPECT_EQ(panel_.list()->currentId(), "attention.multi_head");  // two recent ones, then over the head
  QTest::keyClick(panel_.search(), Qt::Key_Up);
  EXPECT_EQ(panel_.list()->currentId(), "norm.rms");
}

TEST_F(PaletteTest, NothingFoundSaysSo) {
  QTest::keyClicks(panel_.search(), "qqqq");
  EXPECT_FALSE(panel_.list()->isVisible());
  QTest::keyClick(panel_.search(), Qt::Key_Escape);
  EXPECT_TRUE(panel_.list()->isVisible());
}

TEST_F(PaletteTest, ADragCarriesTheBlock) {
  BlockListModel* model = panel_.list()->blocks();
  const QModelIndex mamba = [&] {
    for (int row = 0; row < model->rowCount(); ++row)
      if (model->index(row).data(BlockListModel::IdRole) == "ssm.mamba") return model->index(row);
    return QModelIndex();
  }();
  ASSERT_TRUE(mamba.isValid());
  std::unique_ptr<QMimeData> data(model->mimeData({mamba}));
  EXPECT_EQ(data->data("application/x-formwright-block"), "ssm.mamba");
  EXPECT_TRUE(model->flags(mamba) & Qt::ItemIsDragEnabled);
  EXPECT_FALSE(model->flags(model->index(0)) & Qt::ItemIsEnabled);
  EXPECT_TRUE(mamba.data(Qt::ToolTipRole).toString().contains("decay depends on the input"));
}

TEST_F(PaletteTest, DoubleClickActivates) {
  QSignalSpy spy(&panel_, &PalettePanel::blockActivated);
  const QRect row = panel_.list()->visualRect(panel_.list()->blocks()->index(1));
  QTest::mouseClick(panel_.list()->viewport(), Qt::LeftButton, {}, row.center());
  QTest::mouseDClick(panel_.list()->viewport(), Qt::LeftButton, {}, row.center());
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][0].toString(), "mlp.gated");
}

}  // namespace
}  // namespace fw::ui
