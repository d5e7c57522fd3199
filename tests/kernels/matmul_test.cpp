// matmul against plain loops in double precision: each layout, batch, epilogue, instruction set and number of threads.
#include "kernels/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/each_target.h"
#include "tests/support/guarded.h"
#include "tests/support/random_floats.h"

namespace fw::kernels {
namespace {

using fw::testing::forEachTarget;
using fw::testing::Guarded;
using fw::testing::randomFloats;

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Relu:
      return x > 0 ? x : 0;
    case Activation::SquaredRelu:
      return x > 0 ? x * x : 0;
    case Activation::Silu:
      return x / (1 + std::exp(-x));
    case Activation::GeluTanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::Gelu:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  }
  return 0;
}

struct Case {
  int64_t batch = 1, m, n, k;
  bool transposeA = false, transposeB = false;
  int64_t padding = 0;  // unused elements at the end of each row
  bool sharesA = false, sharesB = false;
  bool hasBias = false, accumulates = false, keepsPreActivation = false;
  Activation activation = Activation::None;

  std::string name() const {
    return std::to_string(batch) + " x [" + std::to_string(m) + "," + std::to_string(k) + "] [" + std::to_string(k) +
           "," + std::to_string(n) + "]" + (transposeA ? " TA" : "") + (transposeB ? " TB" : "") +
           (padding ? " padded" : "") + (sharesA ? " shared A" : "") + (sharesB ? " shared B" : "") +
           (hasBias ? " bias" : "") + (accumulates ? " +=" : "") + " act " + std::to_string(int(activation));
  }
};

class Problem {
 public:
  explicit Problem(const Case& c)
      : case_(c),
        lda_((c.transposeA ? c.m : c.k) + c.padding),
        ldb_((c.transposeB ? c.k : c.n) + c.padding),
        ldc_(c.n + c.padding),
        sizeA_((c.transposeA ? c.k : c.m) * lda_),
        sizeB_((c.transposeB ? c.n : c.k) * ldb_),
        sizeC_(c.m * ldc_),
        a_(randomFloats((c.sharesA ? 1 : c.batch) * sizeA_, 1)),
        b_(randomFloats((c.sharesB ? 1 : c.batch) * sizeB_, 2)),
        c_(randomFloats(c.batch * sizeC_, 3)),
        bias_(randomFloats(c.n, 4)) {}

  /// Runs the kernel; C afterwards, and the kept values in `before`.
  std::vector<float> run(int threads, std::vector<float>& before) const {
    Guarded<float> c(c_), kept(int64_t(c_.size()));
    MatmulArgs args;
    args.a = a_.data();
    args.b = b_.data();
    args.c = c.data();
    args.bias = case_.hasBias ? bias_.data() : nullptr;
    args.preActivation = case_.keepsPreActivation ? kept.data() : nullptr;
    args.batch = case_.batch;
    args.m = case_.m;
    args.n = case_.n;
    args.k = case_.k;
    args.lda = lda_;
    args.ldb = ldb_;
    args.ldc = ldc_;
    args.batchStrideA = case_.sharesA ? 0 : sizeA_;
    args.batchStrideB = case_.sharesB ? 0 : sizeB_;
    args.batchStrideC = sizeC_;
    args.transposeA = case_.transposeA;
    args.transposeB = case_.transposeB;
    args.accumulates = case_.accumulates;
    args.activation = case_.activation;
    Guarded<float> workspace(cpu::matmulWorkspace(args, threads) / int64_t(sizeof(float)));
    cpu::matmul({threads}, args, workspace.data());
    before = kept.values();
    return c.values();
  }

  void check() const {
    SCOPED_TRACE(case_.name());
    std::vector<float> before;
    const std::vector<float> result = run(1, before);
    for (int64_t i = 0; i < case_.batch; ++i) {
      for (int64_t r = 0; r < case_.m; ++r) {
        for (int64_t j = 0; j < case_.n; ++j) checkElement(result, before, i, r, j);
        // The padding of C keeps its bytes.
        for (int64_t j = case_.n; j < ldc_; ++j) {
          ASSERT_EQ(result[size_t(i * sizeC_ + r * ldc_ + j)], c_[size_t(i * sizeC_ + r * ldc_ + j)]);
        }
      }
    }
    for (int threads : {2, 3}) {
      std::vector<float> again;
      const std::vector<float> other = run(threads, again);
      ASSERT_TRUE(result.empty() || std::memcmp(result.data(), other.data(), result.size() * sizeof(float)) == 0)
          << threads;
    }
  }

 private:
  void checkElement(const std::vector<float>& result, const std::vector<float>& before, int64_t i, int64_t r,
                    int64_t j) const {
    const float* a = a_.data() + (case_.sharesA ? 0 : i * sizeA_);
    const float* b = b_.data() + (case_.sharesB ? 0 : i * sizeB_);
    const int64_t at = i * sizeC_ + r * ldc_ + j;
    double sum = (case_.hasBias ? bias_[size_t(j)] : 0.0) + (case_.accumulates ? c_[size_t(at)] : 0.0);
    double magnitude = std::abs(sum);
    for (int64_t k = 0; k < case_.k; ++k) {
      const double product = double(case_.transposeA ? a[k * lda_ + r] : a[r * lda_ + k]) *
                             double(case_.transposeB ? b[j * ldb_ + k] : b[k * ldb_ + j]);
      sum += product;
      magnitude += std::abs(product);
    }
    const double expected = activate(case_.activation, sum);
    const double slope = case_.activation == Activation::SquaredRelu ? 2 * std::max(sum, 1.0) : 1.2;
    ASSERT_NEAR(result[size_t(at)], expected, 1e-6 * magnitude * slope + 1e-6)
        << "batch " << i << " row " << r << " column " << j;
    if (case_.keepsPreActivation) {
      ASSERT_NEAR(before[size_t(at)], sum, 1e-6 * magnitude + 1e-6);
    }
  }

  Case case_;
  int64_t lda_, ldb_, ldc_, sizeA_, sizeB_, sizeC_;
  std::vector<float> a_, b_, c_, bias_;
};

void checkLayouts(Case c) {
  for (int layout = 0; layout < 4; ++layout) {
    c.transposeA = layout & 1;
    c.transposeB = layout & 2;
    Problem(c).check();
  }
}

TEST(Matmul, AwkwardSizes) {
  forEachTarget([] {
    for (int64_t m : {1, 3, 7, 33, 63}) {
      for (int64_t n : {1, 3, 16, 33, 63}) {
        for (int64_t k : {1, 7, 33, 64}) checkLayouts({.m = m, .n = n, .k = k});
      }
    }
  });
}

TEST(Matmul, SeveralBlocksOfK) {
  forEachTarget([] {
    for (int64_t k : {321, 700}) {
      checkLayouts({.m = 45, .n = 70, .k = k, .hasBias = true});
      checkLayouts({.m = 5, .n = 130, .k = k, .accumulates = true});
      checkLayouts({.m = 130, .n = 2, .k = k, .hasBias = true, .accumulates = true});
    }
  });
}

TEST(Matmul, LargeEnoughForPackingAndTasks) {
  forEachTarget([] {
    checkLayouts({.m = 190, .n = 150, .k = 333, .hasBias = true});
    checkLayouts({.m = 30, .n = 1100, .k = 65});
    checkLayouts({.m = 17, .n = 257, .k = 1024, .activation = Activation::Relu});
  });
}

TEST(Matmul, ReadInPlace) {
  forEachTarget([] {
    checkLayouts({.m = 130, .n = 90, .k = 200, .padding = 3, .hasBias = true});
    checkLayouts({.m = 301, .n = 47, .k = 100, .accumulates = true, .activation = Activation::Relu});
    checkLayouts({.m = 28, .n = 150, .k = 330, .hasBias = true, .accumulates = true});
    checkLayouts({.batch = 3, .m = 64, .n = 64, .k = 64, .hasBias = true});
  });
}

TEST(Matmul, PaddedRows) {
  forEachTarget([] {
    checkLayouts({.m = 33, .n = 35, .k = 40, .padding = 5, .hasBias = true, .accumulates = true});
    checkLayouts({.m = 1, .n = 35, .k = 40, .padding = 3});
    checkLayouts({.m = 35, .n = 1, .k = 40, .padding = 3});
  });
}

TEST(Matmul, Batched) {
  forEachTarget([] {
    for (int64_t batch : {2, 13}) {
      checkLayouts({.batch = batch, .m = 7, .n = 33, .k = 16});
      checkLayouts({.batch = batch, .m = 33, .n = 7, .k = 30, .sharesB = true, .hasBias = true});
      checkLayouts({.batch = batch, .m = 20, .n = 45, .k = 9, .sharesA = true});
      checkLayouts({.batch = batch, .m = 65, .n = 65, .k = 64, .padding = 1});
      checkLayouts({.batch = batch, .m = 1, .n = 40, .k = 33});
    }
    checkLayouts({.batch = 2, .m = 150, .n = 90, .k = 330});
  });
}

TEST(Matmul, EachActivation) {
  forEachTarget([] {
    for (Activation activation : {Activation::None, Activation::Relu, Activation::Gelu, Activation::GeluTanh,
                                  Activation::Silu, Activation::SquaredRelu}) {
      for (bool keeps : {false, true}) {
        checkLayouts(
            {.m = 20, .n = 37, .k = 8, .hasBias = true, .keepsPreActivation = keeps, .activation = activation});
        checkLayouts({.m = 2,
                      .n = 37,
                      .k = 70,
                      .hasBias = true,
                      .accumulates = true,
                      .keepsPreActivation = keeps,
                      .activation = activation});
        checkLayouts({.m = 19, .n = 35, .k = 400, .keepsPreActivation = keeps, .activation = activation});
      }
    }
  });
}

TEST(Matmul, EmptyInnerSizeGivesTheBias) {
  forEachTarget([] {
    checkLayouts({.m = 5, .n = 18, .k = 0, .hasBias = true});
    checkLayouts({.m = 5, .n = 18, .k = 0, .hasBias = true, .accumulates = true, .activation = Activation::Relu});
  });
}

TEST(Matmul, EmptyResultTouchesNothing) {
  forEachTarget([] {
    checkLayouts({.m = 0, .n = 5, .k = 3});
    checkLayouts({.m = 5, .n = 0, .k = 3});
    checkLayouts({.batch = 0, .m = 5, .n = 4, .k = 3});
  });
}

}  // namespace
}  // namespace fw::kernels
