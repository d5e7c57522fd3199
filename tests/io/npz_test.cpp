// .npz: what NumPy writes is read, what we write has its bytes, and files that mean harm are refused.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <optional>

#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "tests/support/expect_error.h"
#include "tests/support/source_folder.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

using Numbers = std::vector<double>;

std::string fixture(const std::string& name) { return sourceFolder() + "/tests/io/fixtures/" + name; }

void expectFixture(const std::map<std::string, Tensor>& arrays) {
  const Numbers line = {0, 1, -2, 3, -4, 5}, whole = {0, 1, 2, 3, 4, 5};
  const std::map<std::string, DType> dtypes = {{"f2", DType::F16}, {"f4", DType::F32}, {"f8", DType::F32},
                                               {"i1", DType::I8},  {"i2", DType::I32}, {"i4", DType::I32},
                                               {"i8", DType::I64}, {"u1", DType::I32}, {"u2", DType::I32},
                                               {"u4", DType::I64}, {"u8", DType::I64}};
  for (const auto& [name, dtype] : dtypes) {
    ASSERT_TRUE(arrays.contains(name)) << name;
    EXPECT_EQ(arrays.at(name).dtype, dtype) << name;
    EXPECT_EQ(arrays.at(name).toDoubles(), name[0] == 'u' ? whole : line) << name;
  }
  EXPECT_EQ(arrays.at("bool").dtype, DType::Bool);
  EXPECT_EQ(arrays.at("bool").toDoubles(), Numbers({0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(arrays.at("scalar").shape, Shape());
  EXPECT_EQ(arrays.at("scalar").toDoubles(), Numbers{2.5});
  EXPECT_EQ(arrays.at("empty").shape, Shape({3, 0, 2}));
  EXPECT_EQ(arrays.at("table").shape, Shape({2, 3}));
  EXPECT_EQ(arrays.at("table").toDoubles(), Numbers({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(arrays.at("every_second").shape, Shape({3, 2}));
  EXPECT_EQ(arrays.at("every_second").toDoubles(), Numbers({0, 2, 4, 6, 8, 10}));
}

TEST(Npz, NumPyStored) {
  const auto arrays = loadNpz(fixture("stored.npz"));
  EXPECT_EQ(arrays.size(), 16u);
  expectFixture(arrays);
}

TEST(Npz, NumPyDeflated) {
  const auto arrays = loadNpz(fixture("deflated.npz"));
  EXPECT_EQ(arrays.size(), 17u);
  expectFixture(arrays);
  EXPECT_EQ(arrays.at("zeros").toDoubles(), Numbers(10000, 0.0));
}

TEST(Npz, EveryVersionOfTheHeader) {
  const auto arrays = loadNpz(fixture("versions.npz"));
  ASSERT_EQ(arrays.size(), 3u);
  for (const auto& [name, tensor] : arrays) EXPECT_EQ(tensor.toDoubles(), Numbers({0, 1, 2, 3, 4, 5})) << name;
}

TEST(Npz, WhatIsNotReadIsNamed) {
  const auto refuse = [](const std::string& file, const std::string& sentence) {
    expectError([&] { loadNpz(fixture(file)); }, Code::File, "[" + file + "] array 'x' " + sentence);
  };
  refuse("fortran.npz", "lies in Fortran order; expected C order.");
  refuse("big_endian.npz", "has dtype '>f4'; expected little endian numbers.");
  refuse("complex.npz", "has dtype '<c8', which is not read.");
  refuse("record.npz", "is a record array; expected plain numbers.");
  refuse("text.npz", "has dtype '<U3', which is not read.");
  refuse("object.npz", "has dtype '|O', which is not read.");
}

/// The member of the fixture is the same array, written by NumPy.
TEST(Npz, OurMembersHaveNumPysBytes) {
  const TemporaryFolder folder;
  saveNpz(folder / "x.npz", {{"table", Tensor::fromFloats({2, 3}, {0, 1, 2, 3, 4, 5})}});
  const auto member = [](const std::string& file) {
    const std::string bytes = readFile(file);
    size_t at = bytes.find("table.npy");
    at = bytes.find("\x93NUMPY", at);
    return bytes.substr(at, 128 + 24);
  };
  EXPECT_EQ(member(folder / "x.npz"), member(fixture("stored.npz")));
}

TEST(Npz, EveryTypeSurvives) {
  const TemporaryFolder folder;
  std::map<std::string, Tensor> arrays = {{"floats", Tensor::fromFloats({3}, {1, NAN, INFINITY})},
                                          {"ints", Tensor::fromInts({2, 1}, {INT64_MIN, INT64_MAX})},
                                          {"a/b.c", Tensor::scalar(3)},
                                          {"none", Tensor::fromFloats({0}, {})}};
  saveNpz(folder / "x.npz", arrays);
  const auto loaded = loadArrays(folder / "x.npz");
  ASSERT_EQ(loaded.size(), arrays.size());
  for (const auto& [name, expected] : arrays) {
    EXPECT_EQ(loaded.at(name).shape, expected.shape) << name;
    ASSERT_EQ(loaded.at(name).dtype, expected.dtype) << name;
    if (expected.bytes() > 0) {
      EXPECT_EQ(std::memcmp(loaded.at(name).memory.get(), expected.memory.get(), size_t(expected.bytes())), 0) << name;
    }
  }
  saveNpz(folder / "y.npz", {});
  EXPECT_TRUE(loadArrays(folder / "y.npz").empty());
}

// ---- files that mean harm

std::string number(uint64_t value, int bytes) { return {reinterpret_cast<const char*>(&value), size_t(bytes)}; }

std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  return std::string("\x93NUMPY", 6) + char(version) + char(0) + number(dictionary.size(), version == 1 ? 2 : 4) +
         dictionary + data;
}

/// One member of a zip whose fields can lie.
struct Member {
  std::string name = "x.npy";
  std::string content;
  uint16_t method = 0, flags = 0;
  std::optional<uint32_t> size, packed, offset, sum;
};

std::string zipOf(const std::vector<Member>& members, std::optional<uint16_t> count = {}) {
  std::string files, directory;
  for (const Member& m : members) {
    const uint32_t sum =
        m.sum.value_or(uint32_t(crc32(0, reinterpret_cast<const Bytef*>(m.content.data()), uInt(m.content.size()))));
    const std::string common = number(20, 2) + number(m.flags, 2) + number(m.method, 2) + number(0, 4) +
                               number(sum, 4) + number(m.packed.value_or(uint32_t(m.content.size())), 4) +
                               number(m.size.value_or(uint32_t(m.content.size())), 4) + number(m.name.size(), 2) +
                               number(0, 2);
    directory += "PK\1\2" + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
                 number(m.offset.value_or(uint32_t(files.size())), 4) + m.name;
    files += "PK\3\4" + common + m.name + m.content;
  }
  return files + directory + "PK\5\6" + number(0, 4) + number(count.value_or(uint16_t(members.size())), 2) +
         number(count.value_or(uint16_t(members.size())), 2) + number(directory.size(), 4) + number(files.size(), 4) +
         number(0, 2);
}

std::string deflated(const std::string& bytes) {
  std::string out(bytes.size() + 1000, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = uInt(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const std::string kGood = npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", "12345678");

class HostileNpz : public ::testing::Test {
 protected:
  std::map<std::string, Tensor> load(const std::string& bytes) {
    writeFileAtomically(folder_ / "x.npz", bytes);
    return loadNpz(folder_ / "x.npz");
  }
  void refuse(const std::string& bytes, const std::string& sentence) {
    expectError([&] { load(bytes); }, Code::File, "[x.npz] " + sentence);
  }
  void refuseArray(const std::string& content, const std::string& sentence) {
    refuse(zipOf({{.content = content}}), "array 'x' " + sentence);
  }

  TemporaryFolder folder_;
};

TEST_F(HostileNpz, TheGoodOneIsRead) {
  EXPECT_EQ(load(zipOf({{.content = kGood}})).at("x").shape, Shape({2}));
  const std::string packed = deflated(kGood);
  const uint32_t sum = uint32_t(crc32(0, reinterpret_cast<const Bytef*>(kGood.data()), uInt(kGood.size())));
  EXPECT_EQ(load(zipOf({{.content = packed, .method = 8, .size = uint32_t(kGood.size()), .sum = sum}})).size(), 1u);
}

TEST_F(HostileNpz, NoZip) {
  refuse("hello", "is no complete zip file.");
  refuse("PK\3\4", "is no complete zip file.");
  refuse(std::string("PK\5\6") + "short", "is no complete zip file.");
  expectError([&] { load(""); }, Code::File, "[" + (folder_ / "x.npz") + "] is empty.");
}

TEST_F(HostileNpz, BrokenDirectories) {
  refuse(zipOf({{.content = kGood}}, uint16_t(2)), "has a broken directory.");
  refuse(zipOf({}, uint16_t(65535)), "has a broken directory.");
  refuse(zipOf({{.content = kGood, .offset = 7}}), "array 'x' lies outside the file.");
  refuse(zipOf({{.content = kGood, .offset = 4000000000u}}), "array 'x' lies outside the file.");
  refuse(zipOf({{.content = kGood, .size = 1u << 20, .packed = 1u << 20}}), "array 'x' lies outside the file.");
  refuse(zipOf({{.content = kGood}, {.content = kGood}}), "array 'x' stands twice in the file.");
  refuse(zipOf({{.content = kGood, .method = 12}}), "array 'x' is packed by method 12; expected stored or deflated.");
  refuse(zipOf({{.content = kGood, .flags = 1}}), "array 'x' is encrypted.");
  refuse(zipOf({{.content = kGood, .sum = 77}}), "array 'x' is damaged: its checksum differs.");
  refuse(zipOf({{.content = kGood, .size = 5}}), "array 'x' is damaged: its two sizes differ.");
}

/// A thousand names for the same bytes would make a file of any size out of a small one.
TEST_F(HostileNpz, OverlappingMembers) {
  const std::string large = npy("{'descr': '<i4', 'fortran_order': False, 'shape': (500,), }", std::string(2000, 'x'));
  const uint32_t size = uint32_t(large.size());
  const uint32_t sum = uint32_t(crc32(0, reinterpret_cast<const Bytef*>(large.data()), size));
  std::vector<Member> members = {{.name = "0.npy", .content = large}};
  for (int i = 1; i < 1000; ++i)
    members.push_back({.name = std::to_string(i) + ".npy", .size = size, .packed = size, .offset = 0, .sum = sum});
  try {
    load(zipOf(members));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(" overlaps others."), std::string::npos) << error.what();
  }
}

TEST_F(HostileNpz, BombsAndBrokenStreams) {
  const std::string packed = deflated(kGood);
  refuse(zipOf({{.content = packed, .method = 8, .size = 4000000000u}}),
         text("array 'x' claims 4000000000 bytes from ", packed.size(), " packed ones."));
  refuse(zipOf({{.content = packed, .method = 8, .size = 7}}), "array 'x' is damaged.");
  refuse(zipOf({{.content = packed, .method = 8, .size = uint32_t(kGood.size()) + 9}}), "array 'x' is damaged.");
  refuse(zipOf({{.content = packed.substr(0, packed.size() / 2), .method = 8, .size = uint32_t(kGood.size())}}),
         "array 'x' is damaged.");
  refuse(zipOf({{.content = std::string(40, '\xff'), .method = 8, .size = 40}}), "array 'x' is damaged.");
}

TEST_F(HostileNpz, BrokenArrays) {
  const auto with = [](const std::string& dictionary, const std::string& data = "12345678") {
    return npy(dictionary, data);
  };
  refuseArray("", "is no .npy array.");
  refuseArray("not an array", "is no .npy array.");
  refuseArray(std::string("\x93NUMPY\x07\x00\x02\x00{}", 12), "has .npy version 7; expected 1 to 3.");
  refuseArray(std::string("\x93NUMPY\x01\x00\xff\xff{}", 12), "claims a header of 65535 bytes but has 2.");
  refuseArray(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14), "claims a header of 4294967295 bytes but has 2.");
  refuseArray(std::string("\x93NUMPY\x02\x00\x01\x00", 10), "ends inside its header.");
  refuseArray(with("{}"), "has a header without 'descr'.");
  refuseArray(with("{'descr'"), "has a broken header.");
  refuseArray(with("{'descr':   "), "has a broken header.");
  refuseArray(with("{'descr': '<f4"), "is a record array; expected plain numbers.");
  refuseArray(with("{'descr': '<f4', }"), "has a header without 'fortran_order'.");
  refuseArray(with("{'descr': '<f4', 'fortran_order': False}"), "has a header without 'shape'.");
  const auto shaped = [&](const std::string& shape) {
    return with("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }");
  };
  for (const char* shape : {"2", "(2", "(-2,)", "(two,)", "(99999999999999999999,)", "(2;)"})
    refuseArray(shaped(shape), "has a broken shape.");
  refuseArray(shaped("(1,1,1,1,1,1,1,1,2)"), "has more than 8 dimensions.");
  refuseArray(shaped("(3,)"), "has 8 bytes of data; <f4[3] needs 12.");
  refuseArray(shaped("(1,)"), "has 8 bytes of data; <f4[1] needs 4.");
  refuseArray(shaped("(4294967296, 4294967296)"), "has the shape [4294967296,4294967296], which is too large.");
  refuseArray(shaped("(4611686018427387904,)"), "has the shape [4611686018427387904], which is too large.");
}

TEST_F(HostileNpz, TruncatedAnywhere) {
  const std::string whole = zipOf({{.content = kGood}});
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_THROW(load(whole.substr(0, bytes)), Error) << bytes;
}

/// Any one byte changed: refused, or read as something; never a crash or an absurd allocation.
TEST_F(HostileNpz, AnyByteChanged) {
  const std::string packed = deflated(kGood);
  const uint32_t sum = uint32_t(crc32(0, reinterpret_cast<const Bytef*>(kGood.data()), uInt(kGood.size())));
  for (const std::string& whole :
       {zipOf({{.content = kGood}}),
        zipOf({{.content = packed, .method = 8, .size = uint32_t(kGood.size()), .sum = sum}})})
    for (size_t at = 0; at < whole.size(); ++at)
      for (const int change : {1, 0x80, 0xff}) {
        std::string bytes = whole;
        bytes[at] = char(bytes[at] ^ change);
        try {
          for (const auto& [name, tensor] : load(bytes)) EXPECT_LE(tensor.bytes(), 8) << at;
        } catch (const Error& error) {
          EXPECT_TRUE(error.code() == Code::File || error.code() == Code::Memory) << at << ": " << error.what();
        }
      }
}

TEST(Arrays, KindIsToldByContentNotByName) {
  const TemporaryFolder folder;
  saveNpz(folder / "a.safetensors", {{"x", Tensor::scalar(1)}});
  EXPECT_EQ(loadArrays(folder / "a.safetensors").at("x").toDoubles(), Numbers{1});
  expectError([&] { saveArrays(folder / "a.txt", {}); }, Code::Usage,
              "[" + (folder / "a.txt") + "] expected a name that ends in .npz or .safetensors.");
}

}  // namespace
}  // namespace fw
