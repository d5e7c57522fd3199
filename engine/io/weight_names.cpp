// From tensors of a checkpoint to weights of a document and back.
#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/io/huggingface.h"

namespace fw {
namespace {

/// Where rule and tensor agree: rows of each part, in all and in a group.
struct Layout {
  int64_t rows = 0, columns = 1;  // of the tensor as the weights see it
  std::vector<int64_t> partRows;
};

Layout layoutOf(const WeightRule& rule, const std::string& name, const Shape& shape) {
  const auto fail = [&](const std::string& what) { throw Error(Code::File, text("[", name, "] ", what)); };
  if (rule.groups < 1) fail(text("the rows fall into ", rule.groups, " groups; expected at least one."));
  if (rule.isTransposed && shape.rank() != 2) fail(text("the tensor is ", shape, "; expected two dimensions."));
  Layout layout;
  layout.rows = shape.rank() == 0 ? 1 : shape[rule.isTransposed ? 1 : 0];
  layout.columns = layout.rows == 0 ? 0 : shape.count() / layout.rows;
  int64_t known = 0, open = 0;
  for (const WeightPart& part : rule.parts) {
    known += part.rows;
    open += part.rows == 0;
  }
  if (known > layout.rows || (open == 0 && known != layout.rows))
    fail(text("the tensor is ", shape, "; expected ", known, " rows."));
  for (const WeightPart& part : rule.parts) {
    layout.partRows.push_back(part.rows > 0 ? part.rows : layout.rows - known);
    if (layout.partRows.back() % rule.groups != 0)
      fail(text("the tensor is ", shape, "; expected rows that are a multiple of ", rule.groups, "."));
  }
  return layout;
}

/// Copies the rows [first, first + count) of the tensor into those of the part from `at` on, or the other way.
void copyRows(const WeightRule& rule, const Layout& layout, std::byte* tensor, int64_t first, std::byte* part,
              int64_t at, int64_t count, int64_t size, bool isBack) {
  const auto copy = [&](std::byte* there, std::byte* here, int64_t bytes) {
    std::memcpy(isBack ? there : here, isBack ? here : there, size_t(bytes));
  };
  if (!rule.isTransposed) {
    const int64_t bytes = layout.columns * size;
    if (count * bytes > 0) copy(tensor + first * bytes, part + at * bytes, count * bytes);
    return;
  }
  constexpr int64_t tile = 32;  // lines of both sides stay in the first cache
  for (int64_t r0 = 0; r0 < count; r0 += tile)
    for (int64_t c0 = 0; c0 < layout.columns; c0 += tile)
      for (int64_t r = r0; r < std::min(count, r0 + tile); ++r)
        for (int64_t c = c0; c < std::min(layout.columns, c0 + tile); ++c)
          copy(tensor + (c * layout.rows + first + r) * size, part + ((at + r) * layout.columns + c) * size, size);
}

/// Calls `piece(part, first row in the tensor, first row in the part, rows)` for each run of rows.
template <class Piece>
void forEachPiece(const WeightRule& rule, const Layout& layout, const Piece& piece) {
  int64_t row = 0;
  for (int64_t group = 0; group < rule.groups; ++group)
    for (size_t p = 0; p < rule.parts.size(); ++p) {
      const int64_t count = layout.partRows[p] / rule.groups;
      piece(p, row, group * count, count);
      row += count;
    }
}

Shape partShape(const WeightRule& rule, const Layout& layout, const Shape& tensor, int64_t rows) {
  if (rule.isTransposed) return {rows, layout.columns};
  Shape shape;
  for (int i = 0; i < -rule.onesInFront; ++i) shape.append(1);
  for (int i = std::max(0, rule.onesInFront); i < tensor.rank(); ++i)
    shape.append(i == 0 && rule.parts.size() > 1 ? rows : tensor[i]);
  return shape;
}

}  // namespace

std::string filledName(const std::string& pattern, const std::vector<std::string>& numbers) {
  std::string name;
  size_t next = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.compare(i, 2, "{}") != 0) {
      name += pattern[i];
      continue;
    }
    if (next < numbers.size()) name += numbers[next];
    ++next;
    ++i;
  }
  return name;
}

bool matchesName(const std::string& pattern, const std::string& name, std::vector<std::string>& numbers) {
  numbers.clear();
  size_t at = 0;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern.compare(i, 2, "{}") == 0) {
      const size_t first = at;
      while (at < name.size() && name[at] >= '0' && name[at] <= '9' && at - first < 9) ++at;
      const bool isCanonical = at > first && (name[first] != '0' || at == first + 1);
      if (!isCanonical) return false;
      numbers.push_back(name.substr(first, at - first));
      i += 2;
      continue;
    }
    if (at >= name.size() || name[at] != pattern[i]) return false;
    ++at;
    ++i;
  }
  return at == name.size();
}

std::map<std::string, Tensor> partsOf(const WeightRule& rule, const std::vector<std::string>& numbers,
                                      const Tensor& tensor) {
  const std::string name = filledName(rule.tensor, numbers);
  for (int i = 0; i < rule.onesInFront; ++i)
    if (i >= tensor.shape.rank() || tensor.shape[i] != 1)
      throw Error(Code::File, text("[", name, "] the tensor is ", tensor.shape, "; expected ", rule.onesInFront,
                                   " sizes of 1 in front."));
  const bool isWhole = rule.parts.size() == 1 && !rule.isTransposed;
  const Layout layout = isWhole ? Layout{} : layoutOf(rule, name, tensor.shape);
  const int64_t size = byteSize(tensor.dtype);
  std::vector<Tensor> parts;
  for (size_t p = 0; p < rule.parts.size(); ++p) {
    const int64_t rows = isWhole ? 0 : layout.partRows[p];
    const Shape shape = partShape(rule, layout, tensor.shape, rows);
    if (rule.isTransposed || rule.groups > 1)
      parts.push_back(Tensor::make(tensor.dtype, shape));
    else
      parts.push_back({tensor.dtype, shape, tensor.memory});
  }
  if (rule.isTransposed || rule.groups > 1)
    forEachPiece(rule, layout, [&](size_t p, int64_t row, int64_t at, int64_t count) {
      copyRows(rule, layout, tensor.memory.get(), row, parts[p].memory.get(), at, count, size, false);
    });
  else if (!isWhole)
    forEachPiece(rule, layout, [&](size_t p, int64_t row, int64_t, int64_t) {
      parts[p].memory = {tensor.memory, tensor.memory.get() + row * layout.columns * size};
    });
  std::map<std::string, Tensor> named;
  for (size_t p = 0; p < parts.size(); ++p) named[filledName(rule.parts[p].name, numbers)] = std::move(parts[p]);
  return named;
}

Tensor joinedParts(const WeightRule& rule, const std::vector<std::string>& numbers,
                   const std::map<std::string, Tensor>& weights) {
  std::vector<Tensor> parts;
  int64_t rows = 0;
  for (const WeightPart& part : rule.parts) {
    const std::string name = filledName(part.name, numbers);
    const auto at = weights.find(name);
    if (at == weights.end()) throw Error(Code::Data, text("[", name, "] there is no weight of this name."));
    parts.push_back(at->second);
    rows += at->second.shape.rank() > 0 ? at->second.shape[0] : 1;
  }
  const Tensor& first = parts.front();
  Shape shape;
  if (rule.isTransposed) {
    shape = {first.shape[1], rows};
  } else {
    for (int i = 0; i < rule.onesInFront; ++i) shape.append(1);
    for (int i = std::max(0, -rule.onesInFront); i < first.shape.rank(); ++i)
      shape.append(i == 0 && parts.size() > 1 ? rows : first.shape[i]);
  }
  if (parts.size() == 1 && !rule.isTransposed) return {first.dtype, shape, first.memory};
  Tensor tensor = Tensor::make(first.dtype, shape);
  const Layout layout = layoutOf(rule, filledName(rule.tensor, numbers), shape);
  const int64_t size = byteSize(tensor.dtype);
  for (size_t p = 0; p < parts.size(); ++p)
    if (parts[p].dtype != first.dtype || parts[p].count() != layout.partRows[p] * layout.columns)
      throw Error(Code::Data, text("[", filledName(rule.parts[p].name, numbers), "] the weight is ", parts[p].shape,
                                   "; expected ", layout.partRows[p], " rows of ", layout.columns, "."));
  forEachPiece(rule, layout, [&](size_t p, int64_t row, int64_t at, int64_t count) {
    copyRows(rule, layout, tensor.memory.get(), row, parts[p].memory.get(), at, count, size, true);
  });
  return tensor;
}

}  // namespace fw
