// Matrix product on the CPU: names the sides of gemm.
#include "kernels/matmul.h"

#include <vector>

#include "kernels/cpu/gemm.h"

namespace fw::kernels::cpu {
namespace {

/// Field by field: a copied struct is read before its parts have left the store buffer, which a small product notices.
void setOperand(GemmOperand& operand, const float* data, int64_t rowStride, bool isAlongK, int64_t batchStride) {
  operand.data = data;
  operand.stride = isAlongK ? rowStride : 1;
  operand.kStride = isAlongK ? 1 : rowStride;
  operand.batchStride = batchStride;
}

GemmArgs toGemm(const MatmulArgs& args) {
  GemmArgs gemm;
  gemm.batch = args.batch;
  gemm.m = args.m;
  gemm.n = args.n;
  gemm.k = args.k;
  setOperand(gemm.a, args.a, args.lda, !args.transposeA, args.batchStrideA);
  setOperand(gemm.b, args.b, args.ldb, args.transposeB, args.batchStrideB);
  // A matrix of one row or column lies both ways: contiguous along k is the better reading.
  if (args.m == 1 && (args.lda == 1 || args.k == 1)) gemm.a.kStride = 1;
  if (args.n == 1 && (args.ldb == 1 || args.k == 1)) gemm.b.kStride = 1;
  gemm.c = args.c;
  gemm.ldc = args.ldc;
  gemm.batchStrideC = args.batchStrideC;
  gemm.bias = args.bias;
  gemm.accumulates = args.accumulates;
  gemm.activation = args.activation;
  gemm.preActivation = args.preActivation;
  // One weight for all: the batch is more rows.
  const bool rowsGoOn =
      !args.transposeA && args.batchStrideA == args.m * args.lda && args.batchStrideC == args.m * args.ldc;
  if (args.batch > 1 && args.batchStrideB == 0 && rowsGoOn) {
    gemm.m *= args.batch;
    gemm.batch = 1;
  }
  return gemm;
}

std::vector<GemmArgs> toGemm(const MatmulGroup& group) {
  std::vector<GemmArgs> products;
  for (int64_t i = 0; i < group.count; ++i) products.push_back(toGemm(group.products[i]));
  return products;
}

}  // namespace

int64_t matmulWorkspace(const MatmulArgs& args, int threads) { return gemmWorkspace(toGemm(args), threads); }

void matmul(const Launch& launch, const MatmulArgs& args, void* workspace) { gemm(launch, toGemm(args), workspace); }

int64_t matmulGroupWorkspace(const Launch& launch, const MatmulGroup& group) {
  const std::vector<GemmArgs> products = toGemm(group);
  return gemmGroupWorkspace({products, group.sharesRight}, launch.threads);
}

void matmulGroup(const Launch& launch, const MatmulGroup& group, void* workspace) {
  const std::vector<GemmArgs> products = toGemm(group);
  gemmGroup(launch, {products, group.sharesRight}, workspace);
}

}  // namespace fw::kernels::cpu
