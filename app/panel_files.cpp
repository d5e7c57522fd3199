// What panels show, as files.
#include "app/panel_files.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "widgets/panels/save_button.h"
#include "widgets/plots/plot.h"

namespace fw {
namespace {

using Folder = std::filesystem::path;

void savePicture(QWidget& panel, const QString& name) {
  const QString path = QFileDialog::getSaveFileName(&panel, QObject::tr("Save picture"), name + ".svg",
                                                    QObject::tr("Pictures (*.svg *.png *.pdf)"));
  if (path.isEmpty()) return;
  std::vector<const ui::Plot*> plots;
  for (const ui::Plot* plot : panel.findChildren<ui::Plot*>())
    if (plot->isVisibleTo(&panel)) plots.push_back(plot);
  ui::savePlots(plots, path);
}

void saveNumbers(QWidget& panel, const std::function<void(const Folder&)>& write) {
  const QString folder = QFileDialog::getExistingDirectory(&panel, QObject::tr("Folder for CSV, NPZ and JSON"));
  if (!folder.isEmpty()) write(folder.toStdString());
}

template <class Save>
void told(QWidget& panel, const Save& save) {
  try {
    save();
  } catch (const Error& error) {
    QMessageBox::warning(&panel, QObject::tr("Not saved"), QString::fromStdString(error.what()));
  }
}

/// `source` has the signals `picture` and `numbers`.
template <class Source, class Signal>
void connectSaving(QWidget& panel, Source* source, Signal picture, Signal numbers, const QString& name,
                   const std::function<void(const Folder&)>& write) {
  QObject::connect(source, picture, &panel, [&panel, name] { told(panel, [&] { savePicture(panel, name); }); });
  QObject::connect(source, numbers, &panel, [&panel, write] { told(panel, [&] { saveNumbers(panel, write); }); });
}

Tensor floats(const std::vector<double>& values) {
  return Tensor::fromFloats({int64_t(values.size())}, {values.begin(), values.end()});
}

}  // namespace

void writeCurves(const ui::TrainingState& state, const Folder& folder) {
  std::map<std::string, Tensor> arrays = {{"steps", floats(state.steps)}, {"loss", floats(state.loss)}};
  if (!state.accuracy.empty()) arrays["accuracy"] = floats(state.accuracy);
  if (!state.checkSteps.empty()) {
    arrays["held_out_steps"] = floats(state.checkSteps);
    arrays["held_out_loss"] = floats(state.checkLoss);
  }
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << std::setprecision(9) << "step,loss,accuracy\n";
  for (size_t i = 0; i < state.steps.size(); ++i) {
    out << state.steps[i] << ',' << state.loss[i] << ',';
    if (i < state.accuracy.size() && std::isfinite(state.accuracy[i])) out << state.accuracy[i];
    out << '\n';
  }
  writeFileAtomically((folder / "training.csv").string(), out.str());
  saveArrays((folder / "training.npz").string(), arrays);
}

void connectFiles(ui::SimilarityPanel& panel, const SimilarityController& controller) {
  connectSaving(panel, &panel, &ui::SimilarityPanel::savePictureRequested, &ui::SimilarityPanel::saveTableRequested,
                "similarity", [&controller](const Folder& folder) { writeAnalysis(controller.result(), folder); });
}

void connectFiles(ui::MeasuresPanel& panel, const MeasuresController& controller) {
  connectSaving(panel, panel.saveButton(), &ui::SaveButton::pictureRequested, &ui::SaveButton::numbersRequested,
                "measures", [&controller](const Folder& folder) { writeAnalysis(controller.result(), folder); });
}

void connectFiles(ui::TradeOffPanel& panel, TradeOffController& controller) {
  connectSaving(panel, panel.saveButton(), &ui::SaveButton::pictureRequested, &ui::SaveButton::numbersRequested,
                "trade-off", [&controller](const Folder& folder) { writeAnalysis(controller.result(), folder); });
  QObject::connect(&panel, &ui::TradeOffPanel::folderRequested, &panel, [&panel, &controller] {
    const QString folder =
        QFileDialog::getExistingDirectory(&panel, QObject::tr("Folder of runs"), controller.state().folder);
    if (!folder.isEmpty()) controller.setFolder(folder);
  });
}

void connectRecordings(ui::MeasuresPanel& panel, MeasuresController& controller) {
  QObject::connect(&panel, &ui::MeasuresPanel::recordRequested, &panel, [&panel, &controller] {
    const QString path = QFileDialog::getSaveFileName(&panel, QObject::tr("Record"), "recording.safetensors",
                                                      QObject::tr("Recordings (*.safetensors)"));
    if (!path.isEmpty()) controller.compute(path);
  });
  QObject::connect(&panel, &ui::MeasuresPanel::againstRequested, &panel, [&panel, &controller] {
    const QString path = QFileDialog::getOpenFileName(
        &panel, QObject::tr("Compare with"), {},
        QObject::tr("Recordings, documents, runs and models (*.safetensors *.fw.json run.json config.json)"));
    if (path.isEmpty()) return;
    const QFileInfo file(path);
    const bool isFolder = file.fileName() == "run.json" || file.fileName() == "config.json";
    controller.computeAgainst(isFolder ? file.path() : path);
  });
}

void connectFiles(ui::TrainingPanel& panel, const TrainingController& controller) {
  connectSaving(panel, panel.saveButton(), &ui::SaveButton::pictureRequested, &ui::SaveButton::numbersRequested,
                "training", [&controller](const Folder& folder) { writeCurves(controller.state(), folder); });
}

}  // namespace fw
