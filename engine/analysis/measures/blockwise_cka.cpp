// Unbiased linear CKA of all pairs of representations over all samples at once, in little memory.
//
// For blocks I <= J of samples and every representation l the kernel's block G_l = X_l[I] X_l[J]^T is written into a
// stack; then one product of the stack with itself gives all sums of G_l G_m, and its row and column sums those of the
// kernels.
#include "engine/analysis/measures/blockwise_cka.h"

#include <algorithm>
#include <cmath>

#include "engine/analysis/measures/hsic.h"
#include "engine/analysis/measures/matrices.h"
#include "engine/exec/executor.h"
#include "engine/ops/dynamic_update_slice.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

constexpr int64_t kStackBytes = int64_t(128) << 20;

/// Samples in a block: a multiple of 128 whose stack of kernels is not too large, few of them not cut at all.
int64_t blockOf(int64_t count, int64_t rows) {
  int64_t block = 1024;
  while (block > 128 && count * block * block * int64_t(sizeof(float)) > kStackBytes) block /= 2;
  if (rows <= block) return rows;
  const int64_t blocks = (rows + block - 1) / block;
  return (rows + blocks - 1) / blocks;
}

/// Means of the features. What rounding leaves of them does no harm: the estimator does not see translations.
std::vector<float> meansOf(const Features& features) {
  std::vector<double> sums(size_t(features.width), 0);
  for (int64_t r = 0; r < features.rows; ++r)
    for (int64_t c = 0; c < features.width; ++c) sums[size_t(c)] += features.data[r * features.width + c];
  std::vector<float> means;
  for (const double sum : sums) means.push_back(float(sum / double(features.rows)));
  return means;
}

class BlockwiseCka {
 public:
  explicit BlockwiseCka(const std::vector<Features>& all)
      : all_(all),
        count_(int64_t(all.size())),
        rows_(all.front().rows),
        block_(blockOf(count_, rows_)),
        backend_(makeCpuBackend()),
        store_(*backend_),
        traces_(size_t(count_ * count_), 0),
        sums_(size_t(count_), std::vector<double>(size_t(rows_), 0)) {
    store_.make("stack", {DType::F32, {count_, block_, block_}});
    for (const Features& features : all_) {
      means_.push_back(meansOf(features));
      // Equal widths share a plan and its buffers.
      if (fills_.contains(features.width)) continue;
      for (const char* side : {"left", "right"})
        store_.make(bufferName(side, features.width), {DType::F32, {block_, features.width}});
      fills_.emplace(features.width, Fills{fillPlan(features.width, "right"), fillPlan(features.width, "left")});
    }
    reduce_ = std::make_unique<Executor>(reducePlan(), store_);
  }

  std::vector<double> run(const CancelToken& cancel) {
    for (int64_t i = 0; i < rows_; i += block_)
      for (int64_t j = i; j < rows_; j += block_) {
        for (int64_t l = 0; l < count_; ++l) {
          throwIfCancelled(cancel);
          fill(l, i, j);
        }
        addUp(i, j);
      }
    return finish();
  }

 private:
  /// What fills a place of the stack: blocks of different samples, and of the same ones.
  struct Fills {
    std::unique_ptr<Executor> other, diagonal;
  };

  static std::string bufferName(const std::string& side, int64_t width) { return side + std::to_string(width); }

  std::shared_ptr<const Plan> planned(ir::Builder& builder) const {
    return std::make_shared<const Plan>(
        makePlan(std::make_shared<const ir::Graph>(builder.finish()), planOptions(*backend_)));
  }

  /// stack[index] = left other^T
  std::unique_ptr<Executor> fillPlan(int64_t width, const std::string& other) {
    ir::Builder builder;
    const ir::TensorType side{DType::F32, {block_, width}};
    const ir::Value left = builder.input(bufferName("left", width), side),
                    right = other == "left" ? left : builder.input(bufferName(other, width), side),
                    stack = builder.input("stack", {DType::F32, {count_, block_, block_}}),
                    index = builder.input("index", {DType::I64, {}});
    const ir::Value kernel = ir::reshape(ir::matmul(left, right, {.transposeB = true}), Shape{1, block_, block_});
    builder.output("filled", ir::dynamicUpdateSlice(stack, kernel, index, 0), "stack");
    return std::make_unique<Executor>(planned(builder), store_);
  }

  std::shared_ptr<const Plan> reducePlan() {
    ir::Builder builder;
    const ir::Value stack = builder.input("stack", {DType::F32, {count_, block_, block_}});
    const ir::Value pieces = ir::reshape(stack, Shape{count_, block_ * block_});
    builder.output("traces", ir::matmul(pieces, pieces, {.transposeB = true}));
    builder.output("row_sums", ir::sum(stack, {2}));
    builder.output("column_sums", ir::sum(stack, {1}));
    return planned(builder);
  }

  /// Copies centred samples [first, first + block) of a representation; those past the end are zero.
  void load(const std::string& name, int64_t l, int64_t first) {
    const Features& features = all_[size_t(l)];
    const float* means = means_[size_t(l)].data();
    float* out = reinterpret_cast<float*>(store_.memory(name).pointer);
    const int64_t filled = std::min(block_, rows_ - first);
    for (int64_t r = 0; r < filled; ++r)
      for (int64_t c = 0; c < features.width; ++c)
        out[r * features.width + c] = features.data[(first + r) * features.width + c] - means[c];
    std::fill(out + filled * features.width, out + block_ * features.width, 0.0f);
  }

  void fill(int64_t l, int64_t i, int64_t j) {
    const int64_t width = all_[size_t(l)].width;
    load(bufferName("left", width), l, i);
    if (i != j) load(bufferName("right", width), l, j);
    const Fills& fills = fills_.at(width);
    Executor& executor = i == j ? *fills.diagonal : *fills.other;
    executor.setInput("index", Tensor::scalarInt(l));
    executor.run();
    if (i != j) return;
    float* kernel = reinterpret_cast<float*>(store_.memory("stack").pointer) + l * block_ * block_;
    for (int64_t r = 0; r < block_; ++r) kernel[r * block_ + r] = 0;  // no sample is compared with itself
  }

  void addUp(int64_t i, int64_t j) {
    const bool isOff = i != j;  // stands for its mirror image too
    reduce_->run();
    const Tensor traces = reduce_->output("traces"), rowSums = reduce_->output("row_sums"),
                 columnSums = reduce_->output("column_sums");
    for (size_t p = 0; p < traces_.size(); ++p) traces_[p] += (isOff ? 2 : 1) * double(traces.data()[p]);
    for (int64_t l = 0; l < count_; ++l)
      for (int64_t r = 0; r < block_; ++r) {
        if (i + r < rows_) sums_[size_t(l)][size_t(i + r)] += rowSums.data()[l * block_ + r];
        if (isOff && j + r < rows_) sums_[size_t(l)][size_t(j + r)] += columnSums.data()[l * block_ + r];
      }
  }

  double hsic(int64_t l, int64_t m) const {
    double sumL = 0, sumM = 0, chain = 0;
    for (int64_t r = 0; r < rows_; ++r) {
      sumL += sums_[size_t(l)][size_t(r)];
      sumM += sums_[size_t(m)][size_t(r)];
      chain += sums_[size_t(l)][size_t(r)] * sums_[size_t(m)][size_t(r)];
    }
    return unbiasedHsic(traces_[size_t(l * count_ + m)], sumL, sumM, chain, double(rows_));
  }

  std::vector<double> finish() const {
    std::vector<double> own, values(size_t(count_ * count_), kNoValue);
    for (int64_t l = 0; l < count_; ++l) own.push_back(hsic(l, l));
    for (int64_t l = 0; l < count_; ++l)
      for (int64_t m = l; m < count_; ++m)
        if (own[size_t(l)] > 0 && own[size_t(m)] > 0)
          values[size_t(l * count_ + m)] = values[size_t(m * count_ + l)] =
              l == m ? 1 : hsic(l, m) / std::sqrt(own[size_t(l)] * own[size_t(m)]);
    return values;
  }

  const std::vector<Features>& all_;
  int64_t count_, rows_, block_;
  std::unique_ptr<Backend> backend_;
  Store store_;
  std::map<int64_t, Fills> fills_;  // by width
  std::unique_ptr<Executor> reduce_;
  std::vector<std::vector<float>> means_;
  std::vector<double> traces_;             // [count, count]
  std::vector<std::vector<double>> sums_;  // of the kernels' rows, [count][rows]
};

}  // namespace

std::vector<double> blockwiseCka(const std::vector<Features>& all, const CancelToken& cancel) {
  if (all.empty()) return {};
  if (all.front().rows < 4) return std::vector<double>(all.size() * all.size(), kNoValue);
  return BlockwiseCka(all).run(cancel);
}

}  // namespace fw
