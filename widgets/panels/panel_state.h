// What every panel can be: empty, busy, stale, ready or failed.
#pragma once

#include <QString>

namespace fw::ui {

enum class PanelPhase {
  Empty,  // nothing to show: the text says what to do next, the button does it
  Busy,   // being made: the old picture at half strength under a thin bar
  Stale,  // shows what was true before the last edit, with a tag
  Ready,
  Failed,  // the text says why, the button tries again
};

struct PanelState {
  PanelPhase phase = PanelPhase::Empty;
  QString text;          // a sentence: what to do, what is being done, why it failed
  QString action;        // on the button: "Train", "Try again"; empty: no button (Stale then says only "outdated")
  double progress = -1;  // of Busy, 0 to 1; negative: unknown
  bool operator==(const PanelState&) const = default;
};

}  // namespace fw::ui
