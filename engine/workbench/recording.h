// Recordings: what probes showed for one set of samples, as a file that can be opened again and compared with other
// runs, checkpoints and models.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/analysis/comparison.h"
#include "engine/io/safetensors.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// Writes what an analysis looks at while it runs, in memory that does not grow with the data. A safetensors file:
/// "samples/<probe>" [rows, width], spread evenly over all batches, and of all rows "mean/", "rms/" and "largest/"
/// [width], "fired/" [width] (rows where the unit is above 0, i64) and "histogram/" [kBins] (i64, values by magnitude:
/// bin i from 2^(i - kZeroBin) up, the first also all below, the last also all above). The metadata key "recording"
/// holds the rest as JSON.
class Recorder {
 public:
  static constexpr int64_t kBins = 64, kZeroBin = 40;

  /// At most `samples` rows (0: all) of `batches` equal batches of `shapes`, the probes' shapes. Throws Code::File.
  Recorder(const std::string& path, const std::vector<ir::ProbeInfo>& probes, const std::vector<Shape>& shapes,
           int64_t batches, int64_t samples, const std::map<std::string, std::string>& facts);
  ~Recorder();

  void consume(const Recording& recording, const CancelToken& cancel);
  /// Throws Code::Data where there were fewer batches than announced.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A recording that was opened: nothing is read until it is asked for.
class RecordingFile {
 public:
  /// Throws Code::File for every way in which the file can be wrong.
  explicit RecordingFile(const std::string& path);

  const std::string& model() const { return model_; }
  const std::string& data() const { return data_; }                     // which samples; equal texts are equal samples
  int64_t rows() const { return rows_; }                                // that the reductions saw
  const std::vector<ir::ProbeInfo>& probes() const { return probes_; }  // name, kind, layer
  /// "samples", "mean", "rms", "largest", "fired" or "histogram" of a probe.
  Tensor tensor(const std::string& what, const std::string& probe) const;

 private:
  std::string path_;
  SafetensorsView view_;
  std::string model_, data_;
  int64_t rows_ = 0;
  std::vector<ir::ProbeInfo> probes_;
};

/// Whether a file is a recording, by its content.
bool isRecording(const std::string& path);

/// The residual stream of one model at each depth, for the same samples.
struct DepthSamples {
  std::string name;  // of the model, for titles
  std::string data;  // which samples
  std::vector<std::string> labels;
  std::vector<Tensor> values;  // [rows, width] f32
};

/// Rows taken of each of `batches` batches of `rows`, so that all together give at most `samples` (0: all).
int64_t sampledRows(int64_t rows, int64_t batches, int64_t samples);

/// At most `samples` rows, spread over the call's data as a Recorder does it.
DepthSamples depthSamples(const AnalyzeCall& call, const std::string& name, int64_t samples,
                          const CancelToken& cancel = {}, const Progress& progress = {});
DepthSamples depthSamples(const RecordingFile& file);

/// Every depth of one model with every depth of another. Throws Code::Data where the samples are not the same.
AnalysisResult compareDepths(const DepthSamples& rows, const DepthSamples& columns, const ComparisonDef& comparison,
                             const CancelToken& cancel = {});

/// The kept checkpoints of a run, ascending; see TrainCall::keepsCheckpoints.
std::vector<int64_t> keptSteps(const std::filesystem::path& run);
std::map<std::string, Tensor> weightsAt(const std::filesystem::path& run, int64_t step);

/// Depths over the steps of a training: within each checkpoint, and each checkpoint with the last one, as matrices with
/// a frame a step; and how far each depth is from its last state, as curves. Throws Code::Data for a run that kept
/// fewer than two.
AnalysisResult compareSteps(const AnalyzeCall& call, const std::filesystem::path& run, const ComparisonDef& comparison,
                            int64_t samples, const CancelToken& cancel = {}, const Progress& progress = {});

}  // namespace fw
