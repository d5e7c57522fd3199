// Times of the whole window and of the layout: cold start, opening a config of 80 layers, undo, layered layouts, and
// how soon they stop. No display needed.
//   window_bench [--small]        --small: small graphs, only to see that it runs
#include <time.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QProcess>
#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTimer>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <thread>

#include "../../gui/canvas_scenes.h"
#include "app/layered_layout.h"
#include "app/main_window.h"
#include "app/tidy.h"
#include "engine/arch/document_file.h"
#include "engine/ir/op.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/theme.h"

using namespace fw;

namespace {

double now() {
  timespec clock;
  clock_gettime(CLOCK_MONOTONIC, &clock);
  return double(clock.tv_sec) * 1e3 + double(clock.tv_nsec) / 1e6;
}

double timed(const std::function<void()>& work) {
  const double start = now();
  work();
  return now() - start;
}

double at(std::vector<double> times, double share) {
  std::sort(times.begin(), times.end());
  return times[std::min(times.size() - 1, size_t(share * double(times.size())))];
}

void row(const char* name, const std::vector<double>& ms, double must) {
  std::printf("%-58s %9.1f %9.1f %9.1f %9.0f\n", name, at(ms, 0.5), at(ms, 0.95), at(ms, 0.99), must);
  std::fflush(stdout);
}

/// How long work goes on after it was told to stop, at several moments.
std::vector<double> stopTimes(double whole, const std::function<void(CancelToken)>& work) {
  std::vector<double> times;
  for (const double share : {0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85}) {
    std::stop_source stop;
    std::atomic<double> asked = 0;
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(share * whole));
      asked = now();
      stop.request_stop();
    });
    bool isStopped = false;
    try {
      work(stop.get_token());
    } catch (const Error&) {
      isStopped = true;
    }
    const double ended = now();
    later.join();
    if (isStopped) times.push_back(ended - asked);
  }
  return times.empty() ? std::vector<double>{0} : times;
}

/// Every node has an edge from one of the `near` nodes before it, and half of them a second one.
std::shared_ptr<ui::CanvasScene> randomGraph(int count, int near) {
  std::mt19937 random(5);
  auto scene = std::make_shared<ui::CanvasScene>();
  for (int i = 0; i < count; ++i) scene->items.push_back(ui::node(i + 1, {}, QString("Block %1").arg(i), "mlp"));
  for (int i = 1; i < count; ++i)
    for (int e = 0; e < 1 + int(random() % 2); ++e)
      scene->wires.push_back(ui::wire(i - int(random() % unsigned(std::min(i, near))), 1, i + 1, 0));
  return scene;
}

/// The operations of a model, as the engine runs them.
std::shared_ptr<ui::CanvasScene> operationsOf(const Architecture& architecture) {
  const LowerResult lowered = lower(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", 1}, {"T", 128}}});
  auto scene = std::make_shared<ui::CanvasScene>();
  const ir::Graph& graph = *lowered.graph;
  scene->flow = ui::Flow::Down;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    scene->items.push_back(ui::node(ui::ItemId(i) + 1, {}, QString::fromStdString(graph.nodes[i].op->name), "structure",
                                    QString::fromStdString(graph.scopes[size_t(graph.nodes[i].scope)])));
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (const ir::ValueRef& input : graph.nodes[i].inputs)
      scene->wires.push_back(ui::wire(input.node + 1, 1, ui::ItemId(i) + 1, 0));
  return scene;
}

void layoutRows(const char* name, const std::shared_ptr<ui::CanvasScene>& scene, double must) {
  const ui::FontMetrics metrics;
  char title[96];
  std::snprintf(title, sizeof title, "lay out %s, %zu nodes, %zu wires", name, scene->items.size(),
                scene->wires.size());
  std::vector<double> times;
  for (int i = 0; i < 3; ++i) times.push_back(timed([&] { tidyPositions(*scene, metrics, {}, {}); }));
  row(title, times, must);
  std::snprintf(title, sizeof title, "  until it stops");
  row(title,
      stopTimes(at(times, 0.5), [&](const CancelToken& cancel) { tidyPositions(*scene, metrics, {}, {}, cancel); }),
      100);
}

QByteArray llamaConfig(int layers) {
  return QByteArray(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8192,
    "intermediate_size": 28672, "num_hidden_layers": )") +
         QByteArray::number(layers) +
         R"(, "num_attention_heads": 64, "num_key_value_heads": 8, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "vocab_size": 128256, "hidden_act": "silu",
    "tie_word_embeddings": false, "attention_bias": false, "torch_dtype": "bfloat16"})";
}

/// The window's first usable picture in a process of its own: `startedAt` is when the process was asked for.
int coldStart(QApplication& app, double startedAt) {
  QTemporaryDir folder;
  MainWindow window({folder.filePath("journals"), folder.filePath("runs"), folder.filePath("blocks")});
  window.resize(1920, 1080);
  window.show();
  // Behind everything that showing it has put into the queue.
  QTimer::singleShot(0, &app, [&] {
    window.grab();
    std::printf("%.1f\n", now() - startedAt);
    app.quit();
  });
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  QApplication app(argc, argv);
  QCoreApplication::setOrganizationName("FormwrightTest");
  QCoreApplication::setApplicationName("formwright-bench");
  ui::applyTheme(app, ui::Theme::dark());
  if (argc > 2 && std::string(argv[1]) == "--cold-start") return coldStart(app, std::stod(argv[2]));
  const bool isSmall = argc > 1 && std::string(argv[1]) == "--small";
  QSettings().clear();
  std::printf("%-58s %9s %9s %9s %9s\n", "ms", "p50", "p95", "p99", "must");

  std::vector<double> starts;
  for (int i = 0; i < (isSmall ? 1 : 7); ++i) {
    QProcess child;
    child.start(argv[0], {"--cold-start", QString::number(now(), 'f', 3)});
    child.waitForFinished();
    starts.push_back(child.readAllStandardOutput().trimmed().toDouble());
  }
  row("cold start, from exec to the start page", starts, 700);

  QTemporaryDir folder;
  const int layers = isSmall ? 8 : 80;
  QFile config(folder.filePath("config.json"));
  if (!config.open(QIODevice::WriteOnly)) return 1;
  config.write(llamaConfig(layers));
  config.close();
  MainWindow window({folder.filePath("journals"), folder.filePath("runs"), folder.filePath("blocks")});
  window.resize(1920, 1080);
  window.show();
  QImage picture(window.size(), QImage::Format_RGB32);
  std::vector<double> opens;
  for (int i = 0; i < (isSmall ? 1 : 7); ++i)
    opens.push_back(timed([&] {
      if (!window.open(folder.path())) std::exit(1);
      window.render(&picture);
    }));
  row("open a Llama of 80 layers, folded, and paint it", opens, 300);
  const auto checked = [&] { return window.document().facts().snapshot == window.document().current(); };
  const auto settle = [&] {
    QElapsedTimer clock;
    clock.start();
    while (!checked() && clock.elapsed() < 20000) QApplication::processEvents(QEventLoop::WaitForMoreEvents, 10);
  };
  settle();
  layoutRows("the operations of that Llama", operationsOf(*window.document().current()), 3000);

  // A document of 2,000 nodes: an edit, its undo, its redo, each with everything that follows in the window.
  const int nodes = isSmall ? 100 : 2000;
  window.newDocument();
  window.document().edit("Fill", {}, [&](Editor& editor) {
    NodeId last = 0;
    for (int i = 0; i < nodes; ++i) {
      const NodeId node =
          editor.addNode({}, "norm.rms", {260.0 * (i % 50), 120.0 * (i / 50)}, {}, "norm" + std::to_string(i));
      if (last != 0) editor.connect({}, {last, "y"}, {node, "x"});
      last = node;
    }
  });
  settle();
  window.canvas().frameAll();
  const NodeId first = window.document().current()->root->nodes.begin()->first;
  std::vector<double> edits, undos, frames;
  for (int i = 0; i < (isSmall ? 3 : 25); ++i) {
    edits.push_back(timed([&] {
      window.document().edit("Move", {}, [&](Editor& editor) { editor.move(first, {-300.0 - i, 40}); });
    }));
    undos.push_back(timed([&] { window.document().undo(); }));
    frames.push_back(timed([&] { window.canvas().render(&picture); }));
  }
  row("edit one of 2,000 nodes, with all that the window does", edits, 5);
  row("undo at 2,000 nodes, with all that the window does", undos, 5);
  row("  and the frame after it", frames, 33);
  window.jobs().stop();

  layoutRows("a random graph", randomGraph(isSmall ? 1000 : 10000, 20), 2000);
  if (!isSmall) {
    layoutRows("a random graph", randomGraph(50000, 2000), 15000);
    layoutRows("the lattice", ui::lattice(50000), 15000);
    layoutRows("Model Explorer's scene", ui::hairball(10000, 5000), 2000);
  }
  return 0;
}
