// Colour maps of heat maps. Viridis: van der Walt and Smith 2015; cividis: Nuñez, Anderton and Renslow 2018 (both
// public domain, 33 of their 256 samples); blue-white-red: ColorBrewer RdBu, reversed.
#include "widgets/color_map.h"

#include <array>
#include <cmath>
#include <vector>

namespace fw::ui {
namespace {

const std::vector<unsigned>& stops(ColorMap map) {
  static const std::vector<unsigned> viridis = {
      0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b, 0x375b8d, 0x33638d,
      0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f978b, 0x1f9f88, 0x21a685, 0x27ad81, 0x31b57b,
      0x3dbc74, 0x4cc26c, 0x5cc863, 0x6ece58, 0x81d34d, 0x95d840, 0xaadc32, 0xc0df25, 0xd5e21a, 0xeae51a, 0xfde725};
  static const std::vector<unsigned> cividis = {
      0x00224e, 0x00285b, 0x002e6a, 0x053371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c, 0x4b546c, 0x535a6d,
      0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x767676, 0x7d7c78, 0x838179, 0x8b8778, 0x928d78, 0x9a9376, 0xa29975,
      0xaaa073, 0xb3a670, 0xbbad6d, 0xc3b369, 0xccba64, 0xd4c15f, 0xddc858, 0xe6d051, 0xefd748, 0xf8df3c, 0xfee838};
  static const std::vector<unsigned> signedMap = {0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xffffff,
                                                  0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b};
  return map == ColorMap::Viridis ? viridis : map == ColorMap::Cividis ? cividis : signedMap;
}

QRgb between(unsigned a, unsigned b, double share) {
  const auto channel = [&](int shift) {
    const double low = (a >> shift) & 255, high = (b >> shift) & 255;
    return int(std::lround(low + (high - low) * share));
  };
  return qRgb(channel(16), channel(8), channel(0));
}

std::array<QRgb, 256> makeTable(ColorMap map) {
  const std::vector<unsigned>& colors = stops(map);
  std::array<QRgb, 256> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const double at = double(i) / 255 * double(colors.size() - 1);
    const size_t first = std::min(size_t(at), colors.size() - 2);
    table[i] = between(colors[first], colors[first + 1], at - double(first));
  }
  return table;
}

}  // namespace

const QRgb* colorTable(ColorMap map) {
  static const std::array<std::array<QRgb, 256>, 3> tables = {
      makeTable(ColorMap::Viridis), makeTable(ColorMap::Cividis), makeTable(ColorMap::BlueWhiteRed)};
  return tables[size_t(map)].data();
}

QColor colorAt(ColorMap map, double t) {
  if (std::isnan(t)) return QColor(0, 0, 0, 0);
  // The middle of the signed map lies between two entries of the table; both are white to the eye.
  const int index = int(std::lround(std::fmin(std::fmax(t, 0.0), 1.0) * 255));
  return QColor::fromRgb(colorTable(map)[index]);
}

QString colorMapName(ColorMap map) {
  return map == ColorMap::Viridis ? "viridis" : map == ColorMap::Cividis ? "cividis" : "blue-white-red";
}

}  // namespace fw::ui
