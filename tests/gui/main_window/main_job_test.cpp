// The main job in the window, by mouse and keyboard: a model from an empty canvas, trained, measured, undone.
#include <gtest/gtest.h>

#include <QAction>
#include <QLineEdit>
#include <QPushButton>
#include <QToolBar>

#include "driver.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/run_bar.h"
#include "widgets/panels/similarity_panel.h"
#include "widgets/panels/training_panel.h"
#include "widgets/plots/curve_plot.h"

namespace fw {
namespace {

using Layers = std::vector<bool>;

/// Which cells of a Repeat's header are outlined on the canvas.
Layers outlined(WindowDriver& user, NodeId repeat) {
  Layers layers;
  for (const ui::CanvasItem& item : user.canvas().scene()->items)
    if (item.id == repeat)
      for (const ui::LayerCell& cell : item.frame->cells) layers.push_back(cell.isSelected);
  return layers;
}

void buildModel(WindowDriver& user) {
  user.rest();
  user.zoomOut(5);
  const NodeId tokens = user.add(user.at({-900, 0}), "input");
  const NodeId embedding = user.add(user.at({-600, 0}), "token embedding");
  const NodeId repeat = user.add(user.at({-100, 0}), "repeat");
  const NodeId norm = user.add(user.at({420, 0}), "RMS norm");
  const NodeId head = user.add(user.at({700, 0}), "language-model head");
  const NodeId logits = user.add(user.at({980, 0}), "output");

  const NodeId in = user.inner(repeat, kInBlock), out = user.inner(repeat, kOutBlock);
  const NodeId norm1 = user.addInside(repeat, {0, 0}, "RMS norm");
  const NodeId attention = user.addInside(repeat, {0, 120}, "MHA");
  const NodeId add1 = user.addInside(repeat, {0, 220}, "residual");
  const NodeId norm2 = user.addInside(repeat, {0, 320}, "RMS norm");
  const NodeId mlp = user.addInside(repeat, {0, 440}, "SwiGLU");
  const NodeId add2 = user.addInside(repeat, {0, 540}, "residual");
  user.key(&user.canvas(), Qt::Key_Home);
  user.rest();

  user.connect(in, "y", norm1, "x");
  user.connect(norm1, "y", attention, "x");
  user.connect(in, "y", add1, "x");
  user.connect(attention, "y", add1, "branch");
  user.connect(add1, "y", norm2, "x");
  user.connect(norm2, "y", mlp, "x");
  user.connect(add1, "y", add2, "x");
  user.connect(mlp, "y", add2, "branch");
  user.connect(add2, "y", out, "x");

  user.select(tokens);
  user.choose("kind", "tokens");
  user.setParam("dims", "B T");
  user.rename("tokens");
  user.connect(tokens, "y", embedding, "tokens");
  user.connect(embedding, "y", repeat, "x");
  user.connect(repeat, "y", norm, "x");
  user.connect(norm, "y", head, "x");
  user.connect(head, "logits", logits, "x");
  user.select(repeat);
  user.setParam("count", "2");
  user.select(attention);
  user.setParam("heads", "2");
  user.select(mlp);
  user.setParam("hidden", "128");
  user.select(logits);
  user.rename("logits");
}

TEST(MainJob, FromAnEmptyCanvasToTheHeatMapAndBack) {
  WindowDriver user;
  ASSERT_TRUE(user.press(&user.window().startPage(), "New model"));
  ASSERT_TRUE(user.window().document().isOpen());
  const Hash empty = structuralHash(user.model());

  buildModel(user);
  if (HasFatalFailure()) return;
  ASSERT_TRUE(user.waitForCheck());
  for (const Diagnostic& diagnostic : user.window().document().facts().diagnostics)
    EXPECT_NE(diagnostic.severity, Severity::Error) << diagnostic.text;
  const NodeId repeat = user.find("structure.repeat");
  ASSERT_EQ(user.window().document().facts().layers.size(), 2u);
  const Hash built = structuralHash(user.model());
  EXPECT_NE(built, empty);

  // Train, with the curve moving.
  user.type(user.window().runBar().stepsField(), "80");
  ui::TrainingPanel& training = user.window().trainingPanel();
  ASSERT_TRUE(user.press(&user.window().runBar(), "Train"));
  const auto& curves = [&]() -> const ui::TrainingState& { return user.window().training().state(); };
  ASSERT_TRUE(WindowDriver::waitFor([&] { return curves().steps.size() > 3; }, 20000));
  const QImage early = training.grab().toImage();
  ASSERT_TRUE(
      WindowDriver::waitFor([&] { return user.window().training().runState().phase == ui::RunPhase::Idle; }, 120000));
  ASSERT_EQ(curves().panel.phase, ui::PanelPhase::Ready) << curves().panel.text.toStdString();
  ASSERT_EQ(curves().steps.size(), 80u);
  EXPECT_NE(training.grab().toImage(), early);
  const auto mean = [&](size_t from) {
    double sum = 0;
    for (size_t i = from; i < from + 15; ++i) sum += curves().loss[i];
    return sum / 15;
  };
  EXPECT_GT(mean(0), 3.5) << "a new model guesses among 64 tokens: about ln 64";
  EXPECT_LT(mean(65), mean(0) - 0.05);

  // How alike the layers are; a cell of the map selects its layers on the canvas.
  ui::SimilarityPanel& similarity = user.window().similarityPanel();
  ASSERT_TRUE(user.press(&similarity, "Compute similarity"));
  ASSERT_TRUE(WindowDriver::waitFor(
      [&] { return user.window().similarity().state().panel.phase == ui::PanelPhase::Ready; }, 30000));
  ui::HeatMap* map = similarity.heatMap();
  ASSERT_EQ(map->data().rows, 2);
  EXPECT_EQ(outlined(user, repeat), (Layers{false, false}));
  user.click(map, map->cellRect(1, 1).center().toPoint());
  EXPECT_EQ(outlined(user, repeat), (Layers{false, true}));
  user.click(map, map->cellRect(0, 1).center().toPoint());
  EXPECT_EQ(outlined(user, repeat), (Layers{true, true}));

  // Back to nothing, and there again.
  DocumentController& document = user.window().document();
  int undone = 0;
  for (; document.history().canUndo() && undone < 200; ++undone) user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_GT(undone, 30);
  EXPECT_LT(undone, 200);
  EXPECT_EQ(structuralHash(user.model()), empty);
  EXPECT_EQ(nodeCount(user.model()), 0);
  EXPECT_TRUE(user.canvas().scene()->items.empty());
  for (int i = 0; i < undone; ++i) user.shortcut(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(structuralHash(user.model()), built);
}

}  // namespace
}  // namespace fw
