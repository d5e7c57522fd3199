// safetensors: round trips, every dtype of the format, and files that mean harm.
#include "engine/io/safetensors.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "engine/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

std::string fileOf(const std::string& header, const std::string& data = "") {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

class Safetensors : public ::testing::Test {
 protected:
  SafetensorsFile load(const std::string& bytes) {
    writeFileAtomically(path(), bytes);
    return loadSafetensors(path());
  }
  void refuse(const std::string& bytes, const std::string& sentence) {
    expectError([&] { load(bytes); }, Code::File, "[x.safetensors] " + sentence);
  }
  std::string path() const { return folder_ / "x.safetensors"; }

  TemporaryFolder folder_;
};

TEST_F(Safetensors, TensorsAndMetadataSurvive) {
  const std::map<std::string, Tensor> tensors = {
      {"a.weight", Tensor::fromFloats({2, 3}, {1, -2, 3.5f, NAN, INFINITY, 1e-40f})},
      {"b", Tensor::fromInts({3}, {-1, INT64_MAX, INT64_MIN})},
      {"empty", Tensor::fromFloats({3, 0}, {})},
      {"scalar", Tensor::scalar(7)},
      {"\"quoted\" \n \xc3\xa9", Tensor::scalar(8)}};
  saveSafetensors(path(), tensors, {{"step", "12"}});
  const SafetensorsFile file = loadSafetensors(path());
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"format", "pt"}, {"step", "12"}}));
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, expected] : tensors) {
    const Tensor& tensor = file.tensors.at(name);
    EXPECT_EQ(tensor.dtype, expected.dtype) << name;
    EXPECT_EQ(tensor.shape, expected.shape) << name;
    if (expected.bytes() > 0) {
      EXPECT_EQ(std::memcmp(tensor.memory.get(), expected.memory.get(), size_t(expected.bytes())), 0) << name;
    }
  }
}

/// Bytes written by hand, values by the definition of each type.
TEST_F(Safetensors, EveryDtypeIsRead) {
  const auto one = [&](const std::string& dtype, const std::string& bytes) {
    const SafetensorsFile file = load(fileOf(
        text("{\"t\":{\"dtype\":\"", dtype, "\",\"shape\":[2],\"data_offsets\":[0,", bytes.size(), "]}}"), bytes));
    const Tensor& tensor = file.tensors.at("t");
    return std::make_pair(tensor.dtype, tensor.toDoubles());
  };
  const auto raw = [](auto a, auto b) {
    std::string bytes(reinterpret_cast<const char*>(&a), sizeof a);
    return bytes + std::string(reinterpret_cast<const char*>(&b), sizeof b);
  };
  using Numbers = std::vector<double>;
  EXPECT_EQ(one("F32", raw(1.5f, -2.0f)), std::make_pair(DType::F32, Numbers({1.5, -2})));
  EXPECT_EQ(one("F64", raw(1.5, -2.0)), std::make_pair(DType::F32, Numbers({1.5, -2})));
  EXPECT_EQ(one("F16", raw(uint16_t(0x3e00), uint16_t(0xc000))), std::make_pair(DType::F16, Numbers({1.5, -2})));
  EXPECT_EQ(one("BF16", raw(uint16_t(0x3fc0), uint16_t(0xc000))), std::make_pair(DType::BF16, Numbers({1.5, -2})));
  EXPECT_EQ(one("I64", raw(int64_t(1) << 40, int64_t(-2))), std::make_pair(DType::I64, Numbers({0x1p40, -2})));
  EXPECT_EQ(one("I32", raw(int32_t(5), int32_t(-2))), std::make_pair(DType::I32, Numbers({5, -2})));
  EXPECT_EQ(one("I16", raw(int16_t(5), int16_t(-2))), std::make_pair(DType::I32, Numbers({5, -2})));
  EXPECT_EQ(one("I8", raw(int8_t(5), int8_t(-2))), std::make_pair(DType::I8, Numbers({5, -2})));
  EXPECT_EQ(one("U8", raw(uint8_t(5), uint8_t(254))), std::make_pair(DType::I32, Numbers({5, 254})));
  EXPECT_EQ(one("U16", raw(uint16_t(5), uint16_t(65534))), std::make_pair(DType::I32, Numbers({5, 65534})));
  EXPECT_EQ(one("U32", raw(5u, 4294967294u)), std::make_pair(DType::I64, Numbers({5, 4294967294})));
  EXPECT_EQ(one("U64", raw(uint64_t(5), uint64_t(1) << 62)), std::make_pair(DType::I64, Numbers({5, 0x1p62})));
  EXPECT_EQ(one("BOOL", raw(uint8_t(1), uint8_t(0))), std::make_pair(DType::Bool, Numbers({1, 0})));
  // 0 0111 100: 1.5; 1 1000 000: -2. 0 01111 10: 1.5; 1 10000 00: -2.
  EXPECT_EQ(one("F8_E4M3", raw(uint8_t(0x3c), uint8_t(0xc0))), std::make_pair(DType::F32, Numbers({1.5, -2})));
  EXPECT_EQ(one("F8_E5M2", raw(uint8_t(0x3e), uint8_t(0xc0))), std::make_pair(DType::F32, Numbers({1.5, -2})));
  // The largest and the smallest.
  EXPECT_EQ(one("F8_E4M3", raw(uint8_t(0x7e), uint8_t(0x01))).second, Numbers({448, 0x1p-9}));
  EXPECT_EQ(one("F8_E5M2", raw(uint8_t(0x7b), uint8_t(0x01))).second, Numbers({57344, 0x1p-16}));
  EXPECT_TRUE(std::isnan(one("F8_E4M3", raw(uint8_t(0x7f), uint8_t(0))).second[0]));
  EXPECT_TRUE(std::isinf(one("F8_E5M2", raw(uint8_t(0x7c), uint8_t(0))).second[0]));
}

/// What becomes another type when it is read can still leave as it lies.
TEST_F(Safetensors, EveryDtypeLeavesAsItCame) {
  std::map<std::string, StoredTensor> tensors;
  int seed = 0;
  for (const auto& [dtype, size] : std::map<std::string, int64_t>{{"F64", 8},
                                                                  {"F32", 4},
                                                                  {"F16", 2},
                                                                  {"BF16", 2},
                                                                  {"I64", 8},
                                                                  {"I32", 4},
                                                                  {"I16", 2},
                                                                  {"I8", 1},
                                                                  {"U8", 1},
                                                                  {"U16", 2},
                                                                  {"U32", 4},
                                                                  {"U64", 8},
                                                                  {"BOOL", 1},
                                                                  {"F8_E4M3", 1},
                                                                  {"F8_E5M2", 1}}) {
    StoredTensor one{dtype, {3, 7}, allocateAligned(21 * size, "test"), 21 * size};
    for (int64_t i = 0; i < one.bytes; ++i) one.memory.get()[i] = std::byte((seed += 37) % (dtype == "BOOL" ? 2 : 251));
    tensors[dtype] = one;
  }
  saveStoredTensors(path(), tensors);
  const SafetensorsView view(path());
  ASSERT_EQ(view.entries().size(), 15u);
  for (const auto& [dtype, expected] : tensors) {
    const StoredTensor got = view.stored(view.entries().at(dtype));
    EXPECT_EQ(got.dtype, dtype);
    EXPECT_EQ(got.shape, expected.shape);
    ASSERT_EQ(got.bytes, expected.bytes);
    EXPECT_EQ(std::memcmp(got.memory.get(), expected.memory.get(), size_t(got.bytes)), 0) << dtype;
    const bool isKept = std::set<std::string>{"F32", "F16", "BF16", "I64", "I32", "I8", "BOOL"}.contains(dtype);
    EXPECT_EQ(keepsDtype(dtype), isKept) << dtype;
  }
}

/// A header of odd length: no tensor is aligned in the file.
TEST_F(Safetensors, UnalignedTensorsAreCopied) {
  std::string header = R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  while (header.size() % 4 != 3) header += ' ';
  const float value = 2.5f;
  const Tensor tensor = load(fileOf(header, {reinterpret_cast<const char*>(&value), 4})).tensors.at("t");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.memory.get()) % 4, 0u);
  EXPECT_EQ(tensor.toFloats(), std::vector<float>{2.5f});
}

/// The tensors keep the map alive, and what is written into one does not reach the file.
TEST_F(Safetensors, TensorsOutliveTheFile) {
  saveSafetensors(path(), {{"t", Tensor::fromFloats({2}, {1, 2})}});
  Tensor tensor = loadSafetensors(path()).tensors.at("t");
  std::filesystem::remove(path());
  EXPECT_EQ(tensor.toFloats(), (std::vector<float>{1, 2}));
  tensor.data()[0] = 5;
  EXPECT_EQ(tensor.toFloats(), (std::vector<float>{5, 2}));
}

TEST_F(Safetensors, MissingEmptyAndFolders) {
  expectError([&] { loadSafetensors(folder_ / "none"); }, Code::File,
              "[" + (folder_ / "none") + "] cannot be opened: No such file or directory.");
  expectError([&] { loadSafetensors(folder_.path()); }, Code::File,
              "[" + folder_.path() + "] is a folder; expected a file.");
  expectError([&] { load(""); }, Code::File, "[" + path() + "] is empty.");
}

TEST_F(Safetensors, BrokenHeaders) {
  refuse("abc", "the file has 3 bytes; expected at least 8.");
  refuse(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8),
         "the header claims 18446744073709551615 bytes but the file has 8.");
  const uint64_t claim = 1048576;
  refuse(std::string(reinterpret_cast<const char*>(&claim), 8) + std::string(32, ' '),
         "the header claims 1048576 bytes but the file has 40.");
  refuse(fileOf("[]"), "the header is no JSON object.");
  refuse(fileOf("7"), "the header is no JSON object.");
  refuse(fileOf(R"({"__metadata__":[]})"), "__metadata__ is no JSON object.");
  refuse(fileOf(R"({"__metadata__":{"step":3}})"), "metadata 'step' is no text.");
  for (const char* broken : {"", "{", "{\"a\":", "nonsense", "{\"a\":{}}}", "\xff\xfe"})
    EXPECT_THROW(load(fileOf(broken)), Error) << broken;
  refuse(fileOf(R"({"a":{"dtype":[[[[[[[[1]]]]]]]]}})"), "nested deeper than 4 levels.");
}

/// A header of more than 100 MB is refused before it is parsed; the file is sparse.
TEST_F(Safetensors, HugeHeader) {
  const uint64_t claim = 200'000'000;
  writeFileAtomically(path(), {reinterpret_cast<const char*>(&claim), 8});
  std::filesystem::resize_file(path(), 8 + claim);
  expectError([&] { loadSafetensors(path()); }, Code::File,
              "[x.safetensors] the header has 200000000 bytes; at most 100000000 are read.");
}

TEST_F(Safetensors, DuplicateKeys) {
  refuse(fileOf(R"({"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],)"
                R"("data_offsets":[0,1]}})",
                "x"),
         "the key 'a' stands twice in one object.");
}

TEST_F(Safetensors, BrokenEntries) {
  const auto entry = [](const std::string& body) { return fileOf("{\"a\":" + body + "}", "12345678"); };
  refuse(entry("3"), "tensor 'a' lacks dtype, shape or data_offsets.");
  refuse(entry(R"({"dtype":"I8","shape":[8]})"), "tensor 'a' lacks dtype, shape or data_offsets.");
  refuse(entry(R"({"dtype":8,"shape":[8],"data_offsets":[0,8]})"), "tensor 'a' has a dtype that is no text.");
  refuse(entry(R"({"dtype":"F4","shape":[8],"data_offsets":[0,8]})"), "tensor 'a' has dtype 'F4', which is not known.");
  refuse(entry(R"({"dtype":"I8","shape":8,"data_offsets":[0,8]})"),
         "tensor 'a' has a shape that is no list of at most 8 sizes.");
  refuse(entry(R"({"dtype":"I8","shape":[1,1,1,1,1,1,1,1,8],"data_offsets":[0,8]})"),
         "tensor 'a' has a shape that is no list of at most 8 sizes.");
  for (const char* size : {"-1", "1.5", "\"8\"", "null", "18446744073709551615"})
    refuse(entry(text(R"({"dtype":"I8","shape":[)", size, R"(],"data_offsets":[0,8]})")),
           "tensor 'a' has a size that is no whole number.");
  for (const char* offsets : {"8", "[]", "[0]", "[0,4,8]", "{}"})
    refuse(entry(text(R"({"dtype":"I8","shape":[8],"data_offsets":)", offsets, "}")),
           "tensor 'a' has data_offsets that are no pair.");
  refuse(entry(R"({"dtype":"I8","shape":[4],"data_offsets":[0,8]})"), "tensor 'a' has 8 bytes; I8[4] needs 4.");
  refuse(entry(R"({"dtype":"F32","shape":[8],"data_offsets":[0,8]})"), "tensor 'a' has 8 bytes; F32[8] needs 32.");
}

TEST_F(Safetensors, OffsetsOutOfRange) {
  const auto at = [](const std::string& begin, const std::string& end) {
    return fileOf(R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[)" + begin + "," + end + "]}}", "12345678");
  };
  refuse(at("0", "9"), "tensor 'a' lies outside the file: bytes 0 to 9 of 8.");
  refuse(at("8", "0"), "tensor 'a' lies outside the file: bytes 8 to 0 of 8.");
  refuse(at("-8", "0"), "tensor 'a' lies outside the file: bytes -8 to 0 of 8.");
  refuse(at("9223372036854775800", "9223372036854775808"),
         "tensor 'a' lies outside the file: bytes 9223372036854775800 to -1 of 8.");
  refuse(at("0", "18446744073709551615"), "tensor 'a' lies outside the file: bytes 0 to -1 of 8.");
  refuse(at("0.0", "8.0"), "tensor 'a' lies outside the file: bytes -1 to -1 of 8.");
}

/// Products of sizes that do not fit into 64 bits; one wraps to exactly the size of the data.
TEST_F(Safetensors, SizesThatOverflow) {
  const auto shaped = [](const std::string& dtype, const std::string& shape) {
    return fileOf("{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + R"(,"data_offsets":[0,8]}})", "12345678");
  };
  refuse(shaped("I8", "[4294967296,4294967296]"),
         "tensor 'a' has the shape [4294967296,4294967296], which is too large.");
  refuse(shaped("F64", "[2305843009213693953]"), "tensor 'a' has the shape [2305843009213693953], which is too large.");
  refuse(shaped("I8", "[3037000500,3037000500,3037000500,3037000500]"),
         "tensor 'a' has the shape [3037000500,3037000500,3037000500,3037000500], which is too large.");
}

TEST_F(Safetensors, OverlapsGapsAndRests) {
  const auto two = [](int a, int b, int c, int d) {
    return fileOf(text(R"({"a":{"dtype":"I8","shape":[)", b - a, R"(],"data_offsets":[)", a, ",", b,
                       R"(]},"b":{"dtype":"I8","shape":[)", d - c, R"(],"data_offsets":[)", c, ",", d, "]}}"),
                  "12345678");
  };
  EXPECT_EQ(load(two(0, 3, 3, 8)).tensors.at("b").shape, Shape({5}));
  EXPECT_EQ(load(two(3, 8, 0, 3)).tensors.at("a").shape, Shape({5}));
  EXPECT_EQ(load(two(0, 8, 8, 8)).tensors.at("b").shape, Shape({0}));
  refuse(two(0, 5, 3, 8), "tensor 'b' overlaps another.");
  refuse(two(0, 8, 0, 8), "tensor 'b' overlaps another.");
  refuse(two(0, 3, 4, 8), "bytes 3 to 4 belong to no tensor.");
  refuse(two(1, 4, 4, 8), "bytes 0 to 1 belong to no tensor.");
  refuse(two(0, 3, 3, 7), "bytes 7 to 8 belong to no tensor.");
}

/// Time in proportion to the header: hundreds of thousands of tiny entries must not take hours.
TEST_F(Safetensors, ManyEntriesAreReadQuickly) {
  constexpr int kCount = 200'000;
  std::string header = "{";
  for (int i = 0; i < kCount; ++i)
    header += text(i ? "," : "", "\"t", i, R"(":{"dtype":"I8","shape":[0],"data_offsets":[0,0]})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(load(fileOf(header + "}")).tensors.size(), size_t(kCount));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

/// Every prefix of a good file is refused, and none crashes.
TEST_F(Safetensors, TruncatedAnywhere) {
  saveSafetensors(path(), {{"a", Tensor::fromFloats({3}, {1, 2, 3})}, {"b", Tensor::fromInts({2}, {4, 5})}});
  const std::string whole = readFile(path());
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_THROW(load(whole.substr(0, bytes)), Error) << bytes;
  EXPECT_THROW(load(whole + "x"), Error);
}

TEST_F(Safetensors, SavingIntoNothingKeepsTheSentence) {
  expectError([&] { saveSafetensors(folder_ / "none/x.safetensors", {}); }, Code::File,
              "[" + (folder_ / "none/x.safetensors") + "] cannot be written: No such file or directory.");
}

}  // namespace
}  // namespace fw
