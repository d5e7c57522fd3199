// Numbers as people read them: three significant digits, thin-space thousands, a unit. The decimal sign is the
// locale's.
#pragma once

#include <QString>
#include <cstdint>

namespace fw::ui {

/// Three significant digits without trailing zeros: 0.0421, 0.31, 12.5, 187, "1.2e-5", "3.4e6"; "not a number",
/// "infinite".
QString formatValue(double value);

/// All digits in groups of three: "124 439 808".
QString formatInteger(int64_t value);

/// "786", "18.4 K", "18.4 M", "6.74 B"; below 1000 as it is.
QString formatCount(double value);

/// "42 GFLOP"
QString formatFlops(double flops);

/// "187 GFLOP/s"
QString formatFlopRate(double flopsPerSecond);

/// Powers of 1000: "312 B", "6.1 KB", "312 MB"
QString formatBytes(double bytes);

/// "450 µs", "38 ms", "2.1 s", and "3:05 min", "1:02:03 h" above
QString formatSeconds(double seconds);

/// Time left on a clock: "0:38", "12:05", "1:02:03"
QString formatClock(double seconds);

/// "97.8 %"
QString formatPercent(double fraction);

/// "−61 %", "+7 %": a change, with the true minus sign
QString formatChange(double fraction);

/// `one` for 1, `many` with the number in the place of %1 otherwise.
QString counted(int64_t count, const QString& one, const QString& many);

}  // namespace fw::ui
