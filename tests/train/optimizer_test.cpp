// Optimisers as graphs: five steps against stored ones of PyTorch and NumPy in doubles (recipe beside the fixture), and
// a gradient that is not finite.
#include "engine/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/arch/architecture.h"
#include "engine/base/json.h"
#include "engine/exec/executor.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

// One parameter, its state, and the step as a plan that runs in place.
class Stepper {
 public:
  Stepper(const OptimizerDef& optimizer, const Params& options, const Shape& shape, const std::string& role = "weight",
          bool decays = true)
      : backend_(makeCpuBackend(2)), store_(*backend_) {
    const Params params = completeParams(Node{.name = optimizer.id, .params = options},
                                         BlockDef{.id = optimizer.id, .params = optimizer.params}, {});
    const ir::TensorType type = {DType::F32, shape};
    std::vector<float> values;
    for (int64_t i = 0; i < shape.count(); ++i) values.push_back(float(std::cos(0.3 * double(i))));
    store_.set("parameter", Tensor::fromFloats(shape, values));
    ir::Builder builder;
    const ir::Value parameter = builder.parameter("parameter", type);
    const ir::ParameterInfo info = {.name = "parameter", .decays = decays, .role = role};
    OptimizerCall call = {.builder = builder, .info = info, .params = params, .parameter = parameter};
    call.gradient = builder.input("gradient", type);
    call.learningRate = builder.input("rate", {DType::F32, {}});
    call.step = builder.input("step", {DType::I64, {}});
    call.clip = builder.input("clip", {DType::F32, {}});
    for (const OptimizerState& state : optimizer.states(info, type, params)) {
      store_.set(state.name,
                 Tensor::fromFloats(state.type.shape, std::vector<float>(size_t(state.type.shape.count()), 0)));
      call.states[state.name] = builder.input(state.name, state.type);
      states_.push_back(state.name);
    }
    optimizer.update(call);
    builder.output("next", call.next, "parameter");
    for (const auto& [name, value] : call.nextStates) builder.output("next_" + name, value, name);
    EXPECT_EQ(call.nextStates.size(), states_.size());
    const auto graph = std::make_shared<const ir::Graph>(builder.finish());
    ir::verify(*graph);
    executor_ = std::make_unique<Executor>(
        std::make_shared<const Plan>(makePlan(graph, {.threads = 2, .guardBytes = 64})), store_);
    executor_->setGuarded(true);
  }

  void step(int64_t step, double rate, double clip) {
    const Shape shape = store_.type("parameter").shape;
    std::vector<float> gradient;
    for (int64_t i = 0; i < shape.count(); ++i)
      gradient.push_back(
          float(std::sin(0.7 * double(i) + 1.3 * double(step)) + 0.1 * std::cos(3.0 * double(i) * double(step))));
    executor_->setInput("gradient", Tensor::fromFloats(shape, gradient));
    executor_->setInput("rate", Tensor::scalar(float(rate)));
    executor_->setInput("step", Tensor::scalarInt(step));
    executor_->setInput("clip", Tensor::scalar(float(clip)));
    executor_->run();
  }

  std::vector<float> parameter() const { return store_.get("parameter").toFloats(); }
  std::map<std::string, std::vector<float>> states() const {
    std::map<std::string, std::vector<float>> values;
    for (const std::string& name : states_) values[name] = store_.get(name).toFloats();
    return values;
  }

 private:
  std::unique_ptr<Backend> backend_;
  Store store_;
  std::unique_ptr<Executor> executor_;
  std::vector<std::string> states_;
};

Params paramsFrom(const Json& options) {
  Params params;
  for (const auto& [name, value] : options.items()) {
    if (value.is_boolean())
      params[name] = value.get<bool>();
    else if (value.is_string())
      params[name] = value.get<std::string>();
    else
      params[name] = value.get<double>();
  }
  return params;
}

TEST(Optimizers, StepAsThePeersDo) {
  const Json fixture = readJsonFile(sourceFolder() + "/tests/fixtures/optimizers/expected.json");
  int64_t cases = 0;
  for (const Json& item : fixture["cases"]) {
    const std::string id = item["optimizer"].get<std::string>();
    SCOPED_TRACE(item["options"].dump() + " of " + id);
    Stepper stepper(findOptimizer(id), paramsFrom(item["options"]), Shape(item["shape"].get<std::vector<int64_t>>()));
    for (int64_t step = 1; step <= fixture["steps"].get<int64_t>(); ++step)
      stepper.step(step, item["learning_rate"].get<double>(), fixture["clip"].get<double>());
    const std::vector<double> expected = item["expected"].get<std::vector<double>>();
    const std::vector<float> got = stepper.parameter();
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_NEAR(got[i], expected[i], id == "muon" ? 1e-5 : 2e-6) << "element " << i;
    ++cases;
  }
  EXPECT_EQ(cases, 23);
}

TEST(Optimizers, KeepEverythingWhenTheGradientIsNotFinite) {
  for (const OptimizerDef& optimizer : allOptimizers())
    for (const Shape& shape : {Shape{3, 5}, Shape{7}}) {
      SCOPED_TRACE(optimizer.id);
      Stepper stepper(optimizer, {}, shape);
      stepper.step(1, 0.01, 1);
      const std::vector<float> parameter = stepper.parameter();
      const auto states = stepper.states();
      for (const double clip : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        stepper.step(2, 0.01, clip);
        EXPECT_EQ(stepper.parameter(), parameter);
        EXPECT_EQ(stepper.states(), states);
      }
      stepper.step(2, 0.01, 1);
      EXPECT_NE(stepper.parameter(), parameter);
    }
}

TEST(Optimizers, DecayOnlyWhatDecays) {
  for (const OptimizerDef& optimizer : allOptimizers()) {
    SCOPED_TRACE(optimizer.id);
    Stepper none(optimizer, {{"weight_decay", 0.0}}, {3, 5}),
        off(optimizer, {{"weight_decay", 0.5}}, {3, 5}, "weight", false),
        on(optimizer, {{"weight_decay", 0.5}}, {3, 5});
    for (Stepper* stepper : {&none, &off, &on}) stepper->step(1, 0.1, 1);
    EXPECT_EQ(none.parameter(), off.parameter());
    EXPECT_NE(none.parameter(), on.parameter());
  }
}

TEST(Muon, LeavesTablesAndVectorsToAdamw) {
  const OptimizerDef& muon = findOptimizer("muon");
  EXPECT_EQ(Stepper(muon, {}, {3, 5}).states().count("momentum"), 1u);
  for (const char* role : {"embedding", "head", "bias", "norm"})
    EXPECT_EQ(Stepper(muon, {}, {3, 5}, role).states().count("v"), 1u) << role;
  EXPECT_EQ(Stepper(muon, {}, {15}).states().count("v"), 1u);
  EXPECT_EQ(Stepper(muon, {}, {1, 15}).states().count("v"), 1u);
  EXPECT_EQ(Stepper(muon, {}, {3, 1, 5}).states().count("v"), 1u);
}

TEST(Optimizers, ExplainThemselves) {
  for (const OptimizerDef& optimizer : allOptimizers()) {
    EXPECT_FALSE(optimizer.title.empty() || optimizer.help.empty() || optimizer.paper.empty()) << optimizer.id;
    EXPECT_GT(optimizer.learningRate, 0) << optimizer.id;
    for (const ParamDef& param : optimizer.params)
      EXPECT_FALSE(param.helpText.empty() || param.title.empty()) << optimizer.id << "." << param.name;
  }
}

}  // namespace
}  // namespace fw
