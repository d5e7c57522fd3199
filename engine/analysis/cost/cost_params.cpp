// The parameters that all analyses of cost share.
#include "engine/analysis/cost/cost_params.h"

#include "engine/analysis/cost/devices.h"

namespace fw {

std::vector<ParamDef> costParams() {
  std::vector<std::string> devices = {kThisMachine};
  for (const DeviceSheet& sheet : deviceSheets()) devices.push_back(sheet.id);
  return {choiceParam("on", kThisMachine, devices)
              .label("Device")
              .help("This machine, calibrated by measurement, or a data sheet."),
          choiceParam("mode", "prefill", {"prefill", "decode", "train"})
              .label("Phase")
              .help("A pass over whole sequences, the next token of each, or a training step."),
          intParam("batch", 0).label("Batch").range(0, 1 << 20).help("Sequences; 0: the fewest that the model takes."),
          intParam("time", 128)
              .label("Tokens")
              .range(1, 1 << 22)
              .help("Of each sequence; for decoding, those already in the cache."),
          choiceParam("bits", "32", {"16", "32"})
              .label("Bits")
              .help("Of values and products on a device with a data sheet; this machine computes in 32.")};
}

}  // namespace fw
