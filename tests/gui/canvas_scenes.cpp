// Scenes for the tests and the bench of the canvas.
#include "canvas_scenes.h"

#include <cmath>

namespace fw::ui {
namespace {

CanvasFrame layers(const QString& letters) {
  CanvasFrame frame;
  QStringList shown;
  for (int i = 0; i < letters.size(); ++i) {
    LayerCell cell;
    cell.letter = letters.mid(i, 1);
    cell.heat = QColor::fromHsvF(0.75f - 0.6f * float(i) / float(letters.size()), 0.6f,
                                 0.35f + 0.55f * float(i) / float(letters.size()));
    cell.tooltip = QString("Layer %1").arg(i + 1);
    frame.cells.push_back(cell);
  }
  return frame;
}

}  // namespace

std::shared_ptr<CanvasScene> hybridRecall() {
  auto scene = std::make_shared<CanvasScene>();
  CanvasItem embedding =
      node(1, {-520, 0}, "Token embedding", "embedding", "vocabulary 8,192 · width 512", "4.2 M", 0.05);
  embedding.ports[0] = {"tokens", "B T", PortSide::In, PortFlavor::Tokens, false};
  embedding.chips = {{1, "Tied: embedding"}};
  CanvasFrame content = layers("MM*–MM*–MM*–");
  content.pattern = "M M * –";
  content.cells[8].isSelected = content.cells[9].isSelected = true;
  CanvasItem attention = inside(node(12, {0, -60}, "Grouped-query attention", "attention",
                                     "8 heads · 2 kv · rotary · causal", "786 K   1.0 G", 0.4),
                                2);
  attention.chips = {{2, "Tied ×4 + LoRA rank 8"}};
  CanvasItem head = node(4, {480, 40}, "Language-model head", "embedding", "tied to embedding", "0", 0.08);
  head.chips = {{1, "Tied: embedding"}};
  scene->items = {embedding,
                  frame(2, {0, 0}, "Repeat ×12", content),
                  terminal(10, ItemShape::Entry, 2),
                  terminal(20, ItemShape::Exit, 2),
                  inside(node(11, {0, -140}, "RMS norm", "norm", "eps 1e-5"), 2),
                  attention,
                  inside(join(13, {0, 0}), 2),
                  inside(node(14, {0, 60}, "RMS norm", "norm", "eps 1e-5"), 2),
                  inside(node(15, {0, 140}, "SwiGLU MLP", "mlp", "512 → 1,376", "2.1 M   4.3 G", 0.7), 2),
                  inside(join(16, {0, 200}), 2),
                  node(3, {480, -80}, "RMS norm", "norm", "eps 1e-5"),
                  head};
  scene->wires = {wire(1, 1, 2, 0),   wire(10, 0, 11, 0), wire(11, 1, 12, 0), wire(12, 1, 13, 0),
                  wire(10, 0, 13, 1), wire(13, 2, 14, 0), wire(14, 1, 15, 0), wire(15, 1, 16, 0),
                  wire(13, 2, 16, 1), wire(16, 2, 20, 0), wire(2, 1, 3, 0),   wire(3, 1, 4, 0)};
  return scene;
}

std::shared_ptr<CanvasScene> showcase() {
  auto scene = std::make_shared<CanvasScene>();
  CanvasFrame stack = layers(QString("MM*–").repeated(10));
  stack.cells[5].isOverridden = true;
  stack.cells[7].isMuted = true;
  stack.cells[12].isSelected = true;
  stack.lanes = {{"M", "Mamba"}, {"*", "attention"}};
  CanvasFrame fork;
  fork.lanes = {{"", "text"}, {"", "image"}};
  CanvasFrame residual;
  residual.hasSkip = true;
  CanvasFrame folded = layers("AAAAAA");
  folded.isCollapsed = true;
  CanvasItem wrong = inside(
      node(22, {0, 80}, "Sliding-window attention", "attention", "8 heads · window 64", "1.2 M   2.2 G", 0.3), 2, 1);
  wrong.state = ItemState::Error;
  wrong.message = "Width 500 is not a multiple of 8 heads.";
  CanvasItem muted = inside(node(23, {0, 180}, "Dropout", "structure", "rate 0.1"), 2, 1);
  muted.isMuted = true;
  CanvasItem doubtful =
      inside(node(31, {0, 0}, "Patch embedding with a name that is far too long to be shown on a card", "embedding",
                  "patch 16 · stride 16 · learned positions · and a lot more", "590 K"),
             3, 1);
  doubtful.state = ItemState::Warning;
  doubtful.ports = {inputPort("pixels", PortFlavor::Pixels), inputPort("mask", PortFlavor::Mask), outputPort()};
  CanvasItem memory =
      node(5, {1240, 320}, "Neural memory (Titans)", "memory", "2 layers · chunk 64", "3.4 M   1.9 G", 0.5);
  memory.chips = {{2, "Tied"}, {3, "Quantised"}, {4, "LoRA"}};
  CanvasItem hot = node(6, {1240, 440}, "Mixture of experts", "experts", "8 experts · top 2", "33 M", 0.9);
  hot.heat = QColor("#1f9e89");
  scene->items = {node(1, {-660, 0}, "Token embedding", "embedding", "vocabulary 8,192 · width 512", "4.2 M", 0.05),
                  frame(2, {0, 0}, "Repeat ×40", stack),
                  terminal(201, ItemShape::Entry, 2, 0),
                  terminal(202, ItemShape::Exit, 2, 0),
                  terminal(203, ItemShape::Entry, 2, 1),
                  terminal(204, ItemShape::Exit, 2, 1),
                  inside(node(20, {0, 0}, "Mamba", "state space", "state 16 · expand 2", "1.6 M   3.3 G", 0.5), 2, 0),
                  inside(frame(24, {0, 180}, "Residual", residual), 2, 0),
                  terminal(241, ItemShape::Entry, 24),
                  terminal(242, ItemShape::Exit, 24),
                  inside(node(243, {0, 0}, "SwiGLU MLP", "mlp", "512 → 1,376", "2.1 M", 0.6), 24),
                  inside(node(21, {0, 0}, "Layer norm", "norm", "eps 1e-5"), 2, 1),
                  wrong,
                  muted,
                  frame(3, {780, 0}, "Fork by modality", fork),
                  terminal(301, ItemShape::Entry, 3, 0),
                  terminal(302, ItemShape::Exit, 3, 0),
                  terminal(303, ItemShape::Entry, 3, 1),
                  terminal(304, ItemShape::Exit, 3, 1),
                  inside(node(30, {0, 0}, "Causal convolution", "convolution", "kernel 4 · depthwise"), 3, 0),
                  doubtful,
                  frame(4, {1240, 0}, "Repeat ×6", folded),
                  frame(7, {1240, 160}, "Composite", CanvasFrame()),
                  memory,
                  hot};
  scene->wires = {wire(1, 1, 2, 0),     wire(201, 0, 20, 0),  wire(20, 1, 24, 0),  wire(24, 1, 202, 0),
                  wire(241, 0, 243, 0), wire(243, 1, 242, 0), wire(203, 0, 21, 0), wire(21, 1, 22, 0),
                  wire(22, 1, 23, 0),   wire(23, 1, 204, 0),  wire(2, 1, 3, 0),    wire(301, 0, 30, 0),
                  wire(30, 1, 302, 0),  wire(303, 0, 31, 0),  wire(31, 2, 304, 0), wire(3, 1, 4, 0),
                  wire(4, 1, 5, 0),     wire(5, 1, 6, 0)};
  return scene;
}

std::shared_ptr<CanvasScene> lattice(int count) {
  static const char* const kinds[] = {"attention", "mlp", "norm", "state space", "embedding", "experts", "convolution"};
  auto scene = std::make_shared<CanvasScene>();
  const int columns = int(std::ceil(std::sqrt(double(count))));
  std::mt19937 random(7);
  for (int i = 0; i < count; ++i)
    scene->items.push_back(node(i + 1, {260.0 * (i % columns), 120.0 * (i / columns)}, QString("Block %1").arg(i),
                                kinds[i % 7], QString("%1 heads · rotary").arg(i % 16), "786 K   1.0 G",
                                double(i % 10) / 10));
  for (int i = 0; i + 1 < count; ++i) {
    const int reach = std::min(columns, count - 1 - i);
    scene->wires.push_back(wire(i + 1, 1, i + 2 + int(random() % unsigned(reach)), 0));
  }
  return scene;
}

std::shared_ptr<CanvasScene> hairball(int nodes, int edges) {
  auto scene = lattice(nodes);
  scene->wires.clear();
  std::mt19937 random(11);
  for (int i = 0; i < edges; ++i)
    scene->wires.push_back(wire(ItemId(random() % unsigned(nodes)) + 1, 1, ItemId(random() % unsigned(nodes)) + 1, 0));
  return scene;
}

}  // namespace fw::ui
