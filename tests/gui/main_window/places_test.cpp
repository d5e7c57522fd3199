// Finding one's way in the window: into containers and out, to blocks, to commands; colours; the model as text.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDockWidget>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>

#include "app/text_view.h"
#include "driver.h"
#include "widgets/panels/breadcrumbs.h"
#include "widgets/plots/heat_legend.h"

namespace fw {
namespace {

struct Places : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(user.window().open("hybrid-recall"));
    ASSERT_TRUE(user.waitForCheck());
    user.rest();
  }
  bool isShown(NodeId node) { return user.canvas().geometry().slotOf(node) >= 0; }
  ui::SearchPalette* palette() {
    for (auto* each : user.window().findChildren<ui::SearchPalette*>())
      if (each->isVisible()) return each;
    return nullptr;
  }
  WindowDriver user;
};

TEST_F(Places, IntoAContainerAndOutAgain) {
  const NodeId repeat = user.find("structure.repeat"), embedding = user.find("embedding.token");
  const NodeId attention = user.find("attention.grouped_query");
  ui::Breadcrumbs& crumbs = user.window().breadcrumbs();
  ASSERT_EQ(crumbs.path().size(), 1);
  user.select(repeat);
  user.key(&user.canvas(), Qt::Key_Return);
  user.rest();
  EXPECT_EQ(crumbs.path().size(), 2);
  EXPECT_EQ(crumbs.path().last(), "layers");
  EXPECT_TRUE(isShown(attention));
  EXPECT_FALSE(isShown(embedding));
  EXPECT_TRUE(WindowDriver::waitFor([&] { return user.canvas().zoom() > 0.5; })) << "all of it, as large as can be";
  user.rest();

  // Edited in place: the void around the container is its inside.
  const ui::Box frame = user.canvas().geometry().box(user.canvas().geometry().slotOf(repeat));
  const NodeId added = user.add(user.at({frame.center().x, frame.bottom + 12}), "SwiGLU");
  GraphPath path;
  ASSERT_TRUE(findNode(user.model(), added, &path));
  ASSERT_EQ(path.size(), 1u);
  EXPECT_EQ(path.front().node, repeat);

  user.click(&user.canvas(), QPoint(3, 3));
  user.key(&user.canvas(), Qt::Key_Backspace);
  user.rest();
  EXPECT_EQ(crumbs.path().size(), 1);
  EXPECT_TRUE(isShown(embedding));
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{repeat});

  user.key(&user.canvas(), Qt::Key_Return);
  ASSERT_EQ(crumbs.path().size(), 2);
  user.rest();
  for (auto* step : crumbs.findChildren<QPushButton*>())
    if (step->isVisible() && step->text() == crumbs.path().first()) {
      user.click(step);
      break;
    }
  EXPECT_TRUE(isShown(embedding));

  // A container that is undone away is left.
  user.create();
  const NodeId group = user.add(user.at({0, 0}), "group");
  user.select(group);
  user.key(&user.canvas(), Qt::Key_Return);
  EXPECT_EQ(crumbs.path().size(), 2);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(crumbs.path().size(), 1);
  EXPECT_TRUE(user.canvas().scene()->items.empty());
}

TEST_F(Places, ABlockIsFoundByNameAndShown) {
  user.shortcut(Qt::Key_F, Qt::ControlModifier);
  ASSERT_TRUE(palette());
  auto* query = palette()->findChild<QLineEdit*>();
  QTest::keyClicks(query, "grouped");
  user.key(query, Qt::Key_Return);
  user.rest();
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{user.find("attention.grouped_query")});
  EXPECT_TRUE(user.canvas().hasFocus());
}

TEST_F(Places, AWeightIsFoundByItsName) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  user.shortcut(Qt::Key_F, Qt::ControlModifier);
  auto* palette = qobject_cast<ui::SearchPalette*>(QApplication::activePopupWidget());
  ASSERT_TRUE(palette);
  QTest::keyClicks(palette->findChild<QLineEdit*>(), "layers.1.attention.q.weight");
  user.key(palette->findChild<QLineEdit*>(), Qt::Key_Return);
  user.rest();
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{user.find("attention.multi_head")});
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  const ui::CanvasItem& stack = geometry.item(geometry.slotOf(user.find("structure.repeat")));
  EXPECT_FALSE(stack.frame->cells[0].isSelected);
  EXPECT_TRUE(stack.frame->cells[1].isSelected);
}

TEST_F(Places, BackAndForwardAsInABrowser) {
  const NodeId stack = user.find("structure.repeat");
  ASSERT_NE(stack, 0);
  const ui::Camera first{0.8f, ui::Vec(40, 50)};
  user.canvas().setCamera(first);
  user.select(stack);
  user.key(&user.canvas(), Qt::Key_Return);
  user.rest();
  EXPECT_EQ(user.window().breadcrumbs().path().size(), 2);
  const ui::Camera inside = user.canvas().camera();
  user.shortcut(Qt::Key_Left, Qt::AltModifier);
  user.rest();
  EXPECT_EQ(user.canvas().camera(), first);
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{stack});
  user.shortcut(Qt::Key_Left, Qt::AltModifier);
  EXPECT_EQ(user.canvas().camera(), first) << "there was nothing before";
  user.shortcut(Qt::Key_Right, Qt::AltModifier);
  user.rest();
  EXPECT_EQ(user.canvas().camera(), inside);
  // The side buttons of the mouse do the same.
  QTest::mouseClick(&user.canvas(), Qt::BackButton, {}, QPoint(300, 200));
  user.rest();
  EXPECT_EQ(user.canvas().camera(), first);
}

TEST_F(Places, BookmarksLeadBack) {
  const NodeId stack = user.find("structure.repeat");
  user.shortcut(Qt::Key_2, Qt::AltModifier);
  EXPECT_TRUE(user.canvas().selection().empty()) << "none is set";
  user.select(stack);
  const ui::Camera camera{0.8f, ui::Vec(40, 50)};
  user.canvas().setCamera(camera);
  user.shortcut(Qt::Key_2, Qt::ControlModifier | Qt::AltModifier);
  user.canvas().clearSelection();
  user.canvas().setCamera({0.3f, ui::Vec(-400, 7)});
  user.shortcut(Qt::Key_2, Qt::AltModifier);
  user.rest();
  EXPECT_EQ(user.canvas().camera(), camera);
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{stack});
  user.shortcut(Qt::Key_Left, Qt::AltModifier);
  user.rest();
  EXPECT_EQ(user.canvas().camera(), (ui::Camera{0.3f, ui::Vec(-400, 7)}));
  // A file keeps its bookmarks.
  user.window().document().save(user.path("marked.fw.json"));
  user.window().canvas().setCamera(camera);
  user.shortcut(Qt::Key_3, Qt::ControlModifier | Qt::AltModifier);
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.window().open(user.path("marked.fw.json")));
  user.rest();
  user.shortcut(Qt::Key_3, Qt::AltModifier);
  user.rest();
  EXPECT_EQ(user.canvas().camera(), camera);
}

TEST_F(Places, EveryMenusCommandIsFoundAndDone) {
  user.shortcut(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
  ASSERT_TRUE(palette());
  auto* list = palette()->findChild<QListWidget*>();
  EXPECT_GT(list->count(), 30);
  auto* query = palette()->findChild<QLineEdit*>();
  QTest::keyClicks(query, "select all");
  ASSERT_GT(list->count(), 0);
  EXPECT_EQ(list->item(0)->text(), "Select all");
  user.key(query, Qt::Key_Return);
  EXPECT_TRUE(WindowDriver::waitFor([&] { return user.canvas().selection().size() > 4; }));
}

TEST_F(Places, AnotherBlockTakesThePlaceAndTheWires) {
  const NodeId attention = user.find("attention.grouped_query");
  GraphPath path;
  ASSERT_TRUE(findNode(user.model(), attention, &path));
  const std::vector<Wire> wires = graphAt(user.model(), path)->wires;
  user.select(attention);
  user.key(&user.canvas(), Qt::Key_R);
  ASSERT_TRUE(palette());
  auto* query = palette()->findChild<QLineEdit*>();
  QTest::keyClicks(query, "multi-head attention");
  user.key(query, Qt::Key_Return);
  EXPECT_EQ(findNode(user.model(), attention)->block, "attention.multi_head");
  EXPECT_EQ(graphAt(user.model(), path)->wires, wires);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(findNode(user.model(), attention)->block, "attention.grouped_query");
}

TEST_F(Places, AWireIsDrawnByKeyboard) {
  user.create();
  const NodeId norm = user.add(user.at({-200, 0}), "RMS norm"), mlp = user.add(user.at({200, 0}), "SwiGLU");
  user.select(norm);
  user.key(&user.canvas(), Qt::Key_W);
  ASSERT_TRUE(palette());
  auto* list = palette()->findChild<QListWidget*>();
  ASSERT_EQ(list->count(), 2) << "out to it, or in from it";
  auto* query = palette()->findChild<QLineEdit*>();
  QTest::keyClicks(query, "y gated");
  user.key(query, Qt::Key_Return);
  EXPECT_EQ(user.model().root->wires, (std::vector<Wire>{{{norm, "y"}, {mlp, "x"}}}));
  user.key(&user.canvas(), Qt::Key_W);
  ASSERT_TRUE(palette());
  EXPECT_EQ(palette()->findChild<QListWidget*>()->count(), 0) << "the other way would be a cycle";
  user.key(palette()->findChild<QLineEdit*>(), Qt::Key_Escape);
}

TEST_F(Places, ColoursAreMeasuredByARun) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  HeatController& heat = user.window().heat();
  const auto item = [&](const std::string& block) {
    return user.canvas().geometry().item(user.canvas().geometry().slotOf(user.find(block)));
  };
  EXPECT_FALSE(item("attention.multi_head").details.contains("Time"));
  auto* legend = user.window().findChild<QWidget*>("heatLegend");
  for (const HeatMode mode : {HeatMode::Time, HeatMode::Similarity, HeatMode::Sparsity, HeatMode::Gradients}) {
    SCOPED_TRACE(heatTitle(mode).toStdString());
    while (heat.mode() != mode) user.key(&user.canvas(), Qt::Key_H);
    EXPECT_TRUE(legend->accessibleName().endsWith("measuring…")) << legend->accessibleName().toStdString();
    ASSERT_TRUE(WindowDriver::waitFor([&] { return heat.values() && heat.note().isEmpty(); }, 20000))
        << heat.explanation().toStdString();
    EXPECT_TRUE(item("attention.multi_head").heat.isValid());
    const ui::CanvasItem stack = item("structure.repeat");
    for (const ui::LayerCell& cell : stack.frame->cells) {
      EXPECT_TRUE(cell.heat.isValid());
      EXPECT_TRUE(cell.tooltip.contains(heatTitle(mode))) << cell.tooltip.toStdString();
    }
    EXPECT_TRUE(legend->accessibleName().startsWith(heatTitle(mode) + ", from"))
        << legend->accessibleName().toStdString();
  }
  EXPECT_TRUE(item("attention.multi_head").details.contains("Time")) << "once measured, its share stands on the card";

  // Another model: the colours are said to be old until somebody asks for new ones.
  ASSERT_TRUE(user.window().document().edit(
      "Change", {}, [&](Editor& editor) { editor.setParam(user.find("attention.multi_head"), "heads", int64_t(8)); }));
  EXPECT_TRUE(heat.note().startsWith("outdated"));
  EXPECT_FALSE(item("attention.multi_head").details.contains("Time"));
  EXPECT_TRUE(item("attention.multi_head").heat.isValid());
  user.click(legend, legend->rect().center());
  ASSERT_TRUE(WindowDriver::waitFor([&] { return heat.note().isEmpty(); }, 20000));
  EXPECT_NE(structuralHash(user.model()), Hash());

  // Each document has colours of its own.
  user.shortcut(Qt::Key_T, Qt::ControlModifier);
  EXPECT_EQ(heat.mode(), HeatMode::Gradients);
  EXPECT_FALSE(heat.values());
  user.window().switchTab(1);
  EXPECT_TRUE(heat.values());
}

TEST_F(Places, WhatCannotBeMeasuredSaysWhy) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  HeatController& heat = user.window().heat();
  ASSERT_TRUE(user.window().document().edit(
      "Break", {}, [&](Editor& editor) { editor.removeNodes({user.find("head.language_model")}); }));
  heat.setMode(HeatMode::Gradients);
  ASSERT_TRUE(WindowDriver::waitFor([&] { return heat.note() == "not measured"; }));
  EXPECT_FALSE(heat.explanation().isEmpty());
  EXPECT_FALSE(heat.values());
}

TEST_F(Places, ColoursSayWhatBlocksCost) {
  const auto heatOf = [&](const std::string& block) {
    return user.canvas().geometry().item(user.canvas().geometry().slotOf(user.find(block))).heat;
  };
  EXPECT_FALSE(heatOf("attention.grouped_query").isValid());
  auto* legend = user.window().findChild<QWidget*>("heatLegend");
  ASSERT_TRUE(legend);
  EXPECT_FALSE(legend->isVisible());
  user.key(&user.canvas(), Qt::Key_H);
  EXPECT_TRUE(legend->isVisible());
  EXPECT_TRUE(legend->accessibleName().startsWith("Parameters"));
  const QColor byParameters = heatOf("mlp.gated"), norm = heatOf("norm.rms");
  ASSERT_TRUE(byParameters.isValid() && norm.isValid());
  EXPECT_GT(byParameters.lightnessF(), norm.lightnessF()) << "viridis: the more the lighter";
  while (user.window().heat().mode() != HeatMode::None) user.key(&user.canvas(), Qt::Key_H);
  EXPECT_FALSE(heatOf("mlp.gated").isValid());
  EXPECT_FALSE(legend->isVisible());
}

TEST_F(Places, TheTextIsTheModel) {
  TextView& view = user.window().textView();
  user.shortcut(Qt::Key_F4, {});
  ASSERT_TRUE(WindowDriver::waitFor([&] { return view.isVisible(); }));
  const NodeId mlp = user.find("mlp.gated");
  ASSERT_TRUE(view.editor()->toPlainText().contains("\"format\": \"formwright\""));
  user.select(mlp);
  user.setParam("hidden", "77");
  EXPECT_TRUE(view.editor()->toPlainText().contains("\"hidden\": 77"));

  QString text = view.editor()->toPlainText();
  view.editor()->setFocus();
  view.editor()->setPlainText(QString(text).replace("\"hidden\": 77", "\"hidden\": 99"));
  const auto hidden = [&] { return findNode(user.model(), mlp)->params.at("hidden"); };
  EXPECT_TRUE(WindowDriver::waitFor([&] { return hidden() == ParamValue(int64_t(99)); }));
  EXPECT_TRUE(view.complaint().isEmpty());

  // What cannot be read changes nothing and says why.
  const ArchitecturePtr before = user.window().document().current();
  view.editor()->setPlainText(text.left(text.size() / 2));
  EXPECT_TRUE(WindowDriver::waitFor([&] { return !view.complaint().isEmpty(); }));
  EXPECT_EQ(user.window().document().current(), before);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(hidden(), ParamValue(int64_t(77))) << "undo is the document's";
}

}  // namespace
}  // namespace fw
