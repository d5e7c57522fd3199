// What a kernel on a GPU refused: the op and the first place, as sentences.
#include "engine/exec/device_fault.h"

#include "kernels/cuda/device.h"

namespace fw {

int opNumber(const OpDef& op) { return int(&op - allOps().data()); }

void throwFault(kernels::Fault& fault) {
  using kernels::Fault;
  const unsigned long long first = fault.first;
  if (first == Fault::none) return;
  fault.first = Fault::none;
  const unsigned long long position = first & ((1ull << Fault::positionBits) - 1);
  throw Error(Code::Data, text("[", allOps()[size_t(first >> Fault::positionBits)].name, "] the index at element ",
                               position, " is outside its range."));
}

}  // namespace fw
