// A library of matrix products by plain loops, in the place of cuBLASLt.
#include "engine/exec/cuda/cublas_lt.h"

#include "engine/base/tensor.h"
#include "tests/support/cuda_emulation.h"

namespace fw {
namespace {

class Loops : public CublasLt {
 public:
  bool product(const kernels::MatmulArgs& args, kernels::Element element, void*) override {
    using kernels::Activation;
    if (args.preActivation != nullptr) return false;
    if (args.activation != Activation::None && args.activation != Activation::Relu) return false;
    const auto run = [args, element] { multiply(args, element); };
    if (auto* const recording = emulation::recording())
      recording->push_back(run);
    else
      run();
    return true;
  }

 private:
  static double read(const float* data, kernels::Element element, int64_t at) {
    if (element == kernels::Element::BF16) return bfloatToFloat(reinterpret_cast<const uint16_t*>(data)[at]);
    return data[at];
  }
  static void multiply(const kernels::MatmulArgs& args, kernels::Element element) {
    for (int64_t batch = 0; batch < args.batch; ++batch)
      for (int64_t i = 0; i < args.m; ++i)
        for (int64_t j = 0; j < args.n; ++j) {
          double sum = args.bias != nullptr ? args.bias[j] : 0;
          for (int64_t l = 0; l < args.k; ++l)
            sum += read(args.a, element,
                        batch * args.batchStrideA + (args.transposeA ? l * args.lda + i : i * args.lda + l)) *
                   read(args.b, element,
                        batch * args.batchStrideB + (args.transposeB ? j * args.ldb + l : l * args.ldb + j));
          float& c = args.c[batch * args.batchStrideC + i * args.ldc + j];
          if (args.accumulates) sum += c;
          c = args.activation == kernels::Activation::Relu && sum < 0 ? 0 : float(sum);
        }
  }
};

}  // namespace

std::unique_ptr<CublasLt> CublasLt::open() { return std::make_unique<Loops>(); }

}  // namespace fw
