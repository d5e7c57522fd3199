// Composites in the window: linked copies, shared weights, promoted parameters, the user's library, dots on wires.
#include <gtest/gtest.h>

#include <QApplication>
#include <QContextMenuEvent>
#include <QDir>
#include <QDropEvent>
#include <QInputDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>

#include "driver.h"
#include "widgets/canvas/search_palette.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/palette_panel.h"

namespace fw {
namespace {

struct Composites : testing::Test {
  void SetUp() override {
    user.create();
    user.zoomOut(3);
    group = user.add(user.at({0, 0}), "composite");
    attention = user.addInside(group, {0, 0}, "Multi-head attention");
  }
  void choose(const QString& words) {
    for (QMenu* menu : user.window().menuBar()->findChildren<QMenu*>())
      for (QAction* action : menu->actions())
        if (QString(action->text()).remove('&').section('\t', 0, 0) == words) return action->trigger();
    FAIL() << words.toStdString();
  }
  /// Types into the search palette that is open, and takes the first line.
  void take(const QString& words) {
    auto* palette = qobject_cast<ui::SearchPalette*>(QApplication::activePopupWidget());
    ASSERT_TRUE(palette);
    QTest::keyClicks(palette->findChild<QLineEdit*>(), words);
    user.key(palette->findChild<QLineEdit*>(), Qt::Key_Return);
    QTest::qWait(20);
  }
  const Node& node(NodeId id) { return *findNode(user.model(), id); }
  const ui::CanvasItem& item(NodeId id) { return user.canvas().geometry().item(user.canvas().geometry().slotOf(id)); }
  size_t chips(NodeId id, ui::ChipKind kind) {
    const auto& all = item(id).chips;
    return size_t(std::count_if(all.begin(), all.end(), [&](const ui::CanvasChip& chip) { return chip.kind == kind; }));
  }
  int64_t heads(NodeId id) {
    const auto own = node(id).params.find("heads");
    return own == node(id).params.end() ? -1 : std::get<int64_t>(own->second);
  }
  NodeId linkedCopy() {
    user.select(group);
    user.key(&user.canvas(), Qt::Key_D, Qt::AltModifier);
    user.rest();
    return user.canvas().selection().front();
  }

  WindowDriver user;
  NodeId group = 0, attention = 0;
};

TEST_F(Composites, ALinkedCopyFollowsUntilItIsUnique) {
  const NodeId copy = linkedCopy();
  ASSERT_NE(copy, group);
  EXPECT_EQ(chips(group, ui::ChipKind::Link), 1u);
  EXPECT_EQ(chips(copy, ui::ChipKind::Link), 1u);
  EXPECT_EQ(chips(copy, ui::ChipKind::Weights), 0u) << "weights are another matter";
  const NodeId theirs = user.inner(copy, "attention.multi_head");
  user.select(attention);
  user.setParam("heads", "2");
  EXPECT_EQ(heads(theirs), 2);
  user.select(copy);
  choose("Make unique");
  EXPECT_EQ(chips(group, ui::ChipKind::Link), 0u) << "one alone is no copy";
  user.select(attention);
  user.setParam("heads", "1");
  EXPECT_EQ(heads(theirs), 2);
  while (user.window().document().history().canUndo()) user.window().document().undo();
  EXPECT_TRUE(user.model().root->nodes.empty());
}

TEST_F(Composites, APromotedParameterIsEachCopysOwn) {
  const NodeId copy = linkedCopy();
  user.select(attention);
  user.key(&user.canvas(), Qt::Key_P, Qt::ShiftModifier);
  take("heads");
  ASSERT_TRUE(node(copy).promoted.count("heads"));
  user.select(copy);
  user.setParam("heads", "2");
  EXPECT_EQ(heads(user.inner(copy, "attention.multi_head")), 2);
  EXPECT_NE(heads(attention), 2);
  user.key(&user.canvas(), Qt::Key_P, Qt::ShiftModifier);
  take("back");
  EXPECT_TRUE(node(group).promoted.empty());
  EXPECT_TRUE(node(copy).promoted.empty());
}

TEST_F(Composites, SharedWeightsHaveAChipOfTheirOwn) {
  const NodeId one = user.add(user.at({-500, 300}), "SwiGLU"), two = user.add(user.at({-500, 500}), "SwiGLU");
  user.canvas().setSelection({one, two});
  user.key(&user.canvas(), Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
  ASSERT_FALSE(node(one).weightGroup.empty());
  EXPECT_EQ(node(one).weightGroup, node(two).weightGroup);
  EXPECT_TRUE(node(one).link.empty());
  EXPECT_EQ(chips(one, ui::ChipKind::Weights), 1u);
  EXPECT_EQ(item(one).chips, item(two).chips) << "so hovering one lights both";
  user.key(&user.canvas(), Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_TRUE(node(one).weightGroup.empty());
  EXPECT_TRUE(user.model().weightGroups.empty());
}

TEST_F(Composites, APolicyIsDroppedOnARepeat) {
  const NodeId repeat = user.add(user.at({0, 500}), "repeat");
  user.canvas().setSelection({});
  QMimeData data;
  data.setData(ui::blockMimeType, "policy:tied");
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  const ui::Box box = geometry.box(geometry.slotOf(repeat));
  const auto drop = [&](QPoint at) {
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(&user.canvas(), &enter);
    QDragMoveEvent move(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(&user.canvas(), &move);
    QDropEvent dropped(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(&user.canvas(), &dropped);
    return move.isAccepted();
  };
  EXPECT_FALSE(drop(user.at({box.left - 300, box.top}))) << "the void takes none";
  EXPECT_TRUE(drop(user.at({box.center().x + 90, box.top + 20})));
  ASSERT_FALSE(node(repeat).weightGroup.empty());
  EXPECT_EQ(user.model().weightGroups.at(node(repeat).weightGroup).policy, "tied");
  EXPECT_EQ(chips(repeat, ui::ChipKind::Weights), 1u);
}

TEST_F(Composites, ACompositeIsKeptInTheLibrary) {
  user.select(group);
  ASSERT_TRUE(user.inDialog([&] { choose("Save to my blocks…"); },
                            [&](QWidget* dialog) {
                              auto* field = dialog->findChild<QLineEdit*>();
                              user.type(field, "Mixer");
                              user.key(field, Qt::Key_Return);
                            }));
  EXPECT_EQ(user.window().library().names(), QStringList{"Mixer"});
  EXPECT_TRUE(QFile::exists(user.folders().blocks + "/Mixer.fwblock.json"));
  const NodeId added = user.add(user.at({-600, -300}), "Mixer");
  ASSERT_NE(added, 0);
  EXPECT_EQ(node(added).block, "structure.group");
  EXPECT_EQ(node(added).label, "Mixer");
  EXPECT_TRUE(node(added).link.empty());
  EXPECT_NE(user.inner(added, "attention.multi_head"), 0);

  const auto inMenu = [&](const QString& id, const QString& words) {
    emit user.window().palette().menuRequested(id, user.window().mapToGlobal(QPoint(100, 300)));
    auto* menu = user.window().findChild<QMenu*>("paletteMenu");
    ASSERT_TRUE(menu);
    for (QAction* action : menu->actions())
      if (QString(action->text()).remove('&') == words) {
        menu->close();
        action->trigger();
        break;
      }
    QTest::qWait(20);
  };
  ASSERT_TRUE(user.inDialog([&] { inMenu("user:Mixer", "Rename…"); },
                            [&](QWidget* dialog) {
                              auto* field = dialog->findChild<QLineEdit*>();
                              user.type(field, "Token mixer");
                              user.key(field, Qt::Key_Return);
                            }));
  EXPECT_EQ(user.window().library().names(), QStringList{"Token mixer"});
  ASSERT_TRUE(
      user.inDialog([&] { inMenu("user:Token mixer", "Delete…"); },
                    [&](QWidget* dialog) { qobject_cast<QMessageBox*>(dialog)->button(QMessageBox::Yes)->click(); }));
  EXPECT_TRUE(user.window().library().names().isEmpty());
}

TEST_F(Composites, DotsOnAWireChangeNothingButItsWay) {
  const NodeId one = user.add(user.at({-700, 300}), "RMS norm"), two = user.add(user.at({-100, 500}), "RMS norm");
  user.connect(one, "y", two, "x");
  const Hash before = structuralHash(user.model());
  const Wire wire{{one, "y"}, {two, "x"}};
  const auto middleOf = [&](int piece) {
    const ui::CanvasGeometry& geometry = user.canvas().geometry();
    return user.at(ui::wireCurve(geometry.wireShape(piece)).at(0, 0.5f));
  };
  ASSERT_EQ(user.canvas().geometry().wireCount(), 2) << "one lies inside the composite";
  int piece = 0;
  while (user.canvas().geometry().wireFrom(piece) != user.canvas().geometry().slotOf(one)) ++piece;
  QTest::mouseDClick(&user.canvas(), Qt::LeftButton, {}, middleOf(piece));
  QTest::mouseRelease(&user.canvas(), Qt::LeftButton, {}, middleOf(piece));
  ASSERT_EQ(user.model().dots.size(), 1u);
  const NodeId dot = user.model().dots.begin()->first;
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{dot});
  EXPECT_EQ(structuralHash(user.model()), before);
  const double x = user.model().dots.at(dot).x;
  user.drag(user.middle(dot), user.middle(dot) + QPoint(60, 40));
  EXPECT_GT(user.model().dots.at(dot).x, x);
  // A block dropped on the second piece keeps the dot in front of it.
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  for (piece = 0; geometry.wireFrom(piece) != geometry.slotOf(dot);) ++piece;
  QMimeData data;
  data.setData(ui::blockMimeType, "mlp.gated");
  QDragEnterEvent enter(middleOf(piece), Qt::CopyAction, &data, Qt::LeftButton, {});
  QApplication::sendEvent(&user.canvas(), &enter);
  QDropEvent dropped(middleOf(piece), Qt::CopyAction, &data, Qt::LeftButton, {});
  QApplication::sendEvent(&user.canvas(), &dropped);
  const NodeId mlp = user.find("mlp.gated");
  ASSERT_NE(mlp, 0);
  ASSERT_EQ(user.model().dots.size(), 1u);
  EXPECT_EQ(user.model().dots.at(dot).wire.from, (PortRef{one, "y"}));
  EXPECT_EQ(user.model().dots.at(dot).wire.to.node, mlp);
  user.select(dot);
  user.key(&user.canvas(), Qt::Key_Delete);
  EXPECT_TRUE(user.model().dots.empty());
  EXPECT_EQ(user.model().root->wiresInto(two).size(), 1u) << "the wire stays";
}

TEST_F(Composites, AWireBranchesAtADotWhichTheyShare) {
  const NodeId one = user.add(user.at({-700, 300}), "RMS norm"), two = user.add(user.at({-100, 500}), "RMS norm");
  const NodeId three = user.add(user.at({-100, 700}), "RMS norm");
  user.connect(one, "y", two, "x");
  const Wire wire{{one, "y"}, {two, "x"}};
  NodeId dot = 0;
  ASSERT_TRUE(user.window().document().edit("Dot", {}, [&](Editor& editor) {
    dot = editor.addDot({}, wire, 0, {-400, 420});
  }));
  user.drag(user.middle(dot), user.port(three, "x"), Qt::ControlModifier);
  ASSERT_EQ(user.model().root->wiresInto(three).size(), 1u);
  EXPECT_EQ(user.model().root->wiresInto(three).front().from, (PortRef{one, "y"}));
  ASSERT_EQ(user.model().dots.size(), 2u) << "one for each wire, on one place";
  user.canvas().setSelection({dot});
  user.key(&user.canvas(), Qt::Key_Right, Qt::ControlModifier);
  std::set<double> places;
  for (const auto& [id, each] : user.model().dots) places.insert(each.x);
  EXPECT_EQ(places.size(), 1u) << "they move as one";
  EXPECT_NE(*places.begin(), -400);
  user.canvas().setSelection({dot});
  user.key(&user.canvas(), Qt::Key_Delete);
  EXPECT_TRUE(user.model().dots.empty());
  EXPECT_EQ(user.model().root->wiresFrom(one).size(), 2u);
}

TEST_F(Composites, AnItemDroppedOnAWireShovesWhatIsBehind) {
  const NodeId one = user.add(user.at({-700, 400}), "RMS norm"), two = user.add(user.at({-420, 400}), "RMS norm");
  const NodeId behind = user.add(user.at({-150, 400}), "RMS norm"), loose = user.add(user.at({-560, 620}), "SwiGLU");
  user.connect(one, "y", two, "x");
  user.connect(two, "y", behind, "x");
  const auto box = [&](NodeId id) { return user.canvas().geometry().box(user.canvas().geometry().slotOf(id)); };
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  int piece = 0;
  while (geometry.wireFrom(piece) != geometry.slotOf(one)) ++piece;
  const size_t steps = user.window().document().history().entries().size();
  user.drag(user.middle(loose), user.at(ui::wireCurve(geometry.wireShape(piece)).at(0, 0.5f)));
  ASSERT_EQ(user.window().document().history().entries().size(), steps + 1) << "one step of undo";
  EXPECT_EQ(user.model().root->wiresInto(loose).front().from.node, one);
  EXPECT_EQ(user.model().root->wiresInto(two).front().from.node, loose);
  EXPECT_GT(box(loose).left, box(one).right);
  EXPECT_GT(box(two).left, box(loose).right);
  EXPECT_GT(box(behind).left, box(two).right);
  user.window().document().undo();
  EXPECT_TRUE(user.model().root->wiresInto(loose).empty());
}

TEST_F(Composites, WhatIsPinnedStays) {
  const NodeId one = user.add(user.at({-700, 300}), "RMS norm");
  user.select(one);
  user.key(&user.canvas(), Qt::Key_P);
  EXPECT_TRUE(user.model().layout.at(one).isPinned);
  EXPECT_TRUE(item(one).isPinned);
  user.key(&user.canvas(), Qt::Key_Right, Qt::ControlModifier);
  EXPECT_TRUE(user.model().layout.at(one).isPinned) << "moved by hand it stays pinned";
  user.key(&user.canvas(), Qt::Key_P);
  EXPECT_FALSE(user.model().layout.at(one).isPinned);
}

}  // namespace
}  // namespace fw
