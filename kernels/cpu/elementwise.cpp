// Runs a program of tiles piece by piece: a piece is a few rows, or part of a row, of the iteration space, small enough
// that what lies between the steps stays in the first-level cache.
#include "kernels/elementwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/cast.h"

namespace fw::kernels::cpu {
namespace {

constexpr int64_t longestPiece = 1024;    // elements; 4 KB a value
constexpr int64_t scratchFloats = 16384;  // 64 KB on the stack, shared by the values that live at once
constexpr int64_t chunkElements = 32768;  // below this a second thread costs more than it brings
constexpr int64_t shortRow = 256;         // shorter rows are gathered, several a piece

constexpr int maxInputs = ElementwiseArgs::maxInputs;
constexpr int maxSlots = ElementwiseArgs::maxInputs + ElementwiseArgs::maxSteps;

enum class Access : uint8_t {
  Direct,    // f32 at the same place as the output
  InRow,     // f32, contiguous inside a row
  Constant,  // one element, or a row that every row shares: gathered once a chunk
  Gather,    // copied, filled or converted for each piece
};

struct Input {
  const char* data;
  Element element;
  Access access;
  int64_t bytes;      // of an element
  int64_t rowStride;  // stride of the last dimension: 0 or 1
  int64_t strides[ElementwiseArgs::maxRank];
};

/// The iteration space after neighbouring dimensions were joined, and where every slot lives.
class Program {
 public:
  explicit Program(const ElementwiseArgs& args) : args_(args) {
    collapse();
    if (rows_ * row_ == 0) return;
    chooseAccess();
    assignScratch();
    choosePieces();
  }

  void run(const Launch& launch) const {
    if (rows_ * row_ == 0) return;
    const int64_t units = rowsPerPiece_ > 1 ? (rows_ + rowsPerPiece_ - 1) / rowsPerPiece_ : rows_ * partsPerRow_;
    const int64_t unitElements = std::max<int64_t>(std::min(rowsPerPiece_ * row_, piece_), 1);
    parallelFor(launch, units, std::max<int64_t>(chunkElements / unitElements, 1),
                [&](int64_t begin, int64_t end) { runUnits(begin, end); });
  }

 private:
  void collapse() {
    rank_ = 0;
    for (int k = 0; k < args_.inputCount; ++k) {
      inputs_[k].data = static_cast<const char*>(args_.inputs[k].data);
      inputs_[k].element = args_.inputs[k].element;
      inputs_[k].bytes = byteSize(args_.inputs[k].element);
    }
    int64_t contiguous[ElementwiseArgs::maxRank + 1];
    contiguous[args_.rank] = 1;
    for (int i = args_.rank - 1; i >= 0; --i) contiguous[i] = contiguous[i + 1] * args_.sizes[i];
    for (int i = 0; i < args_.rank; ++i) {
      if (args_.sizes[i] == 1) continue;
      const auto stride = [&](int k) {
        return args_.inputs[k].strides ? args_.inputs[k].strides[i] : contiguous[i + 1];
      };
      bool joins = rank_ > 0;
      for (int k = 0; k < args_.inputCount && joins; ++k)
        joins = inputs_[k].strides[rank_ - 1] == stride(k) * args_.sizes[i];
      if (joins) {
        sizes_[rank_ - 1] *= args_.sizes[i];
      } else {
        sizes_[rank_++] = args_.sizes[i];
      }
      for (int k = 0; k < args_.inputCount; ++k) inputs_[k].strides[rank_ - 1] = stride(k);
    }
    if (rank_ == 0) {
      sizes_[rank_++] = 1;
      for (int k = 0; k < args_.inputCount; ++k) inputs_[k].strides[0] = 1;
    }
    row_ = sizes_[rank_ - 1];
    rows_ = 1;
    for (int i = 0; i + 1 < rank_; ++i) rows_ *= sizes_[i];
  }

  void chooseAccess() {
    const bool isShort = rank_ > 1 && row_ < shortRow;
    for (int k = 0; k < args_.inputCount; ++k) {
      Input& input = inputs_[k];
      input.rowStride = input.strides[rank_ - 1];
      bool isDirect = true, isShared = true;
      int64_t contiguous = 1;
      for (int i = rank_ - 1; i >= 0; --i) {
        isDirect = isDirect && input.strides[i] == contiguous;
        isShared = isShared && (i == rank_ - 1 || input.strides[i] == 0);
        contiguous *= sizes_[i];
      }
      const bool isF32 = input.element == Element::F32;
      if (isDirect && isF32)
        input.access = Access::Direct;
      else if (isShared && (input.rowStride == 0 || isShort))
        input.access = Access::Constant;
      else if (input.rowStride == 1 && isF32 && !isShort)
        input.access = Access::InRow;
      else
        input.access = Access::Gather;
    }
  }

  void choosePieces() {
    // With every slot in scratch a piece still holds shortRow elements.
    static_assert(scratchFloats / maxSlots >= shortRow);
    if (scratchCount_ == 0 && rank_ == 1) {
      piece_ = chunkElements;
    } else {
      piece_ = std::min(longestPiece, scratchFloats / std::max(scratchCount_, 1) / 16 * 16);
    }
    rowsPerPiece_ = rank_ > 1 && row_ < shortRow ? piece_ / row_ : 1;
    partsPerRow_ = rowsPerPiece_ > 1 ? 1 : (row_ + piece_ - 1) / piece_;
  }

  /// Where each slot lives: in scratch that is shared by slots whose lives do not meet, or (-1) in a tensor.
  void assignScratch() {
    const int slots = args_.inputCount + args_.stepCount;
    int lastUse[maxSlots];
    for (int slot = 0; slot < slots; ++slot) lastUse[slot] = -1;
    for (int s = 0; s < args_.stepCount; ++s)
      for (int j = 0; j < args_.steps[s].slotCount; ++j) lastUse[args_.steps[s].slots[j]] = s;
    for (int slot = 0; slot < slots; ++slot) directOutput_[slot] = -1;
    for (int o = 0; o < args_.outputCount; ++o) {
      const ElementwiseOutput& output = args_.outputs[o];
      bool isDirect = output.element == Element::F32 && directOutput_[output.slot] < 0;
      // Memory shared with an input that a later step reads is written last.
      for (int k = 0; k < args_.inputCount && isDirect; ++k)
        if (args_.inputs[k].data == output.data) isDirect = lastUse[k] <= output.slot - args_.inputCount;
      if (isDirect) directOutput_[output.slot] = o;
    }
    for (int o = 0; o < args_.outputCount; ++o) lastUse[args_.outputs[o].slot] = args_.stepCount;

    bool isFree[maxSlots];
    scratchCount_ = 0;
    const auto take = [&] {
      for (int i = 0; i < scratchCount_; ++i)
        if (isFree[i]) {
          isFree[i] = false;
          return i;
        }
      isFree[scratchCount_] = false;
      return scratchCount_++;
    };
    for (int k = 0; k < args_.inputCount; ++k) {
      const bool needs = inputs_[k].access == Access::Constant || inputs_[k].access == Access::Gather;
      scratch_[k] = needs ? take() : -1;
    }
    for (int s = 0; s < args_.stepCount; ++s) {
      const int slot = args_.inputCount + s;
      scratch_[slot] =
          directOutput_[slot] < 0 ? take() : -1;  // before the inputs are freed: tiles may not overlap shifted
      for (int j = 0; j < args_.steps[s].slotCount; ++j) {
        const int used = args_.steps[s].slots[j];
        const bool isConstant = used < args_.inputCount && inputs_[used].access == Access::Constant;
        if (lastUse[used] == s && scratch_[used] >= 0 && !isConstant) isFree[scratch_[used]] = true;
      }
      if (lastUse[slot] < 0 && scratch_[slot] >= 0) isFree[scratch_[slot]] = true;
    }
  }

  int64_t offsetOfRow(const Input& input, int64_t row) const {
    int64_t offset = 0;
    for (int i = rank_ - 2; i >= 0 && row > 0; --i) {
      offset += row % sizes_[i] * input.strides[i];
      row /= sizes_[i];
    }
    return offset;
  }

  /// Columns [column, column + width) of `count` rows as one f32 run.
  void gather(const Input& input, int64_t row, int64_t count, int64_t column, int64_t width, float* to) const {
    for (int64_t r = 0; r < count; ++r, to += width) {
      const char* from = input.data + (offsetOfRow(input, row + r) + column * input.rowStride) * input.bytes;
      if (input.rowStride == 0) {
        float value;
        toF32(input.element, from, &value, 1);
        std::fill_n(to, width, value);
      } else if (input.element == Element::F32) {
        std::memcpy(to, from, size_t(width) * sizeof(float));
      } else {
        toF32(input.element, from, to, width);
      }
    }
  }

  void runUnits(int64_t begin, int64_t end) const {
    alignas(64) float pool[scratchFloats];
    for (int k = 0; k < args_.inputCount; ++k)
      if (inputs_[k].access == Access::Constant)
        gather(inputs_[k], 0, std::min(rowsPerPiece_, rows_), 0, rowsPerPiece_ > 1 ? row_ : std::min(row_, piece_),
               pool + scratch_[k] * piece_);

    for (int64_t unit = begin; unit < end; ++unit) {
      int64_t row, rowCount, column, width;
      if (rowsPerPiece_ > 1) {
        row = unit * rowsPerPiece_;
        rowCount = std::min(rowsPerPiece_, rows_ - row);
        column = 0;
        width = row_;
      } else {
        row = unit / partsPerRow_;
        rowCount = 1;
        column = unit % partsPerRow_ * piece_;
        width = std::min(piece_, row_ - column);
      }
      runPiece(pool, row, rowCount, column, width);
    }
  }

  void runPiece(float* pool, int64_t row, int64_t rowCount, int64_t column, int64_t width) const {
    const int64_t start = row * row_ + column, count = rowCount * width;
    const float* values[maxSlots];
    for (int k = 0; k < args_.inputCount; ++k) {
      const Input& input = inputs_[k];
      if (input.access == Access::Direct) {
        values[k] = reinterpret_cast<const float*>(input.data) + start;
      } else if (input.access == Access::InRow) {
        values[k] = reinterpret_cast<const float*>(input.data) + offsetOfRow(input, row) + column;
      } else {
        float* to = pool + scratch_[k] * piece_;
        if (input.access == Access::Gather) gather(input, row, rowCount, column, width, to);
        values[k] = to;
      }
    }
    for (int s = 0; s < args_.stepCount; ++s) {
      const ElementwiseStep& step = args_.steps[s];
      const int slot = args_.inputCount + s;
      const int direct = directOutput_[slot];
      float* to =
          direct >= 0 ? static_cast<float*>(args_.outputs[direct].data) + start : pool + scratch_[slot] * piece_;
      const float* from[3];
      for (int j = 0; j < step.slotCount; ++j) from[j] = values[step.slots[j]];
      step.tile(from, to, count, step.constants);
      values[slot] = to;
    }
    for (int o = 0; o < args_.outputCount; ++o) {
      const ElementwiseOutput& output = args_.outputs[o];
      if (directOutput_[output.slot] == o) continue;
      char* to = static_cast<char*>(output.data) + start * byteSize(output.element);
      fromF32(output.element, values[output.slot], to, count);
    }
  }

  const ElementwiseArgs& args_;
  Input inputs_[maxInputs];
  int64_t sizes_[ElementwiseArgs::maxRank];
  int rank_;
  int64_t rows_, row_;  // all but the last dimension, and the last
  int64_t piece_, rowsPerPiece_, partsPerRow_;
  int scratch_[maxSlots], directOutput_[maxSlots];
  int scratchCount_;
};

}  // namespace

void elementwise(const Launch& launch, const ElementwiseArgs& args) { Program(args).run(launch); }

}  // namespace fw::kernels::cpu
