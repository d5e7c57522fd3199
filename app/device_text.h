// What the status line says of a device.
#pragma once

#include <QString>

#include "engine/exec/backend.h"

namespace fw {

/// "Xeon, 2 threads, 24 GB free", "NVIDIA H100, 79 GB free", or why there is none.
QString deviceText(const DeviceInfo& device);

}  // namespace fw
