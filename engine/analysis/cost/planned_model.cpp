// Captions of what was planned.
#include "engine/analysis/cost/planned_model.h"

#include "engine/base/error.h"

namespace fw {

std::string PlannedModel::recipe() const {
  return text(mode, mode == "decode" ? " of one token after " : " of ", batch, " x ", time, " tokens of ", name, "; ",
              device.title(), " (", device.source(), ")");
}

}  // namespace fw
