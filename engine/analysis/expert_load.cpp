// How evenly routers use what they choose from, experts or parts of the hidden width: the share of tokens that each
// serves, its mean gate, and the evenness of both. (Shazeer et al., Outrageously Large Neural Networks, 2017; Fedus et
// al., Switch Transformers, 2022.)
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "engine/analysis/analysis.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kShownTokens = 64;

bool wants(const ir::ProbeInfo& probe, const Params&) { return probe.kind == "experts.share"; }

struct Router {
  std::string label;
  int64_t layer, origin;
  std::vector<double> served, gates;  // by expert, sums over tokens
  int64_t tokens = 0;
  std::vector<float> first;  // gates of the first tokens, [kShownTokens, experts]

  /// The entropy of the shares of work over that of even ones.
  double evenness() const {
    double total = 0, entropy = 0;
    for (const double each : served) total += each;
    for (const double each : served)
      if (each > 0) entropy -= each / total * std::log(each / total);
    return served.size() > 1 && total > 0 ? entropy / std::log(double(served.size())) : kNone;
  }
  double busiest() const {
    double total = 0;
    for (const double each : served) total += each;
    return total > 0 ? *std::max_element(served.begin(), served.end()) * double(served.size()) / total : kNone;
  }
};

class ExpertLoad : public AnalysisRun {
 public:
  void consume(const Recording& recording, const CancelToken& cancel) override {
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      throwIfCancelled(cancel);
      const ir::ProbeInfo& probe = recording.probes[i];
      const Tensor& gates = recording.values[i];
      const int64_t experts = gates.shape[-1];
      if (routers_.size() <= i)
        routers_.push_back({.label = probe.name.substr(0, probe.name.rfind(':')),
                            .layer = probe.layer,
                            .origin = probe.origin,
                            .served = std::vector<double>(size_t(experts), 0),
                            .gates = std::vector<double>(size_t(experts), 0)});
      Router& router = routers_[i];
      const int64_t tokens = gates.count() / experts;
      for (int64_t t = 0; t < tokens; ++t)
        for (int64_t e = 0; e < experts; ++e) {
          const float gate = gates.data()[t * experts + e];
          router.served[size_t(e)] += gate > 0;
          router.gates[size_t(e)] += double(gate);
        }
      if (router.tokens == 0)
        router.first.assign(gates.data(), gates.data() + std::min(tokens, kShownTokens) * experts);
      router.tokens += tokens;
    }
  }

  AnalysisResult finish(const CancelToken&) override {
    AnalysisResult result;
    size_t most = 0;
    for (const Router& router : routers_) most = std::max(most, router.served.size());
    const auto matrix = [&](const char* name, const char* title, const auto& sums) {
      Matrix made{.name = name, .title = title, .unit = "share", .rowTitle = "router", .columnTitle = "expert or part"};
      for (size_t e = 0; e < most; ++e) made.columns.push_back(std::to_string(e));
      for (const Router& router : routers_) {
        made.rows.push_back(router.label);
        for (size_t e = 0; e < most; ++e)
          made.values.push_back(e < router.served.size() ? sums(router)[e] / double(router.tokens) : kNone);
      }
      return made;
    };
    result.matrices.push_back(
        matrix("load", "Share of tokens that each serves", [](const Router& router) { return router.served; }));
    result.matrices.push_back(matrix("gate", "Mean gate", [](const Router& router) { return router.gates; }));
    result.matrices.push_back(choices(most));
    const auto series = [&](const char* name, const char* title, const char* unit, auto value) {
      Series made{.name = name, .title = title, .unit = unit};
      for (const Router& router : routers_) {
        made.labels.push_back(router.label);
        made.values.push_back(value(router));
        made.origins.push_back(router.origin);
        made.layers.push_back(router.layer);
      }
      result.series.push_back(std::move(made));
    };
    series("evenness", "Evenness of the load (entropy over that of equal shares)", "",
           [](const Router& router) { return router.evenness(); });
    series("busiest", "Load of the busiest over the mean", "", [](const Router& router) { return router.busiest(); });
    series("idle", "Never chosen", "experts",
           [](const Router& router) { return double(std::count(router.served.begin(), router.served.end(), 0.0)); });
    result.recipe = text("gates of every router; means over ", routers_.empty() ? 0 : routers_.front().tokens,
                         " tokens; a token is served where its gate is above 0");
    return result;
  }

 private:
  /// What each of the first tokens chose, a picture for each router.
  Matrix choices(size_t most) const {
    Matrix made{.name = "choices",
                .title = "Gates of the first tokens",
                .rowTitle = "token",
                .columnTitle = "expert or part",
                .frameTitle = "router"};
    size_t tokens = 0;
    for (const Router& router : routers_) tokens = std::max(tokens, router.first.size() / router.served.size());
    for (size_t t = 0; t < tokens; ++t) made.rows.push_back(std::to_string(t));
    for (size_t e = 0; e < most; ++e) made.columns.push_back(std::to_string(e));
    for (const Router& router : routers_) {
      made.frames.push_back(router.label);
      const size_t experts = router.served.size();
      for (size_t t = 0; t < tokens; ++t)
        for (size_t e = 0; e < most; ++e)
          made.values.push_back(
              e < experts && t * experts + e < router.first.size() ? double(router.first[t * experts + e]) : kNone);
    }
    return made;
  }

  std::deque<Router> routers_;
};

std::unique_ptr<AnalysisRun> make(const Params&) { return std::make_unique<ExpertLoad>(); }

}  // namespace

AnalysisDef analysis_expert_load() {
  return {
      .id = "expert_load",
      .title = "Expert load",
      .help = "Which experts, or parts of the hidden width, routers choose, and how evenly.",
      .paper = "Shazeer et al., 2017; Fedus et al., Switch Transformers, 2022",
      .needs = "a mixture of experts or of hidden dimensions",
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
