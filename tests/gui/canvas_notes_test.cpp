// Notes on the canvas: drawn behind, moved with their members and no others, resized, deleted.

#include "canvas_gesture.h"

namespace fw::ui {
namespace {

struct CanvasNotes : CanvasGesture {
  void SetUp() override {
    CanvasGesture::SetUp();
    scene = std::make_shared<CanvasScene>(*view.scene());
    CanvasItem item = scene->items.front();
    item.ports = {};
    item.id = 70, item.position = {0, 240};
    scene->items.push_back(item);
    item.id = 71, item.position = {400, 240};
    scene->items.push_back(item);
    scene->notes = {{.id = 90, .area = {-140, 160, 280, 140}, .title = "Mixing", .members = {70}}};
    view.setScene(scene);
  }
  const Box& box() { return view.geometry().noteBox(0); }
  QPoint title() { return at({box().right - 40, box().top + 12}); }
  std::shared_ptr<CanvasScene> scene;
};

TEST_F(CanvasNotes, ItMovesItsMembersAndSwallowsNoOthers) {
  drag(title(), title() + QPoint(400, 0));
  EXPECT_EQ(asked.log, (QStringList{"note 90 to 260,160 280x140", "along 70 to 400,240"}))
      << "71 lies below it now and is no member";
}

TEST_F(CanvasNotes, ANoteInsideComesAlong) {
  scene->notes.push_back({.id = 91, .area = {-120, 190, 100, 100}, .title = "Inner"});
  view.setScene(std::make_shared<CanvasScene>(*scene));
  drag(title(), title() + QPoint(0, 60));
  EXPECT_EQ(asked.log,
            (QStringList{"note 90 to -140,220 280x140", "note 91 to -120,250 100x100", "along 70 to 0,300"}));
}

TEST_F(CanvasNotes, ItsCornerResizesIt) {
  const QPoint corner = at({box().right - 4, box().bottom - 4});
  drag(corner, corner + QPoint(40, 60));
  EXPECT_EQ(asked.log, QStringList{"note 90 to -140,160 320x200"});
  asked.log.clear();
  drag(corner, corner - QPoint(600, 600));
  ASSERT_EQ(asked.log.size(), 1);
  EXPECT_TRUE(asked.log.front().endsWith("80x80")) << asked.log.front().toStdString();
}

TEST_F(CanvasNotes, EscapeLeavesNoResidue) {
  const Box before = box();
  const QPoint from = title();
  press(from);
  for (int i = 1; i <= 4; ++i) moveTo(from + QPoint(0, 20) * i);
  EXPECT_FALSE(box() == before);
  key(Qt::Key_Escape);
  EXPECT_TRUE(box() == before);
  release(from + QPoint(0, 80));
  EXPECT_TRUE(asked.log.isEmpty());
}

TEST_F(CanvasNotes, ItIsOpenedSelectedAndDeleted) {
  doubleClick(title());
  EXPECT_EQ(asked.log, QStringList{"open note 90"});
  asked.log.clear();
  click(title());
  EXPECT_EQ(view.marks().note, 90);
  key(Qt::Key_Delete);
  EXPECT_EQ(asked.log, QStringList{"delete 90"});
  click(of(70));
  EXPECT_EQ(view.marks().note, 0);
}

TEST_F(CanvasNotes, ItsInsideIsTheVoid) {
  // A marquee begins there, and takes the item, not the note.
  const QPoint inside = at({box().left + 6, box().bottom - 6});
  drag(inside, at({box().right - 20, box().top + 40}));
  EXPECT_EQ(selected(), Ids{70});
  EXPECT_TRUE(asked.log.isEmpty());
}

}  // namespace
}  // namespace fw::ui
