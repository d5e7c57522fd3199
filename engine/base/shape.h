// The sizes of a tensor: at most eight, row-major, checked against overflow.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

namespace fw {

class Shape {
 public:
  static constexpr int maxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);
  explicit Shape(const std::vector<int64_t>& dims);

  int rank() const { return rank_; }
  /// Size of dimension `i`; negative `i` counts from the end. Throws Code::Shape when there is none.
  int64_t operator[](int i) const;
  void set(int i, int64_t size);
  /// The index in [0, rank) that `i` means; throws Code::Shape when there is none.
  int axis(int i) const;

  /// Number of elements; 1 for rank 0. Throws Code::Shape above 2^62.
  int64_t count() const;
  /// Product of the sizes in [begin, end).
  int64_t product(int begin, int end) const;

  void append(int64_t size);
  Shape without(int i) const;
  Shape with(int i, int64_t size) const;
  std::vector<int64_t> dims() const { return {begin(), end()}; }

  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  bool operator==(const Shape& other) const;

  /// "[2,5,8]"
  std::string toString() const;

 private:
  std::array<int64_t, maxRank> dims_{};
  int rank_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// a*b, or Code::Shape with `what` in the sentence when it does not fit into 62 bits or an operand is negative.
int64_t checkedProduct(int64_t a, int64_t b, const char* what);

/// The shape both broadcast to (NumPy rules); throws Code::Shape naming `place`.
Shape broadcast(const Shape& a, const Shape& b, const std::string& place);

/// Row-major strides in elements; 0 where `shape` has size 1 and `target` has not (same rank after left padding).
std::vector<int64_t> broadcastStrides(const Shape& shape, const Shape& target);

}  // namespace fw
