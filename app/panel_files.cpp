// What panels show, as files.
#include "app/panel_files.h"

#include <QFileDialog>
#include <QMessageBox>

#include "engine/base/error.h"
#include "widgets/plots/plot.h"

namespace fw {
namespace {

void savePicture(ui::SimilarityPanel& panel) {
  const QString path = QFileDialog::getSaveFileName(&panel, QObject::tr("Save picture"), "similarity.svg",
                                                    QObject::tr("Pictures (*.svg *.png *.pdf)"));
  if (path.isEmpty()) return;
  std::vector<const ui::Plot*> plots;
  for (const ui::Plot* plot : panel.findChildren<ui::Plot*>())
    if (plot->isVisibleTo(&panel)) plots.push_back(plot);
  ui::savePlots(plots, path);
}

void saveNumbers(ui::SimilarityPanel& panel, const AnalysisResult& result) {
  const QString folder = QFileDialog::getExistingDirectory(&panel, QObject::tr("Folder for CSV, NPZ and JSON"));
  if (!folder.isEmpty()) writeAnalysis(result, folder.toStdString());
}

template <class Save>
void told(QWidget& panel, const Save& save) {
  try {
    save();
  } catch (const Error& error) {
    QMessageBox::warning(&panel, QObject::tr("Not saved"), QString::fromStdString(error.what()));
  }
}

}  // namespace

void connectFiles(ui::SimilarityPanel& panel, const SimilarityController& controller) {
  QObject::connect(&panel, &ui::SimilarityPanel::savePictureRequested, &panel,
                   [&panel] { told(panel, [&] { savePicture(panel); }); });
  QObject::connect(&panel, &ui::SimilarityPanel::saveTableRequested, &panel,
                   [&panel, &controller] { told(panel, [&] { saveNumbers(panel, controller.result()); }); });
}

}  // namespace fw
