// Frame times of the canvas on a scripted path of the camera: fit all, zoom in, pan, zoom out, the same place painted
// anew (cold; a pan shifts what is painted already), drag a node, drag 200. No display needed.
//   canvas_bench [--json] [--cpu] [SCENE...]     SCENE: lattice-1000, hairball-10000-5000, ...
// --cpu counts the processor time of all threads instead of the time on the clock, for a machine that is busy with
// other work; a frame then takes at least that divided by the number of its cores.
#include <QApplication>
#include <QFile>
#include <QImage>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include "../../gui/canvas_scenes.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/theme.h"

using namespace fw::ui;

namespace {

struct Times {
  std::vector<double> ms;
  double at(double share) {
    if (ms.empty()) return 0;
    std::sort(ms.begin(), ms.end());
    return ms[std::min(ms.size() - 1, size_t(share * double(ms.size())))];
  }
};

bool countsProcessor = false;

double milliseconds() {
  timespec now;
  clock_gettime(countsProcessor ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

// From the event to the finished image: what the widget paints of itself, into an image of the screen's size.
class Stage {
 public:
  explicit Stage(CanvasView& view) : view_(view), screen_(view.size(), QImage::Format_RGB32) {}
  Times frames(int count, const std::function<void(int)>& step) {
    Times times;
    for (int i = 0; i < count; ++i) {
      const double start = milliseconds();
      step(i);
      view_.render(&screen_, {}, {}, QWidget::DrawWindowBackground);
      times.ms.push_back(milliseconds() - start);
    }
    return times;
  }

 private:
  CanvasView& view_;
  QImage screen_;
};

double residentMegabytes() {
  QFile file("/proc/self/statm");
  if (!file.open(QIODevice::ReadOnly)) return 0;
  return file.readAll().split(' ').value(1).toDouble() * 4096 / 1e6;
}

std::shared_ptr<CanvasScene> sceneOf(const QString& name) {
  const QStringList parts = name.split('-');
  if (parts[0] == "hairball") return hairball(parts.value(1).toInt(), parts.value(2).toInt());
  if (parts[0] == "lattice") return lattice(parts.value(1).toInt());
  return parts[0] == "hybrid" ? hybridRecall() : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  applyTheme(app, Theme::dark());
  QStringList names = app.arguments().mid(1);
  const bool isJson = names.removeAll("--json") > 0;
  countsProcessor = names.removeAll("--cpu") > 0;
  if (names.isEmpty())
    names = {"hybrid",        "lattice-1000",   "lattice-2000",       "lattice-10000",
             "lattice-50000", "lattice-200000", "hairball-10000-5000"};
  if (!isJson)
    std::printf("1920x1080, %s a frame: p50 / p95 / p99\n%-22s %8s  %-24s %-24s %-24s %-24s %-24s %-24s %-24s %7s\n",
                countsProcessor ? "ms of processor time" : "ms", "scene", "open", "fit all", "zoom", "pan near",
                "pan far", "drag", "drag 200", "cold", "MB");
  for (const QString& name : names) {
    const auto scene = sceneOf(name);
    if (!scene) {
      std::fprintf(stderr, "there is no scene %s\n", qPrintable(name));
      return 2;
    }
    CanvasView view;
    view.setMinimapVisible(false);
    view.resize(1920, 1080);
    view.show();
    Stage stage(view);
    const double before = residentMegabytes();
    const double start = milliseconds();
    view.setScene(scene);
    const double open = milliseconds() - start;
    const Box bounds = view.geometry().bounds();
    const Camera fit = Camera::framing(bounds, 1920, 1080, 40, 1);
    const Vec middle(960, 540);

    std::vector<std::pair<const char*, Times>> rows;
    rows.push_back({"fit_all", stage.frames(20, [&](int i) {
                      view.setCamera({fit.zoom * (1 + 0.001f * float(i % 2)), fit.offset});
                    })});
    // The whole range of zooms, in and out again, in steps of 4 %.
    const int steps = int(std::ceil(std::log(2.0 / double(fit.zoom)) / std::log(1.04)));
    rows.push_back({"zoom", stage.frames(2 * steps, [&](int i) {
                      const float zoom = fit.zoom * std::pow(1.04f, float(i < steps ? i : 2 * steps - i));
                      view.setCamera(Camera::framing(bounds, 1920, 1080, 40, 1).zoomedAt(middle, zoom));
                    })});
    const auto pan = [&](float zoom) {
      view.setCamera(fit.zoomedAt(middle, zoom));
      return stage.frames(100, [&](int i) {
        Camera camera = view.camera();
        camera.offset += i % 50 < 25 ? Vec(-23, -11) : Vec(23, 11);
        view.setCamera(camera);
      });
    };
    rows.push_back({"pan_near", pan(1)});
    rows.push_back({"pan_far", pan(std::max(0.12f, fit.zoom))});
    view.setCamera(fit.zoomedAt(middle, 0.5f));
    int dragged = 0;
    for (int slot = 0; slot < view.geometry().count(); ++slot)
      if ((view.geometry().box(slot).center() - view.camera().toScene(middle)).length() <
          (view.geometry().box(dragged).center() - view.camera().toScene(middle)).length())
        dragged = slot;
    rows.push_back({"drag", stage.frames(100, [&](int i) {
                      view.invalidate(view.geometry().move({dragged}, i % 40 < 20 ? Vec(5, 3) : Vec(-5, -3)));
                    })});

    std::vector<int> many;
    for (int slot = 0; slot < view.geometry().count() && many.size() < 200; slot = view.geometry().end(slot))
      many.push_back(slot);
    view.setCamera(fit);
    rows.push_back({"drag_200", stage.frames(60, [&](int i) {
                      view.invalidate(view.geometry().move(many, i % 40 < 20 ? Vec(5, 3) : Vec(-5, -3)));
                    })});
    view.setCamera(fit.zoomedAt(middle, 1));
    rows.push_back({"cold", stage.frames(20, [&](int) { view.invalidateAll(); })});

    const double used = residentMegabytes() - before;
    if (isJson) {
      std::printf("{\"scene\":\"%s\",\"open_ms\":%.1f,\"megabytes\":%.0f", qPrintable(name), open, used);
      for (auto& [row, times] : rows)
        std::printf(",\"%s\":{\"p50\":%.2f,\"p95\":%.2f,\"p99\":%.2f}", row, times.at(0.5), times.at(0.95),
                    times.at(0.99));
      std::printf("}\n");
    } else {
      std::printf("%-22s %8.1f", qPrintable(name), open);
      for (auto& [row, times] : rows)
        std::printf("  %6.2f / %6.2f / %6.2f ", times.at(0.5), times.at(0.95), times.at(0.99));
      std::printf(" %6.0f\n", used);
    }
    std::fflush(stdout);
  }
  return 0;
}
