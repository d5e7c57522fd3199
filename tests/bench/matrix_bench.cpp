// Frames a second of a matrix that the camera flies over, in a window of 1920 x 1080; needs a display.
//   matrix_bench [SIDE] [SECONDS]     SIDE: rows and columns, 16384 by default
#include <QApplication>
#include <QElapsedTimer>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "engine/base/tensor.h"
#include "widgets/plots/matrix_view.h"
#include "widgets/theme.h"

using namespace fw::ui;

namespace {

/// Draws until the time is up; frames a second.
template <class Draw>
double rate(double seconds, MatrixView& view, const Draw& draw) {
  QElapsedTimer timer;
  timer.start();
  int frames = 0;
  for (; double(timer.elapsed()) < 1000 * seconds; ++frames) {
    const double way = double(timer.elapsed()) / (1000 * seconds);
    const float scale = float(std::pow(double(view.matrix()->columns()) / 1920, std::cos(6.2832 * way)));
    view.setCamera({.left = float(way) * 200, .top = float(way) * 300, .scale = scale});
    draw();
  }
  return frames / (double(timer.elapsed()) / 1000);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  applyTheme(app, Theme::dark());
  const int side = argc > 1 ? std::atoi(argv[1]) : 16384;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 4;
  std::vector<uint16_t> cells(size_t(side) * size_t(side));
  for (size_t i = 0; i < cells.size(); ++i)
    cells[i] = fw::floatToHalf(float(i * 2654435761u % 1000) / 1000 * float(i % size_t(side)) / float(side));
  MatrixView view;
  view.setMatrix(makePyramid(side, side, std::move(cells), 0, 1, ColorMap::Viridis));
  view.resize(1920, 1080);
  view.show();
  QElapsedTimer waited;
  waited.start();
  while (view.drawsWithVulkan() && view.framesDrawn() == 0 && waited.elapsed() < 60000) app.processEvents();
  if (view.drawsWithVulkan())
    std::printf("Vulkan: %.1f frames a second, %.0f MB on the device (computed: %.0f)\n",
                rate(seconds, view,
                     [&] {
                       for (const int64_t before = view.framesDrawn(); view.framesDrawn() == before;)
                         app.processEvents();
                     }),
                double(view.deviceBytes()) / 1e6, double(MatrixPyramid::bytes(side, side)) / 1e6);
  else
    std::printf("Vulkan: none. %s\n", qPrintable(view.sentence()));
  view.usePainter({});
  std::printf("Painter: %.1f frames a second\n", rate(seconds, view, [&] { view.repaint(); }));
  return 0;
}
