// The main job without a window.
#include "app/report.h"

#include <QDir>
#include <cmath>
#include <iostream>

#include "app/similarity_controller.h"
#include "app/trade_off_controller.h"
#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/presets/preset.h"
#include "widgets/number_format.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/curve_plot.h"
#include "widgets/plots/heat_map.h"

namespace fw {
namespace {

constexpr int64_t kReportSteps = 1500;

QString html(const QString& text) { return text.toHtmlEscaped(); }

QString row(const QString& name, const QString& value) {
  return "<tr><th>" + html(name) + "</th><td>" + html(value) + "</td></tr>\n";
}

/// Saved as PNG and SVG; returns the picture's HTML.
QString savePictures(const std::vector<const ui::Plot*>& plots, const QString& folder, const QString& name,
                     const QString& caption) {
  for (const char* ending : {".png", ".svg"}) ui::savePlots(plots, folder + "/" + name + ending);
  return "<figure><img src=\"" + name + ".svg\" alt=\"" + html(caption) + "\"><figcaption>" + html(caption) +
         "</figcaption></figure>\n";
}

}  // namespace

void writeReport(const QString& model, const QString& folder) {
  const OpenedModel opened = openModel(model.toStdString());
  const PresetDef* preset = findPreset(model.toStdString());
  if (!QDir().mkpath(folder)) throw Error(Code::File, text("[", folder.toStdString(), "] cannot be made."));

  TrainCall call{.architecture = opened.architecture, .out = (folder + "/run").toStdString(), .replacesRun = true};
  TrainOptions& options = call.options;
  options.task = preset && !preset->task.empty() ? preset->task
                 : opened.run                    ? readRun(*opened.run).options.task
                                                 : "mqar";
  if (preset) options.taskOptions = preset->taskOptions;
  options.steps = preset && preset->steps > 0 ? std::min(preset->steps, kReportSteps) : kReportSteps;
  if (preset && preset->batch > 0) options.batch = preset->batch;
  if (preset) options.learningRate = preset->learningRate;
  call.weights = opened.weights;

  std::cerr << "Training " << opened.name << " on " << options.task << ", " << options.steps << " steps" << std::endl;
  TrainObserver observer;
  observer.onStep = [](const StepReport& report, int64_t steps, double left) {
    if (report.step % std::max<int64_t>(1, steps / 10) == 0)
      std::cerr << "  step " << report.step << " of " << steps << ", loss " << report.loss << ", " << std::lround(left)
                << " s left" << std::endl;
  };
  const TrainResult trained = train(call, observer);

  ui::TrainingState training;
  training.panel.phase = ui::PanelPhase::Ready;
  for (const StepReport& report : trained.reports) {
    training.steps.push_back(double(report.step));
    training.loss.push_back(report.loss);
    const auto accuracy = report.measures.find("accuracy");
    training.accuracy.push_back(accuracy == report.measures.end() ? NAN : accuracy->second);
  }
  training.totalSteps = options.steps;
  training.title = QString::fromStdString(findTask(options.task).title);
  training.recipe = QString("AdamW, batch %1, seed %2").arg(options.batch).arg(options.seed);
  ui::CurvePlot curves;
  curves.setData(ui::TrainingPanel::plotData(training));
  QString figures = savePictures({&curves}, folder, "training", QObject::tr("Loss and accuracy while training"));

  std::cerr << "Layer similarity" << std::endl;
  const OpenedModel result = openModel(call.out.string());
  const AnalyzeCall analysis{.architecture = opened.architecture,
                             .weights = result.weights,
                             .seed = options.seed,
                             .task = options.task,
                             .taskOptions = options.taskOptions,
                             .batch = options.batch};
  QString note;
  try {
    const AnalysisResult similarity = analyze(analysis);
    writeAnalysis(similarity, folder.toStdString());
    const ui::SimilarityState state = similarityState(similarity);
    const QString recipe = QString::fromStdString(similarity.recipe);
    for (const ui::SimilarityMeasure& measure : state.measures) {
      ui::HeatMap map;
      ui::HeatMapData data = measure.map;
      data.recipe.clear();  // stands in full under the picture
      map.setData(std::move(data));
      figures += savePictures({&map}, folder, "similarity_" + measure.id, measure.title + ": " + recipe);
    }
    std::vector<std::unique_ptr<ui::BarChart>> charts;
    std::vector<const ui::Plot*> bars;
    for (const ui::InfluenceRanking& ranking : state.rankings) {
      ui::BarChartData data{.title = ranking.title, .bars = {}};
      for (const ui::InfluenceEntry& entry : ranking.entries)
        data.bars.push_back({QString::number(entry.layer + 1), entry.value, entry.isProposed, false});
      charts.push_back(std::make_unique<ui::BarChart>());
      charts.back()->setData(std::move(data));
      bars.push_back(charts.back().get());
    }
    if (!bars.empty()) figures += savePictures(bars, folder, "influence", state.rankingTitle + ", by layer");
  } catch (const Error& error) {
    // A model without layers has no similarity; the rest of the report stands.
    note = QString::fromStdString(error.what());
  }

  std::cerr << "Trade-off" << std::endl;
  for (const AnalysisDef& def : allAnalyses()) {
    if (!def.ofPlan) continue;
    const AnalysisResult cost = analyze(
        {.architecture = opened.architecture, .weights = result.weights, .analysis = def.id, .modelName = opened.name});
    writeAnalysis(cost, folder.toStdString());
    const ui::TradeOffResult shown = tradeOffResults(cost).front();
    const std::unique_ptr<ui::Plot> plot = tradeOffPlot(shown);
    figures += savePictures({plot.get()}, folder, QString::fromStdString(def.id),
                            shown.title + ": " + QString::fromStdString(cost.recipe));
  }

  saveDocument(*opened.architecture, (folder + "/model.fw.json").toStdString());
  writeFileAtomically((folder + "/training.csv").toStdString(), readFile((call.out / "metrics.csv").string()));
  const CostReport counted = cost(*opened.architecture, {});
  QString numbers;
  numbers += row(QObject::tr("Parameters"), ui::formatInteger(int64_t(counted.parametersTotal)));
  numbers += row(QObject::tr("Stored"), ui::formatInteger(int64_t(counted.parametersUnique)));
  numbers += row(QObject::tr("FLOPs, forward, 128 tokens"), ui::formatFlops(counted.flops));
  numbers += row(QObject::tr("KV cache"), QObject::tr("%1 a token").arg(ui::formatBytes(counted.kvBytesPerToken)));
  numbers += row(QObject::tr("Training"),
                 QObject::tr("%1 steps in %2").arg(trained.steps).arg(ui::formatSeconds(trained.seconds)));
  numbers += row(QObject::tr("Test loss"), ui::formatValue(trained.final.loss));
  for (const auto& [name, value] : trained.final.measures)
    numbers += row(QString("Test %1").arg(QString::fromStdString(name).replace('_', ' ')), ui::formatValue(value));
  QString files;
  for (const QFileInfo& info : QDir(folder).entryInfoList(QDir::Files, QDir::Name))
    if (info.fileName() != "index.html")
      files += "<li><a href=\"" + html(info.fileName()) + "\">" + html(info.fileName()) + "</a></li>\n";
  const QString title = html(QString::fromStdString(opened.name));
  const QString page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
      " - Formwright</title>\n<style>body{font:15px/1.5 "
      "system-ui,sans-serif;color:#1d2129;background:#f3f4f7;margin:0}main{max-width:1080px;margin:32px auto;padding:0 "
      "24px}"
      "h1{font-size:24px}figure,table,ul{background:#fff;border:1px solid "
      "#dde1e8;border-radius:8px;padding:16px;margin:16px 0}img{max-width:100%}figcaption{color:#5b6474}"
      "th{text-align:left;font-weight:500;padding-right:32px}td{text-align:right;font-variant-numeric:tabular-nums}ul{"
      "padding-left:36px}a{color:#2f6de0}</style></head>\n<body><main>\n<h1>" +
      title + "</h1>\n<table>\n" + numbers + "</table>\n" + figures +
      (note.isEmpty() ? QString() : "<p>" + html(note) + "</p>\n") + "<h2>Files</h2>\n<ul>\n" + files +
      "</ul>\n</main></body></html>\n";
  writeFileAtomically((folder + "/index.html").toStdString(), page.toStdString());
  std::cerr << "Wrote " << folder.toStdString() << "/index.html" << std::endl;
}

}  // namespace fw
