// The table of the CPU's kernels.
#include "kernels/kernels.h"

namespace fw::kernels::cpu {

const Kernels& kernels() {
#define FW_ENTRY(name) .name = name,  // NOLINT(bugprone-macro-parentheses): a designated member
  static const Kernels table = {FW_KERNELS(FW_ENTRY)};
#undef FW_ENTRY
  return table;
}

}  // namespace fw::kernels::cpu
