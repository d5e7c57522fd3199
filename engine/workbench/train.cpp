// Training into a run folder: run.json, model.fw.json, metrics.sqlite, metrics.csv, checkpoint.safetensors.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/io/safetensors.h"
#include "engine/workbench/recording.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

Json toJson(const Params& params) {
  Json json = Json::object();
  for (const auto& [name, value] : params) std::visit([&, &key = name](const auto& v) { json[key] = v; }, value);
  return json;
}

Params toParams(const Json& json, const std::string& place) {
  Params params;
  for (const auto& [name, value] : json.items()) {
    if (value.is_boolean())
      params[name] = value.get<bool>();
    else if (value.is_number_integer())
      params[name] = value.get<int64_t>();
    else if (value.is_number())
      params[name] = value.get<double>();
    else if (value.is_string())
      params[name] = value.get<std::string>();
    else
      throw Error(Code::File, text("[", place, "] option '", name, "' is neither number, text nor flag."));
  }
  return params;
}

Json toJson(const TrainOptions& o) {
  return {{"task", o.task},
          {"task_options", toJson(o.taskOptions)},
          {"optimizer", o.optimizer},
          {"optimizer_options", toJson(o.optimizerOptions)},
          {"steps", o.steps},
          {"batch", o.batch},
          {"accumulate", o.accumulate},
          {"learning_rate", o.learningRate},
          {"warmup", o.warmup},
          {"final_rate", o.finalRate},
          {"clip", o.clip},
          {"seed", o.seed}};
}

/// metrics(step, name, value) in SQLite, and one CSV row a step.
class MetricsLog {
 public:
  MetricsLog(const fs::path& folder, int64_t keepUntil) : path_((folder / "metrics.sqlite").string()) {
    sqlite3* opened = nullptr;
    const int status = sqlite3_open(path_.c_str(), &opened);
    database_.reset(opened);
    if (status != SQLITE_OK) fail();
    sqlite3_busy_timeout(database_.get(), 2000);
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=NORMAL");
    execute(
        "CREATE TABLE IF NOT EXISTS metrics(step INTEGER, split TEXT, name TEXT, value REAL, PRIMARY KEY(step, split, "
        "name))");
    // What came after the checkpoint that a run resumes from is computed again.
    execute(text("DELETE FROM metrics WHERE step > ", keepUntil));
    insert_ = prepared("INSERT OR REPLACE INTO metrics VALUES(?,?,?,?)");
    csvPath_ = folder / "metrics.csv";
  }

  void begin() { execute("BEGIN"); }
  void commit() { execute("COMMIT"); }
  void add(int64_t step, const char* split, const std::string& name, double value) {
    sqlite3_stmt* insert = insert_.get();
    sqlite3_bind_int64(insert, 1, step);
    sqlite3_bind_text(insert, 2, split, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, name.c_str(), -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(insert, 4, value);  // NaN becomes NULL
    const int status = sqlite3_step(insert);
    sqlite3_reset(insert);
    if (status != SQLITE_DONE) fail();
  }

  /// The whole table as CSV: step, split, name, value.
  void writeCsv() {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << "step,split,name,value\n";
    const Statement select = prepared("SELECT step, split, name, value FROM metrics ORDER BY step, split, name");
    int status;
    while ((status = sqlite3_step(select.get())) == SQLITE_ROW) {
      const auto word = [&](int column) {
        return reinterpret_cast<const char*>(sqlite3_column_text(select.get(), column));
      };
      out << sqlite3_column_int64(select.get(), 0) << ',' << word(1) << ',' << word(2) << ',' << std::setprecision(9);
      if (sqlite3_column_type(select.get(), 3) == SQLITE_NULL)
        out << "nan\n";
      else
        out << sqlite3_column_double(select.get(), 3) << '\n';
    }
    if (status != SQLITE_DONE) fail();
    writeFileAtomically(csvPath_.string(), out.str());
  }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  [[noreturn]] void fail() const {
    throw Error(Code::File,
                text("[", path_, "] ", database_ ? sqlite3_errmsg(database_.get()) : "cannot be opened", "."));
  }
  void execute(const std::string& sql) {
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  Statement prepared(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) != SQLITE_OK) fail();
    return Statement(statement);
  }

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  Statement insert_;
  fs::path csvPath_;
};

constexpr const char* kParameter = "parameter/";

/// With `isKept` the parameters are also kept as checkpoints/STEP.safetensors.
void writeCheckpoint(const fs::path& folder, const Trainer& trainer, bool isKept) {
  TrainState state = trainer.state();
  const std::map<std::string, std::string> metadata = {{"step", std::to_string(state.step)}};
  saveSafetensors((folder / "checkpoint.safetensors").string(), state.tensors, metadata);
  if (!isKept) return;
  std::error_code ignored;  // writing says what is wrong
  fs::create_directories(folder / "checkpoints", ignored);
  std::erase_if(state.tensors, [](const auto& entry) { return !entry.first.starts_with(kParameter); });
  saveSafetensors((folder / "checkpoints" / text(state.step, ".safetensors")).string(), state.tensors, metadata);
}

bool isStep(const std::string& word) {
  return !word.empty() && word.size() <= 15 && word.find_first_not_of("0123456789") == std::string::npos;
}

/// Halves of files that a process was writing when it was killed.
void removeLeftovers(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    for (const std::string file : {"checkpoint.safetensors", "model.fw.json", "run.json", "metrics.csv"})
      if (name.starts_with(file + kPartSuffix)) found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path, ignored);
}

TrainState readCheckpoint(const fs::path& folder) {
  const std::string path = (folder / "checkpoint.safetensors").string();
  SafetensorsFile file = loadSafetensors(path);
  const auto step = file.metadata.find("step");
  if (step == file.metadata.end() || !isStep(step->second))
    throw Error(Code::File, text("[", path, "] names no step."));
  return {std::stoll(step->second), std::move(file.tensors)};
}

}  // namespace

TrainResult train(const TrainCall& call, const TrainObserver& observer, const CancelToken& cancel) {
  std::error_code ignored;
  if (!call.isResumed && !call.replacesRun && fs::exists(call.out / "run.json", ignored))
    throw Error(Code::Usage,
                text("[", call.out.string(),
                     "] holds a run already; expected another folder (--out), or --resume to go on with it."));
  const std::unique_ptr<Backend> backend = call.open(call.device);
  Trainer trainer(call.architecture, call.options, *backend);
  if (call.isResumed) {
    trainer.restore(readCheckpoint(call.out));
  } else {
    replaceWeights(call.weights, trainer.store());
  }
  std::error_code error;
  fs::create_directories(call.out, error);
  if (error) throw Error(Code::File, text("[", call.out.string(), "] cannot be made: ", error.message(), "."));
  removeLeftovers(call.out);
  if (!call.isResumed) fs::remove_all(call.out / "checkpoints", ignored);
  // run.json comes last: where it stands, there is a whole checkpoint to go on from.
  if (!call.isResumed) writeCheckpoint(call.out, trainer, call.keepsCheckpoints);
  const Json info = {
      {"format", "formwright-run"}, {"version", 1}, {"device", call.device}, {"options", toJson(call.options)}};
  saveDocument(*call.architecture, (call.out / "model.fw.json").string());
  writeFileAtomically((call.out / "run.json").string(), toSortedText(info));
  MetricsLog log(call.out, trainer.stepsDone());

  TrainResult result;
  const auto start = std::chrono::steady_clock::now();
  const int64_t first = trainer.stepsDone();
  const auto evaluateNow = [&] {
    const Evaluation evaluation = trainer.evaluate(call.evaluationBatches, cancel);
    log.begin();
    log.add(trainer.stepsDone(), "test", "loss", evaluation.loss);
    for (const auto& [name, value] : evaluation.measures) log.add(trainer.stepsDone(), "test", name, value);
    log.commit();
    if (observer.onEvaluation) observer.onEvaluation(trainer.stepsDone(), evaluation);
    return evaluation;
  };
  const auto finish = [&] {
    writeCheckpoint(call.out, trainer, call.keepsCheckpoints);
    log.writeCsv();
    result.steps = trainer.stepsDone();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  try {
    while (trainer.stepsDone() < call.options.steps) {
      while (observer.isPaused && observer.isPaused() && !cancel.stop_requested())
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      throwIfCancelled(cancel);
      const StepReport report = trainer.step(cancel);
      result.reports.push_back(report);
      log.begin();
      log.add(report.step, "train", "loss", report.loss);
      log.add(report.step, "train", "gradient_norm", report.gradientNorm);
      log.add(report.step, "train", "learning_rate", report.learningRate);
      for (const auto& [name, value] : report.measures) log.add(report.step, "train", name, value);
      log.commit();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const double left = seconds / double(report.step - first) * double(call.options.steps - report.step);
      if (observer.onStep) observer.onStep(report, call.options.steps, left);
      const bool isLast = report.step == call.options.steps;
      if (call.evaluateEvery > 0 && report.step % call.evaluateEvery == 0 && !isLast) evaluateNow();
      if (call.checkpointEvery > 0 && report.step % call.checkpointEvery == 0 && !isLast)
        writeCheckpoint(call.out, trainer, call.keepsCheckpoints);
    }
    result.final = evaluateNow();
  } catch (const Error& cause) {
    if (cause.code() == Code::Device) {  // it holds no weights any more: the last checkpoint stays
      log.writeCsv();
      throw;
    }
    if (cause.code() != Code::Cancelled) {
      finish();
      throw;
    }
    result.wasCancelled = true;
  }
  finish();
  return result;
}

std::vector<int64_t> keptSteps(const fs::path& run) {
  std::vector<int64_t> steps;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(run / "checkpoints", ignored))
    if (entry.path().extension() == ".safetensors" && isStep(entry.path().stem().string()))
      steps.push_back(std::stoll(entry.path().stem().string()));
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::map<std::string, Tensor> weightsAt(const fs::path& run, int64_t step) {
  std::map<std::string, Tensor> weights;
  for (auto& [name, tensor] : loadSafetensors((run / "checkpoints" / text(step, ".safetensors")).string()).tensors)
    if (name.starts_with(kParameter)) weights.emplace(name.substr(std::string(kParameter).size()), std::move(tensor));
  return weights;
}

RunInfo readRun(const fs::path& folder) {
  const std::string path = (folder / "run.json").string();
  const Json json = readJsonFile(path);
  const auto wrong = [&](const std::string& what) { throw Error(Code::File, text("[", path, "] ", what)); };
  if (!json.is_object() || json.value("format", "") != "formwright-run") wrong("is no run of Formwright.");
  if (!json.contains("version") || json["version"] != 1)
    wrong(text("has version ", json.contains("version") ? json["version"].dump() : "none", "; expected 1."));
  RunInfo info{.folder = folder};
  try {
    const Json& o = json.at("options");
    info.device = json.at("device").get<std::string>();
    info.options = {.task = o.at("task").get<std::string>(),
                    .taskOptions = toParams(o.at("task_options"), path),
                    .optimizer = o.at("optimizer").get<std::string>(),
                    .optimizerOptions = toParams(o.at("optimizer_options"), path),
                    .steps = o.at("steps").get<int64_t>(),
                    .batch = o.at("batch").get<int64_t>(),
                    .accumulate = o.at("accumulate").get<int64_t>(),
                    .learningRate = o.at("learning_rate").get<double>(),
                    .warmup = o.at("warmup").get<double>(),
                    .finalRate = o.at("final_rate").get<double>(),
                    .clip = o.at("clip").get<double>(),
                    .seed = o.at("seed").get<uint64_t>()};
    if (fs::exists(folder / "checkpoint.safetensors")) info.step = readCheckpoint(folder).step;
  } catch (const nlohmann::json::exception& error) {
    wrong(text("lacks an option or has one of another type: ", error.what(), "."));
  }
  return info;
}

Evaluation evaluate(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                    const std::string& task, const Params& taskOptions, uint64_t seed, int64_t batches, int64_t batch,
                    const std::string& device, const CancelToken& cancel) {
  const std::unique_ptr<Backend> backend = makeBackend(device);
  Trainer trainer(std::make_shared<const Architecture>(architecture),
                  {.task = task, .taskOptions = taskOptions, .steps = 0, .batch = batch, .seed = seed}, *backend);
  replaceWeights(weights, trainer.store());
  return trainer.evaluate(batches, cancel);
}

}  // namespace fw
