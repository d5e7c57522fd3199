// safetensors: u64 header length, JSON header, tensors.
#include "engine/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/io/mapped_file.h"

namespace fw {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

constexpr uint64_t kMaxHeader = 100'000'000;

/// A dtype of the format: its size, what it becomes here, and how one element is converted (null: the bytes stay).
struct Format {
  const char* name;
  int64_t bytes;
  DType dtype;
  void (*convert)(const std::byte* from, std::byte* to);
};

template <class From, class To>
void convertElement(const std::byte* from, std::byte* to) {
  From value;
  std::memcpy(&value, from, sizeof value);
  const To result = To(value);
  std::memcpy(to, &result, sizeof result);
}

/// Eight-bit floats: 1 sign, E exponent and M mantissa bits. (Micikevicius et al., FP8 Formats for Deep Learning,
/// 2022.)
template <int E, int M, bool HasInfinity>
void convertFloat8(const std::byte* from, std::byte* to) {
  const int bits = int(*from), sign = bits >> 7, exponent = bits >> M & ((1 << E) - 1),
            mantissa = bits & ((1 << M) - 1);
  constexpr int bias = (1 << (E - 1)) - 1, top = (1 << E) - 1;
  float value;
  if (HasInfinity && exponent == top)
    value = mantissa ? NAN : INFINITY;
  else if (!HasInfinity && exponent == top && mantissa == (1 << M) - 1)
    value = NAN;
  else
    value = exponent == 0 ? std::ldexp(float(mantissa), 1 - bias - M)
                          : std::ldexp(float(mantissa + (1 << M)), exponent - bias - M);
  if (sign) value = -value;
  std::memcpy(to, &value, sizeof value);
}

constexpr Format kFormats[] = {
    {"F32", 4, DType::F32, nullptr},
    {"F16", 2, DType::F16, nullptr},
    {"BF16", 2, DType::BF16, nullptr},
    {"I64", 8, DType::I64, nullptr},
    {"I32", 4, DType::I32, nullptr},
    {"I8", 1, DType::I8, nullptr},
    {"BOOL", 1, DType::Bool, nullptr},
    {"F64", 8, DType::F32, convertElement<double, float>},
    {"I16", 2, DType::I32, convertElement<int16_t, int32_t>},
    {"U8", 1, DType::I32, convertElement<uint8_t, int32_t>},
    {"U16", 2, DType::I32, convertElement<uint16_t, int32_t>},
    {"U32", 4, DType::I64, convertElement<uint32_t, int64_t>},
    {"U64", 8, DType::I64, convertElement<uint64_t, int64_t>},
    {"F8_E4M3", 1, DType::F32, convertFloat8<4, 3, false>},
    {"F8_E5M2", 1, DType::F32, convertFloat8<5, 2, true>},
};

const Format* findFormat(const std::string& name) {
  const auto at =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Format& format) { return name == format.name; });
  return at == std::end(kFormats) ? nullptr : at;
}

const char* formatName(DType dtype) {
  return std::find_if(std::begin(kFormats), std::end(kFormats),
                      [&](const Format& format) { return format.dtype == dtype && !format.convert; })
      ->name;
}

int64_t wholeNumber(const SortedJson& json) {
  if (!json.is_number_integer() && !json.is_number_unsigned()) return -1;
  if (json.is_number_unsigned() && json.get<uint64_t>() > uint64_t(INT64_MAX)) return -1;
  return json.get<int64_t>();
}

class HeaderReader {
 public:
  HeaderReader(const std::string& path, const MappedFile& file)
      : place_(std::filesystem::path(path).filename().string()), file_(file) {}

  void run() {
    if (file_.bytes < 8) fail(text("the file has ", file_.bytes, " bytes; expected at least 8."));
    uint64_t header;
    std::memcpy(&header, file_.memory.get(), 8);
    if (header > file_.bytes - 8)
      fail(text("the header claims ", header, " bytes but the file has ", file_.bytes, "."));
    if (header > kMaxHeader) fail(text("the header has ", header, " bytes; at most ", kMaxHeader, " are read."));
    data_ = int64_t(8 + header);
    size_ = int64_t(file_.bytes - 8 - header);
    const SortedJson json = parseSortedJson({reinterpret_cast<const char*>(file_.memory.get() + 8), size_t(header)},
                                            place_, {.bytes = kMaxHeader, .depth = 4, .values = int64_t(1) << 24});
    if (!json.is_object()) fail("the header is no JSON object.");
    for (const auto& [name, entry] : json.items()) {
      if (name == "__metadata__")
        readMetadata(entry);
      else
        readTensor(name, entry);
    }
    checkCoverage();
  }

  std::map<std::string, SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;

 private:
  [[noreturn]] void fail(const std::string& sentence) const { throw Error(Code::File, "[" + place_ + "] " + sentence); }

  void readMetadata(const SortedJson& entry) {
    if (!entry.is_object()) fail("__metadata__ is no JSON object.");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail(text("metadata '", key, "' is no text."));
      metadata[key] = value.get<std::string>();
    }
  }

  void readTensor(const std::string& name, const SortedJson& entry) {
    const auto wrong = [&](const std::string& what) { fail(text("tensor '", name, "' ", what)); };
    if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets"))
      wrong("lacks dtype, shape or data_offsets.");
    if (!entry["dtype"].is_string()) wrong("has a dtype that is no text.");
    const std::string dtype = entry["dtype"].get<std::string>();
    const Format* format = findFormat(dtype);
    if (!format) wrong(text("has dtype '", dtype, "', which is not known."));
    const SortedJson& dims = entry["shape"];
    const SortedJson& offsets = entry["data_offsets"];
    if (!dims.is_array() || dims.size() > size_t(Shape::maxRank))
      wrong(text("has a shape that is no list of at most ", Shape::maxRank, " sizes."));
    Shape shape;
    for (const SortedJson& dim : dims) {
      if (wholeNumber(dim) < 0) wrong("has a size that is no whole number.");
      shape.append(wholeNumber(dim));
    }
    if (!offsets.is_array() || offsets.size() != 2) wrong("has data_offsets that are no pair.");
    const int64_t begin = wholeNumber(offsets[0]), end = wholeNumber(offsets[1]);
    if (begin < 0 || end < begin || end > size_)
      wrong(text("lies outside the file: bytes ", begin, " to ", end, " of ", size_, "."));
    int64_t expected = 0;
    try {
      expected = checkedProduct(shape.count(), format->bytes, "shape");
    } catch (const Error&) {
      wrong(text("has the shape ", shape, ", which is too large."));
    }
    if (expected != end - begin) wrong(text("has ", end - begin, " bytes; ", dtype, shape, " needs ", expected, "."));
    ranges_.push_back({begin, end, name});
    entries[name] = {dtype, shape, data_ + begin, data_ + end};
  }

  void checkCoverage() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
    int64_t at = 0;
    for (const Range& range : ranges_) {
      if (range.begin < at) fail(text("tensor '", range.name, "' overlaps another."));
      if (range.begin > at) fail(text("bytes ", at, " to ", range.begin, " belong to no tensor."));
      at = range.end;
    }
    if (at != size_) fail(text("bytes ", at, " to ", size_, " belong to no tensor."));
  }

  struct Range {
    int64_t begin, end;
    std::string name;
  };

  std::string place_;
  const MappedFile& file_;
  int64_t data_ = 0, size_ = 0;
  std::vector<Range> ranges_;
};

}  // namespace

SafetensorsView::SafetensorsView(const std::string& path) {
  const MappedFile file = mapFile(path);
  HeaderReader reader(path, file);
  reader.run();
  memory_ = file.memory;
  entries_ = std::move(reader.entries);
  metadata_ = std::move(reader.metadata);
}

Tensor SafetensorsView::tensor(const SafetensorsEntry& entry) const {
  const Format& format = *findFormat(entry.dtype);
  const std::byte* from = memory_.get() + entry.begin;
  const bool isAligned = reinterpret_cast<uintptr_t>(from) % uintptr_t(format.bytes) == 0;
  if (!format.convert && isAligned) return {format.dtype, entry.shape, {memory_, const_cast<std::byte*>(from)}};
  Tensor tensor = Tensor::make(format.dtype, entry.shape);
  if (!format.convert) {
    if (tensor.bytes() > 0) std::memcpy(tensor.memory.get(), from, size_t(tensor.bytes()));
    return tensor;
  }
  for (int64_t i = 0; i < entry.shape.count(); ++i)
    format.convert(from + i * format.bytes, tensor.memory.get() + i * byteSize(format.dtype));
  return tensor;
}

StoredTensor SafetensorsView::stored(const SafetensorsEntry& entry) const {
  return {entry.dtype, entry.shape, {memory_, memory_.get() + entry.begin}, entry.end - entry.begin};
}

bool keepsDtype(const std::string& dtype) {
  const Format* format = findFormat(dtype);
  return format && !format->convert;
}

SafetensorsFile loadSafetensors(const std::string& path) {
  const SafetensorsView view(path);
  SafetensorsFile file{.metadata = view.metadata()};
  for (const auto& [name, entry] : view.entries()) file.tensors.emplace(name, view.tensor(entry));
  return file;
}

namespace {

/// A header that grows by one tensor after the other.
class HeaderWriter {
 public:
  explicit HeaderWriter(const std::map<std::string, std::string>& metadata) {
    header_["__metadata__"]["format"] = "pt";
    for (const auto& [key, value] : metadata) header_["__metadata__"][key] = value;
  }
  void add(const std::string& name, const std::string& dtype, const Shape& shape, int64_t bytes) {
    header_[name] = {{"dtype", dtype}, {"shape", shape.dims()}, {"data_offsets", {offset_, offset_ + bytes}}};
    offset_ += bytes;
  }
  std::string text() const;

 private:
  SortedJson header_ = SortedJson::object();
  int64_t offset_ = 0;
};

std::string HeaderWriter::text() const {
  std::string json = header_.dump();
  json.resize((json.size() + 8 + 63) / 64 * 64 - 8, ' ');
  const uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + json;
}

}  // namespace

std::string safetensorsHeader(const std::map<std::string, SafetensorsSpec>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  HeaderWriter header(metadata);
  for (const auto& [name, spec] : tensors) header.add(name, formatName(spec.dtype), spec.shape, spec.bytes());
  return header.text();
}

StoredTensor storedTensor(const Tensor& tensor) {
  return {formatName(tensor.dtype), tensor.shape, tensor.memory, tensor.bytes()};
}

void saveSafetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                     const std::map<std::string, std::string>& metadata) {
  std::map<std::string, StoredTensor> stored;
  for (const auto& [name, tensor] : tensors) stored.emplace(name, storedTensor(tensor));
  saveStoredTensors(path, stored, metadata);
}

void saveStoredTensors(const std::string& path, const std::map<std::string, StoredTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  HeaderWriter header(metadata);
  for (const auto& [name, tensor] : tensors) header.add(name, tensor.dtype, tensor.shape, tensor.bytes);
  const std::string front = header.text();
  std::vector<std::string_view> parts = {front};
  for (const auto& [name, tensor] : tensors)
    parts.push_back({reinterpret_cast<const char*>(tensor.memory.get()), size_t(tensor.bytes)});
  writeFileAtomically(path, parts);
}

}  // namespace fw
