// Numbers as people read them: three significant digits, thin-space thousands, a unit.
#include "widgets/number_format.h"

#include <QLocale>
#include <cmath>

namespace fw::ui {
namespace {

const QChar thinSpace(0x202f);  // narrow and no-break
const QChar noBreakSpace(0x00a0);
const QChar minusSign(0x2212);

QString localized(QString text) {
  if (text.startsWith('-')) text[0] = minusSign;
  return text.replace('.', QLocale().decimalPoint());
}

QString withoutTrailingZeros(QString text) {
  if (!text.contains('.')) return text;
  while (text.endsWith('0')) text.chop(1);
  if (text.endsWith('.')) text.chop(1);
  return text;
}

// Three significant digits of a value whose rounded size is below 1000.
QString threeDigits(double value) {
  const double size = std::fabs(value);
  const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return localized(withoutTrailingZeros(QString::number(value, 'f', decimals)));
}

QString scaled(double value, const char* const* units, int unitCount) {
  if (!std::isfinite(value)) return formatValue(value);
  int unit = 0;
  while (unit + 1 < unitCount && std::fabs(value) >= 999.5) value /= 1000, ++unit;
  const QString number = std::fabs(value) >= 999.5 ? formatInteger(int64_t(std::llround(value))) : threeDigits(value);
  const QString name = QString::fromLatin1(units[unit]);
  return name.isEmpty() ? number : number + noBreakSpace + name;
}

}  // namespace

QString formatValue(double value) {
  if (std::isnan(value)) return QObject::tr("not a number");
  if (std::isinf(value)) return value > 0 ? QObject::tr("infinite") : minusSign + QObject::tr("infinite");
  const double size = std::fabs(value);
  if (size == 0) return "0";
  if (size < 0.0009995 || size >= 999950) {
    QString text = QString::number(value, 'e', 2);
    const int mark = int(text.indexOf('e'));
    return localized(withoutTrailingZeros(text.left(mark)) + "e" + QString::number(text.mid(mark + 1).toInt()));
  }
  if (size >= 999.5) return formatInteger(int64_t(std::llround(value)));
  if (size >= 0.9995) return threeDigits(value);
  const int decimals = size >= 0.09995 ? 3 : size >= 0.009995 ? 4 : 5;
  return localized(withoutTrailingZeros(QString::number(value, 'f', decimals)));
}

QString formatInteger(int64_t value) {
  const bool isNegative = value < 0;
  QString digits = QString::number(value);
  if (isNegative) digits.remove(0, 1);
  for (qsizetype at = digits.size() - 3; at > 0; at -= 3) digits.insert(at, thinSpace);
  return isNegative ? minusSign + digits : digits;
}

QString formatCount(double value) {
  static const char* const units[] = {"", "K", "M", "B", "T"};
  return scaled(value, units, 5);
}

QString formatFlops(double flops) {
  static const char* const units[] = {"FLOP", "KFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"};
  return scaled(flops, units, 6);
}

QString formatFlopRate(double flopsPerSecond) {
  static const char* const units[] = {"FLOP/s", "KFLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s"};
  return scaled(flopsPerSecond, units, 6);
}

QString formatBytes(double bytes) {
  static const char* const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  return scaled(bytes, units, 6);
}

QString formatSeconds(double seconds) {
  if (!std::isfinite(seconds)) return formatValue(seconds);
  if (seconds >= 3599.5) return formatClock(seconds) + noBreakSpace + "h";
  if (seconds >= 99.95) return formatClock(seconds) + noBreakSpace + "min";
  if (seconds >= 0.9995 || seconds == 0) return threeDigits(seconds) + noBreakSpace + "s";
  if (seconds >= 0.0009995) return threeDigits(seconds * 1e3) + noBreakSpace + "ms";
  return threeDigits(seconds * 1e6) + noBreakSpace + QChar(0xb5) + "s";
}

QString formatClock(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return QString(QChar(0x2013)) + ":" + QChar(0x2013) + QChar(0x2013);
  const int64_t total = int64_t(std::llround(seconds));
  const auto two = [](int64_t value) { return QString("%1").arg(value, 2, 10, QChar('0')); };
  if (total >= 3600) return QString("%1:%2:%3").arg(total / 3600).arg(two(total / 60 % 60), two(total % 60));
  return QString("%1:%2").arg(total / 60).arg(two(total % 60));
}

QString formatPercent(double fraction) {
  if (!std::isfinite(fraction)) return formatValue(fraction);
  return threeDigits(fraction * 100) + noBreakSpace + "%";
}

QString formatChange(double fraction) {
  if (!std::isfinite(fraction)) return formatValue(fraction);
  const QString text = threeDigits(std::fabs(fraction) >= 0.01 ? std::round(fraction * 100) : fraction * 100);
  return (fraction > 0 ? "+" + text : text) + noBreakSpace + "%";
}

QString counted(int64_t count, const QString& one, const QString& many) {
  return count == 1 ? one : many.arg(formatInteger(count));
}

}  // namespace fw::ui
