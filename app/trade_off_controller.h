// Computes what the document costs on a device, and sets trained models against each other.
#pragma once

#include <QObject>
#include <map>
#include <memory>

#include "app/analysis_call.h"
#include "widgets/panels/trade_off_panel.h"

namespace fw {

/// The panel's pictures of an analysis of cost.
std::vector<ui::TradeOffResult> tradeOffResults(const AnalysisResult& result);

/// The plot of a picture.
std::unique_ptr<ui::Plot> tradeOffPlot(const ui::TradeOffResult& result);

class TradeOffController : public QObject {
  Q_OBJECT
 public:
  /// `runs`: the folder in which trainings leave theirs.
  TradeOffController(JobRunner& jobs, DocumentController& document, TrainingController& training, const QString& runs,
                     QObject* parent = nullptr);

  const ui::TradeOffState& state() const { return state_; }
  /// What the panel shows.
  const AnalysisResult& result() const { return result_; }
  void choose(const QString& analysis);
  void setOption(const QString& name, const ParamValue& value);
  void setFolder(const QString& folder);
  /// `isCalibratingAnew`: measures this machine first, whatever is known of it.
  void compute(bool isCalibratingAnew = false);
  void reset();
  /// The document has changed since the picture was made.
  void markStale();

 signals:
  void changed();

 private:
  void showChoice();
  void outdate();

  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  ui::TradeOffState state_;
  std::map<std::string, Params> options_;  // by analysis: those that were changed
  AnalysisResult result_;
  ArchitecturePtr analysed_;
};

}  // namespace fw
