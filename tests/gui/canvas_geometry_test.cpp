// Where things lie: sizes, frames, ports, wires, hits; with letters of a fixed width, so that numbers are exact.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "canvas_scenes.h"
#include "widgets/canvas/camera.h"
#include "widgets/canvas/geometry.h"
#include "widgets/canvas/navigation.h"

namespace fw::ui {
namespace {

CanvasGeometry lay(std::shared_ptr<CanvasScene> scene) { return CanvasGeometry(std::move(scene), PlainMetrics()); }

std::shared_ptr<CanvasScene> sceneOf(std::vector<CanvasItem> items, std::vector<CanvasWire> wires = {},
                                     Flow flow = Flow::Right) {
  auto scene = std::make_shared<CanvasScene>();
  scene->items = std::move(items);
  scene->wires = std::move(wires);
  scene->flow = flow;
  return scene;
}

Box boxOf(const CanvasGeometry& geometry, ItemId id) { return geometry.box(geometry.slotOf(id)); }

// Points of a wire, a fine step apart.
std::vector<Vec> pointsOf(const WireShape& shape) {
  const WireCurve curve = wireCurve(shape);
  std::vector<Vec> points;
  for (int c = 0; c < curve.curves(); ++c)
    for (int i = 0; i <= 200; ++i) points.push_back(curve.at(c, float(i) / 200));
  return points;
}

int wireTo(const CanvasGeometry& geometry, ItemId from, ItemId to) {
  for (int w = 0; w < geometry.wireCount(); ++w)
    if (geometry.wire(w).from.item == from && geometry.wire(w).to.item == to) return w;
  return -1;
}

TEST(CanvasGeometry, CardsAreCentredAndGrowWithTheirText) {
  const auto geometry = lay(sceneOf({node(1, {100, 50}, "Norm", "norm"), node(2, {100, 200}, QString(35, 'x'), "mlp"),
                                     node(3, {100, 400}, QString(90, 'x'), "mlp", "sub", "stats", 0.5)}));
  EXPECT_EQ(boxOf(geometry, 1).width(), 208);
  EXPECT_EQ(boxOf(geometry, 1).center(), Vec(100, 50));
  EXPECT_EQ(boxOf(geometry, 2).width(), 280);  // 35 letters of 7 and twice 16, up to a multiple of 8
  EXPECT_EQ(boxOf(geometry, 3).width(), 340);  // never wider; the text is shortened
  EXPECT_LT(boxOf(geometry, 1).height(), boxOf(geometry, 3).height());
  EXPECT_EQ(std::fmod(boxOf(geometry, 3).height(), 4.0f), 0);
}

TEST(CanvasGeometry, PortsSitWhereTheFlowEntersAndLeaves) {
  CanvasItem item = node(1, {0, 0}, "Attention", "attention");
  item.ports = {inputPort("x"), inputPort("mask"), outputPort("y")};
  const auto right = lay(sceneOf({item}));
  EXPECT_EQ(right.port(0, 2), Vec(104, 0));
  EXPECT_EQ(right.port(0, 0).x, -104);
  EXPECT_LT(right.port(0, 0).y, right.port(0, 1).y);
  const auto down = lay(sceneOf({item}, {}, Flow::Down));
  EXPECT_EQ(down.port(0, 2), Vec(0, down.box(0).bottom));
  EXPECT_EQ(down.port(0, 0).y, down.box(0).top);
  EXPECT_EQ(down.port(0, 0).x, -down.port(0, 1).x);
  item.ports[1].isOptional = true;  // the stream runs straight; what is optional stands beside it
  const auto beside = lay(sceneOf({item}, {}, Flow::Down));
  EXPECT_EQ(beside.port(0, 0), Vec(0, beside.box(0).top));
  EXPECT_EQ(beside.port(0, 1), Vec(40, beside.box(0).top));
  item.ports.assign(30, inputPort());
  const auto many = lay(sceneOf({item}, {}, Flow::Down));
  for (int p = 0; p < 30; ++p) {
    EXPECT_TRUE(many.box(0).contains(many.port(0, p)));
    EXPECT_TRUE(p == 0 || many.port(0, p).x - many.port(0, p - 1).x >= 2 * portRadius);
  }
  EXPECT_EQ(down.portOut(0, 0), Vec(0, -1));
  EXPECT_EQ(down.portOut(0, 2), Vec(0, 1));
}

TEST(CanvasGeometry, AFrameHoldsItsInsideWhichDoesNotMoveWhenItGrows) {
  const auto before = lay(sceneOf({frame(1, {500, 300}, "Repeat", {}), inside(node(2, {0, -60}, "A", "mlp"), 1)}));
  const auto after = lay(sceneOf({frame(1, {500, 300}, "Repeat", {}), inside(node(2, {0, -60}, "A", "mlp"), 1),
                                  inside(node(3, {-400, 700}, "B", "mlp"), 1)}));
  EXPECT_EQ(boxOf(before, 2).center(), Vec(500, 240));
  EXPECT_EQ(boxOf(after, 2).center(), Vec(500, 240));
  for (const ItemId id : {2, 3}) EXPECT_TRUE(boxOf(after, 1).contains(boxOf(after, id).grown(20)));
  EXPECT_GE(boxOf(after, 2).top, boxOf(after, 1).top + headerHeight);
  EXPECT_EQ(after.bounds(), boxOf(after, 1));
}

TEST(CanvasGeometry, LanesLieSideBySideAroundTheFramesPosition) {
  CanvasFrame fork;
  fork.lanes = {{"", "text"}, {"", "image"}, {"", "sound"}};
  const auto geometry =
      lay(sceneOf({frame(1, {0, 0}, "Fork", fork), inside(node(2, {900, 40}, "A", "mlp"), 1, 0),
                   inside(node(3, {0, 0}, "B", "mlp"), 1, 1), inside(node(4, {0, 0}, "C", "mlp"), 1, 1)}));
  const FrameLayout& layout = *geometry.frame(0);
  ASSERT_EQ(layout.lanes.size(), 3u);
  EXPECT_FLOAT_EQ(geometry.box(0).center().x, 0);
  for (size_t l = 1; l < 3; ++l) EXPECT_FLOAT_EQ(layout.lanes[l].left, layout.lanes[l - 1].right);
  EXPECT_TRUE(layout.lanes[0].contains(boxOf(geometry, 2)));
  EXPECT_TRUE(layout.lanes[1].contains(boxOf(geometry, 3)));
  EXPECT_TRUE(geometry.isLaneEmpty(0, 2));
  EXPECT_FALSE(geometry.isLaneEmpty(0, 1));
  // A point in a lane and back again.
  const Vec point = layout.lanes[1].center();
  const CanvasPlace place = geometry.placeAt(point);
  EXPECT_EQ(place.container, 1);
  EXPECT_EQ(place.lane, 1);
  EXPECT_NEAR((geometry.toScene(place) - point).length(), 0, 1e-3);
}

TEST(CanvasGeometry, LanesOfAFlowToTheRightLieBelowEachOther) {
  CanvasFrame fork;
  fork.flow = Flow::Right;
  fork.lanes = {{"", "text"}, {"", "image"}};
  const auto geometry = lay(sceneOf({frame(1, {0, 0}, "Fork", fork), inside(node(2, {0, 0}, "A", "mlp"), 1, 0),
                                     inside(node(3, {0, 0}, "B", "mlp"), 1, 1), terminal(4, ItemShape::Entry, 1, 0)},
                                    {wire(4, 0, 2, 0)}));
  const FrameLayout& layout = *geometry.frame(0);
  EXPECT_FLOAT_EQ(layout.lanes[1].top, layout.lanes[0].bottom);
  EXPECT_TRUE(layout.lanes[1].contains(boxOf(geometry, 3)));
  EXPECT_FLOAT_EQ(boxOf(geometry, 4).center().x, layout.lanes[0].left);
  EXPECT_FLOAT_EQ(boxOf(geometry, 4).center().y, boxOf(geometry, 2).center().y);
}

TEST(CanvasGeometry, FramesNestToAnyDepth) {
  std::vector<CanvasItem> items;
  for (ItemId id = 1; id <= 12; ++id) {
    items.push_back(frame(id, {20, 20}, "Frame", {}));
    items.back().parent = id - 1;
  }
  items.push_back(inside(node(13, {0, 0}, "Deep", "mlp"), 12));
  const auto geometry = lay(sceneOf(items));
  for (ItemId id = 1; id <= 12; ++id) EXPECT_TRUE(boxOf(geometry, id).contains(boxOf(geometry, id + 1))) << id;
  EXPECT_EQ(boxOf(geometry, 13).center(), Vec(240, 240));
  EXPECT_EQ(geometry.depth(geometry.slotOf(13)), 12);
}

TEST(CanvasGeometry, AFoldedFrameHidesItsInside) {
  CanvasFrame folded;
  folded.isCollapsed = true;
  const auto geometry = lay(sceneOf(
      {frame(1, {0, 0}, "Repeat", folded), inside(node(2, {0, 0}, "A", "mlp"), 1), node(3, {600, 0}, "B", "mlp")},
      {wire(1, 1, 3, 0)}));
  EXPECT_EQ(geometry.count(), 2);
  EXPECT_EQ(geometry.slotOf(2), -1);
  EXPECT_EQ(geometry.box(0).height(), headerHeight);
  EXPECT_EQ(geometry.wireCount(), 1);
}

TEST(CanvasGeometry, BrokenScenesAreShownAsFarAsTheyMakeSense) {
  CanvasItem orphan = inside(node(4, {0, 0}, "Orphan", "mlp"), 99), circle1 = frame(5, {0, 0}, "A", {}),
             circle2 = frame(6, {0, 0}, "B", {});
  circle1.parent = 6, circle2.parent = 5;
  const auto geometry =
      lay(sceneOf({node(1, {0, 0}, "A", "mlp"), node(1, {9, 9}, "twice", "mlp"), node(0, {0, 0}, "none", "mlp"), orphan,
                   circle1, circle2, inside(node(7, {0, 0}, "in a node", "mlp"), 1)},
                  {wire(1, 1, 1, 0), wire(1, 1, 42, 0), wire(1, 0, 4, 0), wire(1, 7, 1, -3)}));
  EXPECT_EQ(geometry.count(), 1);
  EXPECT_EQ(geometry.item(0).title, "A");
  EXPECT_EQ(geometry.wireCount(), 0);
}

TEST(CanvasGeometry, TheStripFindsRoomBesideTheTitleOrBelowIt) {
  for (const int layers : {1, 2, 12, 24, 33, 80, 126, 512}) {
    CanvasFrame content;
    content.pattern = "M*";
    content.cells.resize(size_t(layers));
    const auto geometry = lay(sceneOf({frame(1, {0, 0}, "Repeat", content), inside(node(2, {0, 0}, "A", "mlp"), 1)}));
    const FrameLayout& layout = *geometry.frame(0);
    const Box head(geometry.box(0).left, geometry.box(0).top, geometry.box(0).right,
                   geometry.box(0).top + layout.header);
    const Box title(layout.titleLeft, head.top + 10, layout.titleLeft + 6 * 7, head.top + 34);
    for (int c = 0; c < layers; ++c) {
      const Box cell = layout.cell(c);
      EXPECT_TRUE(head.contains(cell)) << layers << " " << c;
      EXPECT_FALSE(cell.intersects(title)) << layers << " " << c;
      EXPECT_FALSE(c > 0 && cell.intersects(layout.cell(c - 1))) << layers << " " << c;
    }
    EXPECT_GE(layout.cellSide, 9) << layers;
    EXPECT_TRUE(layout.lanes[0].contains(boxOf(geometry, 2)));
  }
}

TEST(CanvasGeometry, TerminalsLineUpWithWhatTheyAreWiredTo) {
  const auto geometry = lay(hybridRecall());
  const Box frame = boxOf(geometry, 2);
  EXPECT_FLOAT_EQ(boxOf(geometry, 10).center().x, boxOf(geometry, 11).center().x);
  EXPECT_FLOAT_EQ(boxOf(geometry, 10).center().y, frame.top + geometry.frame(geometry.slotOf(2))->header);
  EXPECT_FLOAT_EQ(boxOf(geometry, 20).center().y, frame.bottom);
}

TEST(CanvasGeometry, ResidualsBendAsideOfWhatTheyPass) {
  const auto geometry = lay(hybridRecall());
  for (const auto& [from, to] : {std::pair<ItemId, ItemId>{10, 13}, {13, 16}}) {
    const int w = wireTo(geometry, from, to);
    ASSERT_GE(w, 0);
    const WireShape& shape = geometry.wireShape(w);
    ASSERT_TRUE(shape.detour) << to;
    const Box join = boxOf(geometry, to);
    EXPECT_EQ(shape.end, Vec(join.left, join.center().y));
    for (const ItemId passed : {11, 12, 14, 15})
      for (const Vec point : pointsOf(shape)) EXPECT_FALSE(boxOf(geometry, passed).grown(-8).contains(point)) << passed;
    for (const Vec point : pointsOf(shape)) EXPECT_TRUE(boxOf(geometry, 2).contains(point));
  }
  EXPECT_FALSE(geometry.wireShape(wireTo(geometry, 12, 13)).detour);
  EXPECT_EQ(geometry.wireShape(wireTo(geometry, 12, 13)).end, Vec(0, boxOf(geometry, 13).top));
}

TEST(CanvasGeometry, SeveralDetoursKeepApart) {
  // One source, three joins after three cards: the skip wires run side by side.
  const auto geometry = lay(sceneOf(
      {node(1, {0, 0}, "A", "mlp"), node(2, {0, 100}, "B", "mlp"), join(3, {0, 200}), node(4, {0, 300}, "C", "mlp"),
       join(5, {0, 400})},
      {wire(1, 1, 2, 0), wire(2, 1, 3, 0), wire(1, 1, 3, 1), wire(3, 2, 4, 0), wire(4, 1, 5, 0), wire(1, 1, 5, 1)},
      Flow::Down));
  const auto near = geometry.wireShape(wireTo(geometry, 1, 3)).detour,
             far = geometry.wireShape(wireTo(geometry, 1, 5)).detour;
  ASSERT_TRUE(near && far);
  EXPECT_LT(*near, -104);
  EXPECT_LE(*far, *near - 12);
}

TEST(CanvasGeometry, ParallelBranchesEnterAJoinFromTheirSides) {
  const auto geometry = lay(sceneOf({node(1, {-200, 0}, "A", "mlp"), node(2, {200, 0}, "B", "mlp"), join(3, {0, 120})},
                                    {wire(1, 1, 3, 0), wire(2, 1, 3, 1)}, Flow::Down));
  EXPECT_EQ(geometry.wireShape(wireTo(geometry, 1, 3)).end, Vec(-joinRadius, 120));
  EXPECT_EQ(geometry.wireShape(wireTo(geometry, 2, 3)).end, Vec(joinRadius, 120));
}

TEST(CanvasGeometry, ThePortsOfAJoinLieApart) {
  // Without wires the stream comes in at the side and the branch at the head; with wires each where its wire ends.
  for (const Flow flow : {Flow::Down, Flow::Right}) {
    const auto bare = lay(sceneOf({join(3, {0, 120})}, {}, flow));
    const Vec side = flow == Flow::Down ? Vec(-joinRadius, 0) : Vec(0, -joinRadius);
    const Vec head = flow == Flow::Down ? Vec(0, -joinRadius) : Vec(-joinRadius, 0);
    EXPECT_EQ(bare.port(0, 0), Vec(0, 120) + side);
    EXPECT_EQ(bare.port(0, 1), Vec(0, 120) + head);
    EXPECT_EQ(bare.port(0, 2), Vec(0, 120) + head * -1);
    for (int port = 0; port < 3; ++port) {
      const Hit hit = bare.hit(bare.port(0, port), 6, 6);
      EXPECT_EQ(hit.kind, HitKind::Port);
      EXPECT_EQ(hit.index, port);
    }
  }
  // The stream from straight above takes the head; the branch, which had it, the side.
  const auto wired = lay(sceneOf({node(1, {0, 0}, "A", "mlp"), join(3, {0, 120})}, {wire(1, 1, 3, 0)}, Flow::Down));
  const int slot = wired.slotOf(3);
  EXPECT_EQ(wired.port(slot, 0), Vec(0, 120 - joinRadius));
  EXPECT_EQ(wired.port(slot, 1), Vec(-joinRadius, 120));
  EXPECT_EQ(wired.wireShape(0).end, wired.port(slot, 0));
  const auto geometry = lay(hybridRecall());
  for (int w = 0; w < geometry.wireCount(); ++w)
    EXPECT_EQ(geometry.wireShape(w).end, geometry.port(geometry.wireTo(w), geometry.wire(w).to.port)) << w;
}

TEST(CanvasGeometry, AWireToWhatLiesBehindAvoidsBothCards) {
  const auto geometry = lay(sceneOf({node(1, {0, 0}, "A", "mlp"), node(2, {0, 140}, "B", "mlp")}, {wire(1, 1, 2, 0)}));
  for (const Vec point : pointsOf(geometry.wireShape(0)))
    for (const int slot : {0, 1})
      EXPECT_FALSE(geometry.box(slot).grown(-2).contains(point)) << point.x << " " << point.y;
}

TEST(CanvasGeometry, WireBoundsHoldTheirCurves) {
  const auto geometry = lay(showcase());
  for (int w = 0; w < geometry.wireCount(); ++w)
    for (const Vec point : pointsOf(geometry.wireShape(w))) EXPECT_TRUE(geometry.wireBox(w).contains(point)) << w;
}

TEST(CanvasGeometry, HitsFindTheTopmostThing) {
  const auto geometry = lay(hybridRecall());
  const auto at = [&](Vec p) { return geometry.hit(p, 8, 5); };
  const int repeat = geometry.slotOf(2), attention = geometry.slotOf(12);
  EXPECT_EQ(at(boxOf(geometry, 12).center()), (Hit{HitKind::Node, attention}));
  EXPECT_EQ(at(geometry.port(attention, 0)), (Hit{HitKind::Port, attention, 0}));
  EXPECT_EQ(at(geometry.chip(attention, 0)), (Hit{HitKind::Chip, attention, 0}));
  const FrameLayout& layout = *geometry.frame(repeat);
  EXPECT_EQ(at(layout.cell(7).center()), (Hit{HitKind::Cell, repeat, 7}));
  EXPECT_EQ(at(layout.chevron.center()), (Hit{HitKind::Chevron, repeat}));
  EXPECT_EQ(at({layout.titleLeft + 5, geometry.box(repeat).top + 10}), (Hit{HitKind::Header, repeat}));
  EXPECT_EQ(at({geometry.box(repeat).right - 20, 50}), (Hit{HitKind::Lane, repeat, 0}));
  EXPECT_EQ(at({-5000, 0}), Hit{});
  const int skip = wireTo(geometry, 10, 13);
  EXPECT_EQ(at({*geometry.wireShape(skip).detour, -70}).wire, skip);
  EXPECT_EQ(at({-300, 1}).wire, wireTo(geometry, 1, 2));
}

TEST(CanvasGeometry, OfOverlappingCardsTheLaterOneIsHit) {
  const auto geometry = lay(sceneOf({node(1, {0, 0}, "A", "mlp"), node(2, {50, 10}, "B", "mlp")}));
  EXPECT_EQ(geometry.hit({30, 5}, 6, 5).slot, 1);
  EXPECT_EQ(geometry.hit({-90, 5}, 6, 5).slot, 0);
}

TEST(CanvasGeometry, AMarqueeTakesTouchedCardsAndWholeFrames) {
  const auto geometry = lay(hybridRecall());
  const auto ids = [&](const Box& area, int container) {
    std::set<ItemId> found;
    for (const int slot : geometry.within(area, container)) found.insert(geometry.item(slot).id);
    return found;
  };
  EXPECT_EQ(ids(geometry.bounds().grown(5), -1), (std::set<ItemId>{1, 2, 3, 4}));
  EXPECT_EQ(ids({-10, -150, 10, -50}, geometry.slotOf(2)), (std::set<ItemId>{11, 12}));
  EXPECT_EQ(ids({-600, -10, 0, 0}, -1), (std::set<ItemId>{1, 13}));  // the frame is only touched
}

TEST(CanvasGeometry, AMoveTakesTheInsideAndTheWiresAlong) {
  auto scene = hybridRecall();
  auto geometry = lay(scene);
  const int repeat = geometry.slotOf(2), skip = wireTo(geometry, 10, 13);
  const WireShape before = geometry.wireShape(skip);
  const Box old = geometry.box(repeat);
  const Box dirty = geometry.move({repeat}, {30, -20});
  EXPECT_TRUE(dirty.contains(old) && dirty.contains(geometry.box(repeat)));
  EXPECT_EQ(boxOf(geometry, 12).center(), Vec(30, -80));
  EXPECT_EQ(geometry.wireShape(skip).start, before.start + Vec(30, -20));
  EXPECT_FLOAT_EQ(*geometry.wireShape(skip).detour, *before.detour + 30);
  EXPECT_EQ(geometry.position(repeat), QPointF(30, -20));
  EXPECT_EQ(geometry.position(geometry.slotOf(12)), QPointF(0, -60));
  EXPECT_EQ(geometry.hit(boxOf(geometry, 12).center(), 6, 5).slot, geometry.slotOf(12));
  // The same as a scene in which it lies there.
  for (CanvasItem& item : scene->items)
    if (item.id == 2) item.position = {30, -20};
  const auto laid = lay(scene);
  for (int slot = 0; slot < laid.count(); ++slot) {
    EXPECT_NEAR(laid.box(slot).left, geometry.box(slot).left, 0.01) << slot;
    EXPECT_NEAR(laid.box(slot).bottom, geometry.box(slot).bottom, 0.01) << slot;
  }
  for (int w = 0; w < laid.wireCount(); ++w) {
    EXPECT_NEAR((laid.wireShape(w).end - geometry.wireShape(w).end).length(), 0, 0.01) << w;
    EXPECT_EQ(laid.wireShape(w).detour.has_value(), geometry.wireShape(w).detour.has_value()) << w;
  }
}

TEST(CanvasGeometry, FramesGrowWhileSomethingInsideIsDragged) {
  auto geometry = lay(hybridRecall());
  const int attention = geometry.slotOf(12), repeat = geometry.slotOf(2);
  for (int i = 0; i < 40; ++i) geometry.move({attention}, {-20, -20});
  EXPECT_EQ(geometry.box(attention).center(), Vec(-800, -860));
  EXPECT_TRUE(geometry.box(repeat).contains(geometry.box(attention)));
  EXPECT_GE(geometry.box(attention).top, geometry.box(repeat).top + headerHeight);
  EXPECT_FLOAT_EQ(boxOf(geometry, 10).center().y, geometry.box(repeat).top + headerHeight);
  EXPECT_EQ(boxOf(geometry, 15).center(), Vec(0, 140));
}

TEST(CanvasGeometry, ArrowKeysFollowWires) {
  const auto geometry = lay(hybridRecall());
  const auto go = [&](ItemId from, Heading heading) {
    const int next = neighbour(geometry, geometry.slotOf(from), heading);
    return next < 0 ? ItemId(0) : geometry.item(next).id;
  };
  EXPECT_EQ(go(1, Heading::Right), 2);
  EXPECT_EQ(go(2, Heading::Left), 1);
  EXPECT_EQ(go(2, Heading::Right), 3);
  EXPECT_EQ(go(3, Heading::Right), 4);
  EXPECT_EQ(go(4, Heading::Left), 3);
  EXPECT_EQ(go(3, Heading::Down), 4);
  EXPECT_EQ(go(11, Heading::Down), 12);
  EXPECT_EQ(go(12, Heading::Up), 11);
  EXPECT_EQ(go(11, Heading::Up), 2);    // out of the frame
  EXPECT_EQ(go(2, Heading::Down), 11);  // and in
  EXPECT_EQ(neighbour(geometry, -1, Heading::Down), geometry.slotOf(1));
}

TEST(CanvasGeometry, UpstreamAndDownstream) {
  const auto geometry = lay(hybridRecall());
  const auto ids = [&](ItemId from, bool isUpstream) {
    std::set<ItemId> found;
    for (const int slot : alongWires(geometry, geometry.slotOf(from), isUpstream)) found.insert(geometry.item(slot).id);
    return found;
  };
  EXPECT_EQ(ids(13, true), (std::set<ItemId>{11, 12, 13}));
  EXPECT_EQ(ids(14, false), (std::set<ItemId>{14, 15, 16}));
}

TEST(CanvasGeometry, CollectFindsExactlyWhatTouches) {
  const auto geometry = lay(hairball(700, 300));
  std::mt19937 random(5);
  const auto coordinate = [&](float low, float high) { return low + (high - low) * float(random() % 10000) / 10000; };
  const Box& all = geometry.bounds();
  for (int round = 0; round < 50; ++round) {
    const Box area = Box::between({coordinate(all.left, all.right), coordinate(all.top, all.bottom)},
                                  {coordinate(all.left, all.right), coordinate(all.top, all.bottom)});
    IndexSet items, wires;
    items.reset(size_t(geometry.count()));
    wires.reset(size_t(geometry.wireCount()));
    geometry.collect(area, items, wires);
    for (int slot = 0; slot < geometry.count(); ++slot)
      ASSERT_EQ(items.has(size_t(slot)), geometry.box(slot).intersects(area.grown(2 * chipRadius))) << slot;
    for (int w = 0; w < geometry.wireCount(); ++w)
      ASSERT_EQ(wires.has(size_t(w)), geometry.wireBox(w).intersects(area)) << w;
  }
}

TEST(SpatialIndex, BoxesOfAllSizesAndFarApart) {
  std::mt19937 random(3);
  std::vector<Box> boxes = {Box(1e6f, 1e6f, 1e6f + 1, 1e6f + 1), Box(-1e6f, 0, 1e6f, 10), Box(), Box(5, 5, 5, 5)};
  for (int i = 0; i < 997; ++i) {
    const float size = std::pow(2.0f, float(random() % 14));
    boxes.push_back(Box::around({float(random() % 20000), float(random() % 20000)}, size, size / 3));
  }
  SpatialIndex index;
  index.build(boxes);
  for (int i = 0; i < 33; ++i) {
    const size_t moved = random() % boxes.size();
    boxes[moved] = Box::around({float(random() % 20000), -float(random() % 2000)}, 33, 7);
    index.update(moved, boxes[moved]);
  }
  for (const Box& area : {Box(0, 0, 300, 300), Box(-5e6f, -5e6f, 5e6f, 5e6f), Box(5, 5, 5, 5),
                          Box(7000, -3000, 9000, 100), Box(9e5f, 9e5f, 2e6f, 2e6f)}) {
    std::multiset<size_t> found, expected;
    index.query(area, [&](size_t i) { found.insert(i); });
    for (size_t i = 0; i < boxes.size(); ++i)
      if (!boxes[i].isEmpty() && boxes[i].intersects(area)) expected.insert(i);
    EXPECT_EQ(found, expected);
  }
}

TEST(IndexSet, WalksInOrderInsideARange) {
  IndexSet set;
  set.reset(200);
  for (const size_t i : {0, 1, 63, 64, 127, 128, 199}) set.add(i);
  set.remove(127);
  std::vector<size_t> found;
  set.forEach(1, 199, [&](size_t i) { found.push_back(i); });
  EXPECT_EQ(found, (std::vector<size_t>{1, 63, 64, 128}));
  EXPECT_EQ(set.count(), 6u);
}

TEST(WirePath, FlatteningStaysWithinItsTolerance) {
  for (const WireShape& shape : {WireShape{{0, 0}, {300, 200}, {1, 0}, {-1, 0}, {}, Flow::Right},
                                 WireShape{{0, 0}, {-400, 90}, {1, 0}, {-1, 0}, {}, Flow::Right},
                                 WireShape{{0, 0}, {0, 400}, {0, 1}, {-1, 0}, -150.0f, Flow::Down},
                                 WireShape{{0, 0}, {5000, 3}, {1, 0}, {-1, 0}, {}, Flow::Right}}) {
    const WireCurve curve = wireCurve(shape);
    EXPECT_EQ(curve.points[0], shape.start);
    EXPECT_EQ(curve.points[size_t(curve.count) - 1], shape.end);
    std::vector<Vec> line = {curve.points[0]};
    flatten(curve, 1, 0.25f, [&](Vec p) { line.push_back(p); });
    for (const Vec point : pointsOf(shape)) {
      float nearest = 1e9f;
      for (size_t i = 1; i < line.size(); ++i) {
        const Vec d = line[i] - line[i - 1];
        const float t = std::clamp(((point.x - line[i - 1].x) * d.x + (point.y - line[i - 1].y) * d.y) /
                                       std::max(1e-9f, d.x * d.x + d.y * d.y),
                                   0.0f, 1.0f);
        nearest = std::min(nearest, (line[i - 1] + d * t - point).length());
      }
      EXPECT_LE(nearest, 0.26f);
    }
  }
}

TEST(WirePath, DistanceAndCrossing) {
  const WireCurve curve = wireCurve({{0, 0}, {0, 100}, {0, 1}, {0, -1}, {}, Flow::Down});
  EXPECT_NEAR(distance(curve, {7, 50}), 7, 0.1);
  EXPECT_NEAR(distance(curve, {0, 130}), 30, 0.1);
  EXPECT_TRUE(crosses(curve, {-5, 40, 5, 45}));
  EXPECT_FALSE(crosses(curve, {1, 0, 5, 100}));
}

TEST(Camera, ZoomKeepsThePointAndFramingShowsAll) {
  const Camera camera{0.7f, {13, -40}};
  const Vec point(321, 99);
  EXPECT_NEAR((camera.zoomedAt(point, 2.5f).toScene(point) - camera.toScene(point)).length(), 0, 1e-3);
  const Box area(-500, 100, 2500, 900);
  const Camera framed = Camera::framing(area, 800, 600, 40, 1);
  const Box seen = framed.toView(area);
  EXPECT_TRUE(Box(39.9f, 39.9f, 760.1f, 560.1f).contains(seen));
  EXPECT_NEAR(seen.width(), 720, 0.1);
}

}  // namespace
}  // namespace fw::ui
