// NumPy's .npz: a zip of .npy files. (PKWARE APPNOTE 6.3; NumPy Enhancement Proposal 1.)
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "engine/io/mapped_file.h"

namespace fw {
namespace {

static_assert(std::endian::native == std::endian::little, "npy members are written little endian");

constexpr uint64_t kMaxMember = uint64_t(1) << 40;

template <class From, class To>
void convertAll(const char* from, std::byte* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, from + i * int64_t(sizeof value), sizeof value);
    const To result = To(value);
    std::memcpy(to + i * int64_t(sizeof result), &result, sizeof result);
  }
}

struct NpyFormat {
  const char* code;
  int64_t bytes;
  DType dtype;
  void (*convert)(const char* from, std::byte* to, int64_t count);  // null: the bytes stay
};

constexpr NpyFormat kFormats[] = {
    {"f4", 4, DType::F32, nullptr},
    {"f2", 2, DType::F16, nullptr},
    {"f8", 8, DType::F32, convertAll<double, float>},
    {"i8", 8, DType::I64, nullptr},
    {"i4", 4, DType::I32, nullptr},
    {"i2", 2, DType::I32, convertAll<int16_t, int32_t>},
    {"i1", 1, DType::I8, nullptr},
    {"u8", 8, DType::I64, convertAll<uint64_t, int64_t>},
    {"u4", 4, DType::I64, convertAll<uint32_t, int64_t>},
    {"u2", 2, DType::I32, convertAll<uint16_t, int32_t>},
    {"u1", 1, DType::I32, convertAll<uint8_t, int32_t>},
    {"b1", 1, DType::Bool, nullptr},
};

/// One array of one file; sentences name both.
class NpyReader {
 public:
  NpyReader(const std::string& place, const std::string& name, std::string_view bytes)
      : place_(place), name_(name), bytes_(bytes) {}

  Tensor run() {
    if (bytes_.size() < 10 || bytes_.substr(0, 6) != "\x93NUMPY") fail("is no .npy array.");
    const int version = uint8_t(bytes_[6]);
    if (version < 1 || version > 3) fail(text("has .npy version ", version, "; expected 1 to 3."));
    const size_t start = version == 1 ? 10 : 12;
    if (bytes_.size() < start) fail("ends inside its header.");
    uint32_t length = 0;
    std::memcpy(&length, bytes_.data() + 8, version == 1 ? 2 : 4);
    if (length > bytes_.size() - start)
      fail(text("claims a header of ", length, " bytes but has ", bytes_.size() - start, "."));
    header_ = bytes_.substr(start, length);
    const std::string_view data = bytes_.substr(start + length);
    const std::string descr = quotedAfter("'descr'");
    if (valueAfter("'fortran_order'").starts_with("True")) fail("lies in Fortran order; expected C order.");
    const Shape shape = readShape();
    if (descr.starts_with('>')) fail(text("has dtype '", descr, "'; expected little endian numbers."));
    for (const NpyFormat& format : kFormats) {
      if (descr.empty() || descr.substr(1) != format.code) continue;
      const int64_t needed = bytesOf(shape, format);
      if (needed != int64_t(data.size()))
        fail(text("has ", data.size(), " bytes of data; ", descr, shape, " needs ", needed, "."));
      Tensor tensor = Tensor::make(format.dtype, shape);
      if (format.convert)
        format.convert(data.data(), tensor.memory.get(), shape.count());
      else if (needed > 0)
        std::memcpy(tensor.memory.get(), data.data(), size_t(needed));
      return tensor;
    }
    fail(text("has dtype '", descr, "', which is not read."));
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(Code::File, text("[", place_, "] array '", name_, "' ", sentence));
  }

  int64_t bytesOf(const Shape& shape, const NpyFormat& format) const {
    try {
      return checkedProduct(shape.count(), format.bytes, "npy");
    } catch (const Error&) {
      fail(text("has the shape ", shape, ", which is too large."));
    }
  }

  std::string_view valueAfter(std::string_view key) const {
    const size_t at = header_.find(key);
    if (at == std::string_view::npos) fail(text("has a header without ", key, "."));
    const size_t colon = header_.find(':', at);
    if (colon == std::string_view::npos) fail("has a broken header.");
    const size_t value = header_.find_first_not_of(' ', colon + 1);
    if (value == std::string_view::npos) fail("has a broken header.");
    return header_.substr(value);
  }

  std::string quotedAfter(std::string_view key) const {
    const std::string_view value = valueAfter(key);
    const size_t end = value.find('\'', 1);
    if (value[0] != '\'' || end == std::string_view::npos) fail("is a record array; expected plain numbers.");
    return std::string(value.substr(1, end - 1));
  }

  Shape readShape() const {
    std::string_view value = valueAfter("'shape'");
    const size_t end = value.find(')');
    if (value[0] != '(' || end == std::string_view::npos) fail("has a broken shape.");
    value = value.substr(1, end - 1);
    Shape shape;
    while (!value.empty()) {
      const size_t begin = value.find_first_not_of(" ,");
      if (begin == std::string_view::npos) break;
      value.remove_prefix(begin);
      int64_t size = 0;
      const auto [next, error] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (error != std::errc() || size < 0) fail("has a broken shape.");
      if (shape.rank() == Shape::maxRank) fail(text("has more than ", Shape::maxRank, " dimensions."));
      shape.append(size);
      value.remove_prefix(size_t(next - value.data()));
    }
    return shape;
  }

  const std::string& place_;
  const std::string& name_;
  std::string_view bytes_, header_;
};

/// Members of a zip file through its central directory.
class ZipReader {
 public:
  explicit ZipReader(const std::string& path)
      : place_(std::filesystem::path(path).filename().string()),
        file_(mapFile(path)),
        bytes_(reinterpret_cast<const char*>(file_.memory.get()), file_.bytes) {}

  std::map<std::string, Tensor> run() {
    const size_t end = bytes_.rfind(std::string_view("PK\5\6", 4));
    if (end == std::string_view::npos || bytes_.size() - end < 22) fail("is no complete zip file.");
    uint64_t count = read<uint16_t>(end + 10), at = read<uint32_t>(end + 16);
    if (end >= 20 && bytes_.substr(end - 20, 4) == std::string_view("PK\6\7", 4)) {
      const uint64_t wide = read<uint64_t>(end - 20 + 8);
      if (wide <= bytes_.size() && bytes_.size() - wide >= 56) {
        count = read<uint64_t>(wide + 32);
        at = read<uint64_t>(wide + 48);
      }
    }
    std::map<std::string, Tensor> arrays;
    uint64_t packedTotal = 0;
    for (uint64_t i = 0; i < count; ++i) {
      if (at > bytes_.size() || bytes_.size() - at < 46 || bytes_.substr(at, 4) != std::string_view("PK\1\2", 4))
        fail("has a broken directory.");
      const uint16_t flags = read<uint16_t>(at + 8), method = read<uint16_t>(at + 10),
                     nameLength = read<uint16_t>(at + 28), extraLength = read<uint16_t>(at + 30),
                     commentLength = read<uint16_t>(at + 32);
      const uint32_t sum = read<uint32_t>(at + 16);
      uint64_t packed = read<uint32_t>(at + 20), size = read<uint32_t>(at + 24), offset = read<uint32_t>(at + 42);
      if (bytes_.size() - at - 46 < size_t(nameLength) + extraLength) fail("has a broken directory.");
      std::string name(bytes_.substr(at + 46, nameLength));
      readWide(at + 46 + nameLength, extraLength, size, packed, offset);
      at += 46 + uint64_t(nameLength) + extraLength + commentLength;
      if (!name.ends_with(".npy")) continue;
      name.resize(name.size() - 4);
      if (arrays.contains(name)) fail(text("array '", name, "' stands twice in the file."));
      if (flags & 1) fail(text("array '", name, "' is encrypted."));
      // Members that share bytes would unpack to any size.
      packedTotal += std::min<uint64_t>(packed, bytes_.size());
      if (packedTotal > bytes_.size()) fail(text("array '", name, "' overlaps others."));
      const std::string content = member(name, method, offset, packed, size);
      if (crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()) != sum)
        fail(text("array '", name, "' is damaged: its checksum differs."));
      arrays[name] = NpyReader(place_, name, content).run();
    }
    return arrays;
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const { throw Error(Code::File, "[" + place_ + "] " + sentence); }

  template <class T>
  T read(uint64_t at) const {
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) fail("ends too early.");
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }

  /// Sizes above 4 GB stand in an extra field.
  void readWide(uint64_t at, uint64_t length, uint64_t& size, uint64_t& packed, uint64_t& offset) const {
    const uint64_t end = at + length;
    while (end - at >= 4) {
      const uint16_t id = read<uint16_t>(at), bytes = read<uint16_t>(at + 2);
      at += 4;
      if (bytes > end - at) return;
      if (id == 1) {
        uint64_t field = at;
        for (uint64_t* value : {&size, &packed, &offset})
          if (*value == UINT32_MAX && field + 8 <= at + bytes) {
            *value = read<uint64_t>(field);
            field += 8;
          }
      }
      at += bytes;
    }
  }

  std::string member(const std::string& name, uint16_t method, uint64_t offset, uint64_t packed, uint64_t size) const {
    const auto wrong = [&](const std::string& what) { fail(text("array '", name, "' ", what)); };
    if (offset > bytes_.size() || bytes_.size() - offset < 30 ||
        bytes_.substr(offset, 4) != std::string_view("PK\3\4", 4))
      wrong("lies outside the file.");
    const uint64_t start = offset + 30 + read<uint16_t>(offset + 26) + read<uint16_t>(offset + 28);
    if (start > bytes_.size() || packed > bytes_.size() - start) wrong("lies outside the file.");
    const std::string_view data = bytes_.substr(start, packed);
    if (method == 0 && size != packed) wrong("is damaged: its two sizes differ.");
    if (method == 0) return std::string(data);
    if (method != 8) wrong(text("is packed by method ", method, "; expected stored or deflated."));
    if (size > kMaxMember || size / 1100 > packed + 64)
      wrong(text("claims ", size, " bytes from ", packed, " packed ones."));
    if (const int64_t free = freeMemoryBytes(); int64_t(size) > free)
      throw Error(Code::Memory, text("[", place_, "] array '", name, "' needs ", formatBytes(double(size)), ", ",
                                     formatBytes(double(free)), " free."));
    return inflate(data, size, wrong);
  }

  template <class Wrong>
  static std::string inflate(std::string_view data, uint64_t size, const Wrong& wrong) {
    std::string out(size, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) wrong("cannot be unpacked.");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    uint64_t in = data.size(), room = size;
    int status = Z_OK;
    while (status == Z_OK) {
      // zlib counts in 32 bits.
      const uInt inNow = uInt(std::min<uint64_t>(in, 1u << 30)), outNow = uInt(std::min<uint64_t>(room, 1u << 30));
      stream.avail_in = inNow;
      stream.avail_out = outNow;
      status = ::inflate(&stream, Z_NO_FLUSH);
      in -= inNow - stream.avail_in;
      room -= outNow - stream.avail_out;
      if (status == Z_OK && inNow == stream.avail_in && outNow == stream.avail_out) break;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END || room != 0) wrong("is damaged.");
    return out;
  }

  std::string place_;
  MappedFile file_;
  std::string_view bytes_;
};

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// f32 for types that .npy has not.
Tensor asWritable(const Tensor& tensor) {
  return tensor.dtype == DType::BF16 ? Tensor::fromFloats(tensor.shape, tensor.toFloats()) : tensor;
}

std::string npyHeader(const Tensor& tensor) {
  std::string shape;
  for (const int64_t size : tensor.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
  if (tensor.shape.rank() == 1) shape += ',';
  const NpyFormat* format = std::find_if(std::begin(kFormats), std::end(kFormats),
                                         [&](const NpyFormat& f) { return f.dtype == tensor.dtype && !f.convert; });
  std::string header = text("{'descr': '", format->bytes == 1 ? '|' : '<', format->code,
                            "', 'fortran_order': False, 'shape': (", shape, "), }");
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  put(out, uint16_t(header.size()));
  return out + header;
}

}  // namespace

std::map<std::string, Tensor> loadNpz(const std::string& path) { return ZipReader(path).run(); }

void saveNpz(const std::string& path, const std::map<std::string, Tensor>& arrays) {
  if (arrays.size() > UINT16_MAX)
    throw Error(Code::Usage,
                text("[", path, "] ", arrays.size(), " arrays do not fit into an .npz; write .safetensors."));
  std::string out, directory;
  for (const auto& [name, given] : arrays) {
    const Tensor tensor = asWritable(given);
    std::string content = npyHeader(tensor);
    content.append(reinterpret_cast<const char*>(tensor.memory.get()), size_t(tensor.bytes()));
    if (content.size() >= UINT32_MAX || out.size() >= UINT32_MAX - content.size())
      throw Error(Code::Usage,
                  text("[", path, "] array '", name, "' makes the file larger than 4 GB; write .safetensors instead."));
    const std::string member = name + ".npy";
    const uint32_t sum = uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    std::string common;
    put(common, uint16_t(20));          // version needed
    put(common, uint16_t(0x800));       // names are UTF-8
    put(common, uint16_t(0));           // stored
    put(common, uint32_t(0x00210000));  // 1980-01-01: equal arrays give equal files
    put(common, sum);
    put(common, uint32_t(content.size()));
    put(common, uint32_t(content.size()));
    put(common, uint16_t(member.size()));
    put(common, uint16_t(0));
    directory += std::string("PK\1\2", 4);
    put(directory, uint16_t(20));
    directory += common;
    put(directory, uint16_t(0));  // comment
    put(directory, uint16_t(0));  // disk
    put(directory, uint16_t(0));
    put(directory, uint32_t(0));
    put(directory, uint32_t(out.size()));
    directory += member;
    out += std::string("PK\3\4", 4) + common + member + content;
  }
  std::string end("PK\5\6", 4);
  put(end, uint32_t(0));
  put(end, uint16_t(arrays.size()));
  put(end, uint16_t(arrays.size()));
  put(end, uint32_t(directory.size()));
  put(end, uint32_t(out.size()));
  put(end, uint16_t(0));
  writeFileAtomically(path, std::vector<std::string_view>{out, directory, end});
}

}  // namespace fw
