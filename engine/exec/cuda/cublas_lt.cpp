// Matrix products by cuBLASLt. It counts columns first: a row-major C = A B is its C^T = B^T A^T.
#include "engine/exec/cuda/cublas_lt.h"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <array>
#include <map>
#include <string>

namespace fw {
namespace {

constexpr size_t kWorkspaceBytes = size_t(32) << 20;

/// The functions of the library that we call.
struct Functions {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulDescCreate) descCreate;
  decltype(&cublasLtMatmulDescDestroy) descDestroy;
  decltype(&cublasLtMatmulDescSetAttribute) descSet;
  decltype(&cublasLtMatrixLayoutCreate) layoutCreate;
  decltype(&cublasLtMatrixLayoutDestroy) layoutDestroy;
  decltype(&cublasLtMatrixLayoutSetAttribute) layoutSet;
  decltype(&cublasLtMatmulPreferenceCreate) preferenceCreate;
  decltype(&cublasLtMatmulPreferenceDestroy) preferenceDestroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preferenceSet;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
};

bool load(void* library, Functions& f) {
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    return function != nullptr;
  };
  return find(f.create, "cublasLtCreate") && find(f.destroy, "cublasLtDestroy") && find(f.matmul, "cublasLtMatmul") &&
         find(f.descCreate, "cublasLtMatmulDescCreate") && find(f.descDestroy, "cublasLtMatmulDescDestroy") &&
         find(f.descSet, "cublasLtMatmulDescSetAttribute") && find(f.layoutCreate, "cublasLtMatrixLayoutCreate") &&
         find(f.layoutDestroy, "cublasLtMatrixLayoutDestroy") &&
         find(f.layoutSet, "cublasLtMatrixLayoutSetAttribute") &&
         find(f.preferenceCreate, "cublasLtMatmulPreferenceCreate") &&
         find(f.preferenceDestroy, "cublasLtMatmulPreferenceDestroy") &&
         find(f.preferenceSet, "cublasLtMatmulPreferenceSetAttribute") &&
         find(f.heuristic, "cublasLtMatmulAlgoGetHeuristic");
}

/// A product as the library describes it.
struct Problem {
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
  cublasLtMatmulAlgo_t algorithm = {};
  bool isPossible = false;
};

/// Bytes that all matrices are aligned to: 16, or 4 (inside a scan).
uint32_t alignmentOf(const kernels::MatmulArgs& args) {
  const auto bits = [](const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); };
  return (bits(args.a) | bits(args.b) | bits(args.c)) % 16 == 0 ? 16 : 4;
}

/// Everything but the pointers.
using Key = std::array<int64_t, 16>;

Key keyOf(const kernels::MatmulArgs& args, kernels::Element element) {
  return {args.batch,
          args.m,
          args.n,
          args.k,
          args.lda,
          args.ldb,
          args.ldc,
          args.batchStrideA,
          args.batchStrideB,
          args.batchStrideC,
          int64_t(args.transposeA) + 2 * int64_t(args.transposeB),
          int64_t(args.accumulates),
          int64_t(args.bias != nullptr),
          int64_t(args.activation),
          alignmentOf(args),
          int64_t(element)};
}

class Opened : public CublasLt {
 public:
  explicit Opened(void* library, const Functions& functions) : library_(library), f_(functions) {
    isReady_ = f_.create(&handle_) == CUBLAS_STATUS_SUCCESS && cudaMalloc(&workspace_, kWorkspaceBytes) == cudaSuccess;
  }
  ~Opened() override {
    for (auto& [key, problem] : problems_) {
      if (problem.desc) f_.descDestroy(problem.desc);
      for (const cublasLtMatrixLayout_t layout : {problem.a, problem.b, problem.c})
        if (layout) f_.layoutDestroy(layout);
    }
    if (workspace_) cudaFree(workspace_);
    if (handle_) f_.destroy(handle_);
    dlclose(library_);
  }

  bool isReady() const { return isReady_; }

  bool product(const kernels::MatmulArgs& args, kernels::Element element, void* stream) override {
    using kernels::Activation;
    if (args.activation != Activation::None && args.activation != Activation::Relu) return false;
    if (args.preActivation != nullptr || args.batch == 0 || args.m == 0 || args.n == 0 || args.k == 0) return false;
    const auto [at, isNew] = problems_.try_emplace(keyOf(args, element));
    Problem& problem = at->second;
    if (isNew) describe(args, element, problem);
    if (!problem.isPossible) return false;
    if (args.bias != nullptr) f_.descSet(problem.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &args.bias, sizeof args.bias);
    const float one = 1, beta = args.accumulates ? 1 : 0;
    return f_.matmul(handle_, problem.desc, &one, args.b, problem.a, args.a, problem.b, &beta, args.c, problem.c,
                     args.c, problem.c, &problem.algorithm, workspace_, kWorkspaceBytes,
                     static_cast<cudaStream_t>(stream)) == CUBLAS_STATUS_SUCCESS;
  }

 private:
  void layout(cublasLtMatrixLayout_t& made, cudaDataType_t type, int64_t rows, int64_t columns, int64_t ld,
              int64_t batch, int64_t stride) {
    f_.layoutCreate(&made, type, uint64_t(rows), uint64_t(columns), ld);
    const int32_t count = int32_t(batch);
    f_.layoutSet(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
    f_.layoutSet(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride);
  }

  void describe(const kernels::MatmulArgs& args, kernels::Element element, Problem& problem) {
    f_.descCreate(&problem.desc, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    const cublasOperation_t ofA = args.transposeB ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t ofB = args.transposeA ? CUBLAS_OP_T : CUBLAS_OP_N;
    f_.descSet(problem.desc, CUBLASLT_MATMUL_DESC_TRANSA, &ofA, sizeof ofA);
    f_.descSet(problem.desc, CUBLASLT_MATMUL_DESC_TRANSB, &ofB, sizeof ofB);
    const bool isRelu = args.activation == kernels::Activation::Relu;
    const cublasLtEpilogue_t epilogue = args.bias && isRelu ? CUBLASLT_EPILOGUE_RELU_BIAS
                                        : args.bias         ? CUBLASLT_EPILOGUE_BIAS
                                        : isRelu            ? CUBLASLT_EPILOGUE_RELU
                                                            : CUBLASLT_EPILOGUE_DEFAULT;
    f_.descSet(problem.desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    if (args.bias) f_.descSet(problem.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &args.bias, sizeof args.bias);
    const int64_t m = args.m, n = args.n, k = args.k;
    const cudaDataType_t type = element == kernels::Element::BF16 ? CUDA_R_16BF : CUDA_R_32F;
    layout(problem.a, type, args.transposeB ? k : n, args.transposeB ? n : k, args.ldb, args.batch, args.batchStrideB);
    layout(problem.b, type, args.transposeA ? m : k, args.transposeA ? k : m, args.lda, args.batch, args.batchStrideA);
    layout(problem.c, CUDA_R_32F, n, m, args.ldc, args.batch, args.batchStrideC);
    cublasLtMatmulPreference_t preference = nullptr;
    f_.preferenceCreate(&preference);
    f_.preferenceSet(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kWorkspaceBytes, sizeof kWorkspaceBytes);
    // Sums that are split must be joined in order: the same bits each time.
    const uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    f_.preferenceSet(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes, sizeof schemes);
    const uint32_t alignment = alignmentOf(args);
    for (const cublasLtMatmulPreferenceAttributes_t side :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      f_.preferenceSet(preference, side, &alignment, sizeof alignment);
    cublasLtMatmulHeuristicResult_t result = {};
    int found = 0;
    problem.isPossible = f_.heuristic(handle_, problem.desc, problem.a, problem.b, problem.c, problem.c, preference, 1,
                                      &result, &found) == CUBLAS_STATUS_SUCCESS &&
                         found > 0;
    problem.algorithm = result.algo;
    f_.preferenceDestroy(preference);
  }

  void* library_;
  Functions f_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  bool isReady_ = false;
  std::map<Key, Problem> problems_;
};

}  // namespace

std::unique_ptr<CublasLt> CublasLt::open() {
  const std::string version = std::to_string(CUBLAS_VER_MAJOR), name = "libcublasLt.so." + version;
  void* library = nullptr;
  for (const std::string& path : {name, "/usr/local/cuda/lib64/" + name, std::string("libcublasLt.so")})
    if (!library) library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return nullptr;
  Functions functions;
  if (!load(library, functions)) {
    dlclose(library);
    return nullptr;
  }
  auto opened = std::make_unique<Opened>(library, functions);
  if (!opened->isReady()) return nullptr;
  return opened;
}

}  // namespace fw
