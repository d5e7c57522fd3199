// The strip of a Repeat: one layer only, kinds painted along it, split, written out.
#include <gtest/gtest.h>

#include <QApplication>
#include <QContextMenuEvent>
#include <QLineEdit>
#include <QMenu>

#include "driver.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/inspector_panel.h"

namespace fw {
namespace {

struct Layers : testing::Test {
  void open(const char* preset) {
    ASSERT_TRUE(user.window().open(preset));
    ASSERT_TRUE(user.waitForCheck());
    user.rest();
    repeat = user.find("structure.repeat");
    ASSERT_NE(repeat, 0);
  }
  QPoint cell(int index) {
    const ui::CanvasGeometry& geometry = user.canvas().geometry();
    return user.at(geometry.frame(geometry.slotOf(repeat))->cell(index).center());
  }
  std::string letters() {
    const Node* node = findNode(user.model(), repeat);
    const BlockDef& block = *catalog().find(node->block);
    std::string all;
    for (int64_t i = 0; i < layerCount(*node, block, user.model().variables).value_or(0); ++i)
      all += layerBody(*node, block, i);
    return all;
  }
  /// The action of the menu at a cell, pressed.
  void choose(int index, const QString& words) {
    QContextMenuEvent asked(QContextMenuEvent::Mouse, cell(index), user.canvas().mapToGlobal(cell(index)));
    QApplication::sendEvent(&user.canvas(), &asked);
    auto* menu = user.window().findChild<QMenu*>("canvasMenu");
    ASSERT_TRUE(menu);
    for (QAction* action : menu->actions())
      if (QString(action->text()).remove('&').contains(words)) {
        user.click(menu, menu->actionGeometry(action).center());
        QTest::qWait(20);
        return;
      }
    menu->close();
    FAIL() << words.toStdString();
  }
  double parameters() { return user.window().document().facts().cost->parametersUnique; }
  double flops() { return user.window().document().facts().cost->flops; }

  WindowDriver user;
  NodeId repeat = 0;
};

TEST_F(Layers, AParameterOfOneLayerOnly) {
  open("attention-recall");
  const NodeId attention = user.find("attention.multi_head");
  user.click(&user.canvas(), cell(1));
  user.select(attention);
  EXPECT_TRUE(user.window().inspector().state().subtitle.contains("only layer 2"))
      << user.window().inspector().state().subtitle.toStdString();
  user.setParam("heads", "8");
  const Node* node = findNode(user.model(), repeat);
  EXPECT_EQ(findNode(user.model(), attention)->params.count("heads"),
            findNode(*user.window().document().history().entries().front().snapshot, attention)->params.count("heads"));
  ASSERT_EQ(node->overrides.count(1), 1u);
  EXPECT_EQ(node->overrides.at(1).params.at(attention).at("heads"), ParamValue(int64_t(8)));
  // The strip says so, and muting is for that layer too.
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  EXPECT_TRUE(geometry.item(geometry.slotOf(repeat)).frame->cells[1].isOverridden);
  EXPECT_FALSE(geometry.item(geometry.slotOf(repeat)).frame->cells[0].isOverridden);
  user.key(&user.canvas(), Qt::Key_M);
  EXPECT_EQ(findNode(user.model(), repeat)->overrides.at(1).muted, std::vector<NodeId>{attention});
  EXPECT_FALSE(findNode(user.model(), attention)->isMuted);

  // Without a selected layer the field is that of all.
  ASSERT_TRUE(user.waitForCheck());
  user.click(&user.canvas(), cell(1));
  EXPECT_FALSE(user.window().inspector().state().subtitle.contains("only"));
  user.setParam("heads", "16");
  EXPECT_EQ(findNode(user.model(), attention)->params.at("heads"), ParamValue(int64_t(16)));
  choose(1, "Forget the settings");
  EXPECT_TRUE(findNode(user.model(), repeat)->overrides.empty());
}

TEST_F(Layers, KindsArePaintedAlongTheStrip) {
  open("hybrid-recall");
  ASSERT_EQ(letters(), "MM*-MM*-");
  const size_t steps = user.window().document().history().entries().size();
  user.drag(cell(2), cell(5));
  EXPECT_EQ(letters(), "MM*****-");
  EXPECT_EQ(user.window().document().history().entries().size(), steps + 1);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(letters(), "MM*-MM*-");
  user.drag(cell(6), cell(5));
  EXPECT_EQ(letters(), "MM*-M**-");
}

TEST_F(Layers, SplitAndWrittenOutTheModelCostsTheSame) {
  open("hybrid-recall");
  const double weights = parameters(), work = flops();
  ASSERT_GT(weights, 0);
  choose(3, "Split before layer 4");
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_EQ(letters(), "MM*");
  ASSERT_TRUE(user.window().document().facts().cost);
  EXPECT_EQ(parameters(), weights);
  EXPECT_EQ(flops(), work);
  choose(0, "Write the layers out");
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_FALSE(findNode(user.model(), repeat));
  ASSERT_TRUE(user.window().document().facts().cost);
  EXPECT_EQ(parameters(), weights);
  EXPECT_EQ(flops(), work);
}

}  // namespace
}  // namespace fw
