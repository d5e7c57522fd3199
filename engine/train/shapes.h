// Pictures of 8x8 codes with one coloured object, and captions of five words: drawn, described and read back exactly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/rng.h"

namespace fw {

/// What a caption says. Every word has two synonyms.
struct ShapeScene {
  int64_t colour = 0;   // 0..4
  int64_t shape = 0;    // 0..5: square, frame, plus, cross, ell, tee
  int64_t isLarge = 0;  // 0: 3x3, 1: 4x4
  int64_t top = 0, left = 0;
  int64_t style = 1, rowStyle = 0, phase = 0;  // background code(i,j) = (style i + rowStyle j + phase) mod 4

  int64_t side() const { return 3 + isLarge; }
  int64_t verticalThird() const { return third(2 * top + side() - 1); }
  int64_t horizontalThird() const { return third(2 * left + side() - 1); }
  /// The five attributes: colour, shape, size, vertical and horizontal third.
  std::array<int64_t, 5> attributes() const { return {colour, shape, isLarge, verticalThird(), horizontalThird()}; }

 private:
  static int64_t third(int64_t twiceCentre) { return twiceCentre < 5 ? 0 : twiceCentre > 9 ? 2 : 1; }
};

constexpr int64_t kShapeSide = 8, kShapeCodes = 24, kShapeWords = 38;
constexpr std::array<int64_t, 5> kShapeWordOffsets = {0, 10, 22, 26, 32};

ShapeScene randomScene(Rng& rng);

/// 64 codes, row by row; each background cell is redrawn from 0..3 with probability `noise`.
std::vector<int64_t> drawScene(const ShapeScene& scene, Rng& rng, double noise);

/// The object of a picture: every attribute that a caption names, or nothing when there is no exact object.
std::optional<ShapeScene> readScene(const std::vector<int64_t>& codes);

/// Five word ids in 0..37: offset + 2 value + synonym.
std::vector<int64_t> describeScene(const ShapeScene& scene, Rng& rng);

}  // namespace fw
