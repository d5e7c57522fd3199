// Files written piece by piece equal those written at once.
#include "engine/io/safetensors_writer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

size_t filesIn(const std::string& folder) {
  return size_t(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST(SafetensorsWriter, PiecesInAnyOrderGiveTheSameFile) {
  const TemporaryFolder folder;
  const Tensor x = Tensor::fromFloats({2, 3}, {1, 2, 3, 4, 5, 6}), n = Tensor::fromInts({2}, {7, -8});
  saveSafetensors(folder / "whole.safetensors", {{"x", x}, {"n", n}}, {{"who", "me"}});
  SafetensorsWriter writer(folder / "pieces.safetensors", {{"x", {DType::F32, {2, 3}}}, {"n", {DType::I64, {2}}}},
                           {{"who", "me"}});
  writer.write("x", 12, x.data() + 3, 12);
  writer.write("n", 0, n.data<int64_t>(), 16);
  writer.write("x", 0, x.data(), 12);
  EXPECT_FALSE(std::filesystem::exists(folder / "pieces.safetensors")) << "only whole files have the name";
  writer.finish();
  EXPECT_EQ(readFile(folder / "pieces.safetensors"), readFile(folder / "whole.safetensors"));
  EXPECT_EQ(filesIn(folder.path()), 2u);
}

TEST(SafetensorsWriter, WhatWasNotFinishedIsGoneAndWhatWasThereStays) {
  const TemporaryFolder folder;
  writeFileAtomically(folder / "x.safetensors", "old");
  {
    SafetensorsWriter writer(folder / "x.safetensors", {{"x", {DType::F32, {2}}}}, {});
    const float value = 1;
    writer.write("x", 0, &value, 4);
  }
  EXPECT_EQ(readFile(folder / "x.safetensors"), "old");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(SafetensorsWriter, PlacesOutsideAndFoldersThatAreNotThereAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  SafetensorsWriter writer(path, {{"x", {DType::F32, {2}}}}, {});
  const float values[3] = {};
  expectError([&] { writer.write("x", 0, values, 12); }, Code::Internal,
              "[" + path + "] bytes 0 to 12 lie outside of 'x'; expected a place in a tensor that was announced.");
  expectError([&] { writer.write("y", 0, values, 4); }, Code::Internal,
              "[" + path + "] bytes 0 to 4 lie outside of 'y'; expected a place in a tensor that was announced.");
  const std::string nowhere = folder / "none/x.safetensors";
  expectError(
      [&] {
        SafetensorsWriter(nowhere, {{"x", {DType::F32, {2}}}}, {});
      },
      Code::File, "[" + nowhere + "] cannot be written: No such file or directory.");
}

}  // namespace
}  // namespace fw
