// Pictures of 8x8 codes.
#include "engine/train/shapes.h"

#include <algorithm>

namespace fw {
namespace {

// Rows as bits, the left column highest.
constexpr std::array<std::array<uint8_t, 3>, 6> kSmall = {
    {{7, 7, 7}, {7, 5, 7}, {2, 7, 2}, {5, 2, 5}, {4, 4, 7}, {7, 2, 2}}};
constexpr std::array<std::array<uint8_t, 4>, 6> kLarge = {
    {{15, 15, 15, 15}, {15, 9, 9, 15}, {6, 15, 15, 6}, {9, 6, 6, 9}, {8, 8, 8, 15}, {15, 6, 6, 6}}};

bool isInk(const ShapeScene& scene, int64_t row, int64_t column) {
  const uint8_t bits =
      scene.isLarge ? kLarge[size_t(scene.shape)][size_t(row)] : kSmall[size_t(scene.shape)][size_t(row)];
  return bits >> (scene.side() - 1 - column) & 1;
}

int64_t inkCode(const ShapeScene& scene, int64_t row, int64_t column) {
  return 4 + 4 * scene.colour + (row + 2 * column) % 4;
}

}  // namespace

ShapeScene randomScene(Rng& rng) {
  ShapeScene scene{.colour = rng.below(5), .shape = rng.below(6), .isLarge = rng.below(2)};
  scene.top = rng.below(kShapeSide - scene.side() + 1);
  scene.left = rng.below(kShapeSide - scene.side() + 1);
  scene.style = 1 + rng.below(3);
  scene.rowStyle = rng.below(4);
  scene.phase = rng.below(4);
  return scene;
}

std::vector<int64_t> drawScene(const ShapeScene& scene, Rng& rng, double noise) {
  std::vector<int64_t> codes;
  for (int64_t i = 0; i < kShapeSide; ++i)
    for (int64_t j = 0; j < kShapeSide; ++j) {
      const int64_t row = i - scene.top, column = j - scene.left;
      const bool isInside = row >= 0 && row < scene.side() && column >= 0 && column < scene.side();
      if (isInside && isInk(scene, row, column))
        codes.push_back(inkCode(scene, row, column));
      else if (noise > 0 && rng.uniform() < noise)
        codes.push_back(rng.below(4));
      else
        codes.push_back((scene.style * i + scene.rowStyle * j + scene.phase) % 4);
    }
  return codes;
}

std::optional<ShapeScene> readScene(const std::vector<int64_t>& codes) {
  int64_t top = kShapeSide, left = kShapeSide, colour = -1;
  for (int64_t i = 0; i < kShapeSide; ++i)
    for (int64_t j = 0; j < kShapeSide; ++j)
      if (const int64_t code = codes[size_t(i * kShapeSide + j)]; code >= 4) {
        top = std::min(top, i);
        left = std::min(left, j);
        colour = (code - 4) / 4;
      }
  if (colour < 0) return std::nullopt;
  for (int64_t shape = 0; shape < 6; ++shape)
    for (int64_t isLarge = 0; isLarge < 2; ++isLarge) {
      const ShapeScene scene{.colour = colour, .shape = shape, .isLarge = isLarge, .top = top, .left = left};
      if (top + scene.side() > kShapeSide || left + scene.side() > kShapeSide) continue;
      bool isSame = true;
      for (int64_t i = 0; isSame && i < kShapeSide; ++i)
        for (int64_t j = 0; isSame && j < kShapeSide; ++j) {
          const int64_t code = codes[size_t(i * kShapeSide + j)], row = i - top, column = j - left;
          const bool isInside = row >= 0 && row < scene.side() && column >= 0 && column < scene.side();
          isSame = isInside && isInk(scene, row, column) ? code == inkCode(scene, row, column) : code < 4;
        }
      if (isSame) return scene;
    }
  return std::nullopt;
}

std::vector<int64_t> describeScene(const ShapeScene& scene, Rng& rng) {
  std::vector<int64_t> words;
  const std::array<int64_t, 5> attributes = scene.attributes();
  for (size_t i = 0; i < attributes.size(); ++i)
    words.push_back(kShapeWordOffsets[i] + 2 * attributes[i] + rng.below(2));
  return words;
}

}  // namespace fw
