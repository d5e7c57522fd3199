// The sizes of a tensor.
#include "engine/base/shape.h"

#include <algorithm>

#include "engine/base/error.h"

namespace fw {

namespace {
constexpr int64_t kMaxCount = int64_t(1) << 62;
}

int64_t checkedProduct(int64_t a, int64_t b, const char* what) {
  if (a < 0 || b < 0) throw Error(Code::Shape, text("[", what, "] a size is negative: ", std::min(a, b), "."));
  if (a != 0 && b > kMaxCount / a)
    throw Error(Code::Shape, text("[", what, "] ", a, " x ", b, " is more than any machine can hold."));
  return a * b;
}

Shape::Shape(std::initializer_list<int64_t> dims) {
  for (int64_t d : dims) append(d);
}

Shape::Shape(const std::vector<int64_t>& dims) {
  for (int64_t d : dims) append(d);
}

int Shape::axis(int i) const {
  const int j = i < 0 ? i + rank_ : i;
  if (j < 0 || j >= rank_) throw Error(Code::Shape, text("[shape] ", *this, " has no dimension ", i, "."));
  return j;
}

int64_t Shape::operator[](int i) const { return dims_[size_t(axis(i))]; }

void Shape::set(int i, int64_t size) { dims_[size_t(axis(i))] = size; }

int64_t Shape::count() const { return product(0, rank_); }

int64_t Shape::product(int begin, int end) const {
  int64_t total = 1;
  for (int i = begin; i < end; ++i) total = checkedProduct(total, dims_[size_t(i)], "shape");
  return total;
}

void Shape::append(int64_t size) {
  if (rank_ == maxRank) throw Error(Code::Shape, text("[shape] a tensor has at most ", maxRank, " dimensions."));
  if (size < 0) throw Error(Code::Shape, text("[shape] a size is negative: ", size, "."));
  dims_[size_t(rank_++)] = size;
}

Shape Shape::without(int i) const {
  const int skip = axis(i);
  Shape out;
  for (int j = 0; j < rank_; ++j)
    if (j != skip) out.append(dims_[size_t(j)]);
  return out;
}

Shape Shape::with(int i, int64_t size) const {
  Shape out = *this;
  out.set(i, size);
  return out;
}

bool Shape::operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

std::string Shape::toString() const {
  std::string out = "[";
  for (int i = 0; i < rank_; ++i) out += (i ? "," : "") + std::to_string(dims_[size_t(i)]);
  return out + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.toString(); }

Shape broadcast(const Shape& a, const Shape& b, const std::string& place) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(static_cast<size_t>(rank), 1);
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[-i] : 1;
    const int64_t y = i <= b.rank() ? b[-i] : 1;
    if (x != y && x != 1 && y != 1)
      throw Error(Code::Shape, text("[", place, "] ", a, " and ", b, " do not broadcast: ", x, " and ", y, " differ."));
    dims[size_t(rank - i)] = x == 1 ? y : x;
  }
  return Shape(dims);
}

std::vector<int64_t> broadcastStrides(const Shape& shape, const Shape& target) {
  std::vector<int64_t> strides(static_cast<size_t>(target.rank()), 0);
  int64_t stride = 1;
  for (int i = 1; i <= shape.rank(); ++i) {
    if (shape[-i] != 1) strides[size_t(target.rank() - i)] = stride;
    stride *= shape[-i];
  }
  return strides;
}

}  // namespace fw
