// Recordings: written while an analysis runs, opened, compared.
#include "engine/workbench/recording.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/analysis/measures/depths.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/io/safetensors_writer.h"

namespace fw {
namespace {

constexpr const char* kFormat = "formwright-recording";
constexpr int64_t kVersion = 1;

int64_t rowsOf(const Shape& shape) { return shape.rank() > 0 && shape[-1] > 0 ? shape.count() / shape[-1] : 0; }

}  // namespace

int64_t sampledRows(int64_t rows, int64_t batches, int64_t samples) {
  return samples <= 0 ? rows : std::clamp<int64_t>(samples / std::max<int64_t>(1, batches), 1, rows);
}

struct Recorder::Impl {
  struct Site {
    std::string name;
    int64_t width = 0, taken = 0;
    std::vector<double> sums, squares;
    std::vector<float> largest;
    std::vector<int64_t> fired, histogram = std::vector<int64_t>(size_t(kBins), 0);
  };
  std::vector<Site> sites;
  std::vector<size_t> recorded;  // probe of each site
  int64_t batches, seen = 0, rows = 0;
  std::string path;
  std::unique_ptr<SafetensorsWriter> writer;
};

Recorder::Recorder(const std::string& path, const std::vector<ir::ProbeInfo>& probes, const std::vector<Shape>& shapes,
                   int64_t batches, int64_t samples, const std::map<std::string, std::string>& facts)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->batches = batches;
  std::map<std::string, SafetensorsSpec> tensors;
  Json json = {{"format", kFormat}, {"version", kVersion}, {"probes", Json::array()}};
  for (const auto& [key, value] : facts) json[key] = value;
  for (size_t i = 0; i < probes.size(); ++i) {
    const int64_t rows = rowsOf(shapes[i]), width = rows > 0 ? shapes[i][-1] : 0;
    if (rows == 0 || shapes[i].rank() < 2) continue;
    Impl::Site site{.name = probes[i].name, .width = width, .taken = sampledRows(rows, batches, samples)};
    site.sums.assign(size_t(width), 0);
    site.squares.assign(size_t(width), 0);
    site.largest.assign(size_t(width), 0);
    site.fired.assign(size_t(width), 0);
    tensors["samples/" + site.name] = {DType::F32, {site.taken * batches, width}};
    for (const char* what : {"mean/", "rms/", "largest/"}) tensors[what + site.name] = {DType::F32, {width}};
    tensors["fired/" + site.name] = {DType::I64, {width}};
    tensors["histogram/" + site.name] = {DType::I64, {kBins}};
    json["probes"].push_back(
        {{"name", probes[i].name}, {"kind", probes[i].kind}, {"layer", probes[i].layer}, {"rows", rows * batches}});
    impl_->sites.push_back(std::move(site));
    impl_->recorded.push_back(i);
  }
  if (impl_->sites.empty()) throw Error(Code::Data, text("[", path, "] there is nothing to record."));
  impl_->writer = std::make_unique<SafetensorsWriter>(path, tensors,
                                                      std::map<std::string, std::string>{{"recording", json.dump()}});
}

Recorder::~Recorder() = default;

void Recorder::consume(const Recording& recording, const CancelToken& cancel) {
  Impl& impl = *impl_;
  if (impl.seen == impl.batches)
    throw Error(Code::Data, text("[", impl.path, "] more than ", impl.batches, " batches came."));
  for (size_t s = 0; s < impl.sites.size(); ++s) {
    throwIfCancelled(cancel);
    Impl::Site& site = impl.sites[s];
    const Tensor& value = recording.values[impl.recorded[s]];
    const int64_t rows = value.count() / site.width;
    const std::vector<float> picked = pickRows(value, site.taken);
    const int64_t bytes = int64_t(picked.size() * sizeof(float));
    impl.writer->write("samples/" + site.name, impl.seen * bytes, picked.data(), bytes);
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = value.data() + r * site.width;
      for (int64_t i = 0; i < site.width; ++i) {
        const double x = row[i], magnitude = std::abs(x);
        const size_t unit = size_t(i);
        site.sums[unit] += x;
        site.squares[unit] += x * x;
        site.largest[unit] = std::max(site.largest[unit], float(magnitude));
        site.fired[unit] += x > 0;
        int exponent = 0;
        if (magnitude > 0 && std::isfinite(magnitude)) (void)std::frexp(magnitude, &exponent);
        const int64_t bin = magnitude > 0 ? exponent - 1 + kZeroBin : 0;
        ++site.histogram[size_t(std::clamp<int64_t>(bin, 0, kBins - 1))];
      }
    }
    if (s == 0) impl.rows += rows;
  }
  ++impl.seen;
}

void Recorder::finish() {
  Impl& impl = *impl_;
  if (impl.seen < impl.batches)
    throw Error(Code::Data, text("[", impl.path, "] only ", impl.seen, " batches came; expected ", impl.batches, "."));
  const auto write = [&](const std::string& name, const auto& values) {
    impl.writer->write(name, 0, values.data(), int64_t(values.size() * sizeof(values[0])));
  };
  for (const Impl::Site& site : impl.sites) {
    int64_t count = 0;
    for (const int64_t each : site.histogram) count += each;
    const double rows = double(count) / double(site.width);
    std::vector<float> mean, rms;
    for (size_t i = 0; i < site.sums.size(); ++i) {
      mean.push_back(float(site.sums[i] / rows));
      rms.push_back(float(std::sqrt(site.squares[i] / rows)));
    }
    write("mean/" + site.name, mean);
    write("rms/" + site.name, rms);
    write("largest/" + site.name, site.largest);
    write("fired/" + site.name, site.fired);
    write("histogram/" + site.name, site.histogram);
  }
  impl.writer->finish();
}

RecordingFile::RecordingFile(const std::string& path) : path_(path), view_(path) {
  const auto wrong = [&](const std::string& what) { throw Error(Code::File, text("[", path, "] ", what)); };
  const auto found = view_.metadata().find("recording");
  if (found == view_.metadata().end()) wrong("is no recording: its metadata lacks the key 'recording'.");
  const Json json = parseJson(found->second, path);
  try {
    if (json.at("format") != kFormat || json.at("version") != kVersion)
      wrong(text("is no recording of version ", kVersion, "."));
    model_ = json.at("model").get<std::string>();
    data_ = json.at("data").get<std::string>();
    for (const Json& each : json.at("probes")) {
      ir::ProbeInfo probe{.name = each.at("name").get<std::string>(),
                          .layer = each.at("layer").get<int64_t>(),
                          .kind = each.at("kind").get<std::string>()};
      rows_ = each.at("rows").get<int64_t>();
      const Tensor samples = tensor("samples", probe.name);
      if (samples.dtype != DType::F32 || samples.shape.rank() != 2 || samples.shape.count() < 1)
        wrong(text("the samples of '", probe.name, "' are no f32 [rows, width]."));
      probes_.push_back(std::move(probe));
    }
  } catch (const nlohmann::json::exception& error) {
    wrong(text("lacks a fact or has one of another type: ", error.what(), "."));
  }
  if (probes_.empty()) wrong("holds no probe.");
}

Tensor RecordingFile::tensor(const std::string& what, const std::string& probe) const {
  const auto entry = view_.entries().find(what + "/" + probe);
  if (entry == view_.entries().end()) throw Error(Code::File, text("[", path_, "] lacks '", what, "/", probe, "'."));
  return view_.tensor(entry->second);
}

bool isRecording(const std::string& path) {
  try {
    return SafetensorsView(path).metadata().contains("recording");
  } catch (const Error&) {
    return false;
  }
}

DepthSamples depthSamples(const RecordingFile& file) {
  Recording recording;
  for (const ir::ProbeInfo& probe : file.probes()) {
    Tensor samples = file.tensor("samples", probe.name);
    samples.shape = {1, samples.shape[0], samples.shape[1]};
    recording.probes.push_back(probe);
    recording.values.push_back(std::move(samples));
  }
  const Depths depths(recording);
  DepthSamples result{.name = file.model(), .data = file.data(), .labels = depths.labels};
  for (const size_t depth : depths.probes) {
    Tensor value = recording.values[depth];
    value.shape = {value.shape[1], value.shape[2]};
    result.values.push_back(std::move(value));
  }
  return result;
}

}  // namespace fw
