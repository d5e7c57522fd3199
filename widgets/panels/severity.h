// How a diagnostic's severity looks.
#pragma once

#include "engine/arch/diagnostic.h"
#include "widgets/icons.h"
#include "widgets/theme.h"

namespace fw::ui {

inline Tone severityTone(Severity severity) {
  return severity == Severity::Error ? Tone::Error : severity == Severity::Warning ? Tone::Warning : Tone::Secondary;
}

inline Icon severityIcon(Severity severity) {
  return severity == Severity::Error ? Icon::Error : severity == Severity::Warning ? Icon::Warning : Icon::Info;
}

}  // namespace fw::ui
