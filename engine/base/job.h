// Cancelling and reporting long work.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "engine/base/error.h"

namespace fw {

using CancelToken = std::stop_token;

/// Reports how far long work has come; the receiver throttles. A default one reports nowhere.
class Progress {
 public:
  using Sink = std::function<void(double fraction, const std::string& text)>;
  Progress() = default;
  explicit Progress(Sink sink) : sink_(std::move(sink)) {}
  /// `fraction` in [0, 1].
  void report(double fraction, const std::string& text = {}) const {
    if (sink_) sink_(fraction, text);
  }

 private:
  Sink sink_;
};

/// Throws Code::Cancelled once a stop was asked for.
inline void throwIfCancelled(const CancelToken& cancel) {
  if (cancel.stop_requested()) throw Error(Code::Cancelled, "Cancelled.");
}

}  // namespace fw
