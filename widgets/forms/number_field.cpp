// A field for one number: typed, scrubbed by dragging, stepped by keys and (with focus) by the wheel, or an expression.
#include "widgets/forms/number_field.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QRegularExpression>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/number_format.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr int kPixelsPerStep = 6;

double toDouble(const ParamValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return double(*number);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return 0;
}

bool isNumber(const ParamValue& value) {
  return std::holds_alternative<int64_t>(value) || std::holds_alternative<double>(value);
}

ParamValue makeValue(const ParamDef& param, double number) {
  if (param.type == ParamType::Int) return int64_t(std::llround(number));
  return number;
}

// "8", "1 024", "1,5", "8k": a plain number, or nothing.
std::optional<double> plainNumber(QString text) {
  text.remove(QRegularExpression("[\\s\\x{202f}\\x{00a0}]"));
  text.replace(QChar(0x2212), '-');
  if (QLocale().decimalPoint() == ",") text.replace(',', '.');
  double factor = 1;
  if (text.size() > 1 && text.at(text.size() - 2).isDigit()) {
    const QChar last = text.back();
    factor = last == 'k' || last == 'K' ? 1e3 : last == 'M' ? 1e6 : 1;
    if (factor != 1) text.chop(1);
  }
  bool isValid = false;
  const double number = QLocale::c().toDouble(text, &isValid);
  if (!isValid || !std::isfinite(number)) return {};
  return number * factor;
}

// One unit of the second digit: 0.001 for 0.012 and 0.05.
double realStep(double value) {
  if (value == 0) return 0.01;
  return std::pow(10.0, std::floor(std::log10(std::fabs(value)) + 1e-9) - 1);
}

QString fullText(const ParamValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return QLocale::c().toString(*number, 'g', 12);
  return QString::fromStdString(toText(value));
}

}  // namespace

ParsedNumber parseNumber(const QString& typed, const ParamDef& param, const ParamValue& current) {
  const QString text = typed.trimmed();
  if (text.isEmpty()) return {{}, NumberField::tr("A number is missing.")};
  if (text.startsWith('=')) {
    if (text.size() == 1) return {{}, NumberField::tr("An expression is missing after '='.")};
    return {ParamValue(text.toStdString()), {}};
  }
  const QChar first = text.front();
  const bool isRelative = first == '+' || first == '*' || first == '/' || (first == '-' && param.minimum >= 0);
  std::optional<double> number = plainNumber(isRelative ? text.mid(1) : text);
  if (!number) {
    static const QRegularExpression formula(
        "^[A-Za-z_(][A-Za-z0-9_+\\-*/().\\s]*$|^[0-9.\\s]+[+\\-*/][A-Za-z0-9_+\\-*/().\\s]+$");
    if (!isRelative && formula.match(text).hasMatch()) return {ParamValue(("=" + text).toStdString()), {}};
    return {{}, NumberField::tr("'%1' is not a number.").arg(text)};
  }
  if (isRelative) {
    if (!isNumber(current)) return {{}, NumberField::tr("'%1' changes a number, but there is none yet.").arg(text)};
    const double now = toDouble(current);
    if (first == '/' && *number == 0) return {{}, NumberField::tr("A number cannot be divided by zero.")};
    number = first == '+' ? now + *number : first == '-' ? now - *number : first == '*' ? now * *number : now / *number;
  }
  if (param.type == ParamType::Int) {
    if (std::fabs(*number) > 9e18) return {{}, NumberField::tr("%1 is too large.").arg(text)};
    if (*number != std::floor(*number))
      return {{}, NumberField::tr("%1 is not a whole number.").arg(formatValue(*number))};
  }
  return {makeValue(param, *number), {}};
}

ParamValue stepped(const ParamDef& param, const ParamValue& value, int direction, int count) {
  if (!isNumber(value)) return value;
  const double now = toDouble(value);
  double next = now;
  if (param.type == ParamType::Int && param.mustBePowerOfTwo) {
    const double exponent = std::log2(std::max(1.0, now));
    next = std::exp2(
        std::clamp((direction > 0 ? std::floor(exponent) : std::ceil(exponent)) + direction * count, 0.0, 62.0));
  } else if (param.type == ParamType::Int) {
    next = now + double(direction) * count * (param.mustBeOdd ? 2 : 1);
  } else {
    for (int i = 0; i < count; ++i) {
      // Downwards from 0.01 the unit is that of 0.009, or the value would jump to zero.
      const double unit = direction < 0 ? realStep(next * (next > 0 ? 0.999 : 1.001)) : realStep(next);
      next = std::round(next / unit + direction) * unit;
    }
  }
  return makeValue(param, std::clamp(next, std::max(param.minimum, -9e15), std::min(param.maximum, 9e15)));
}

NumberField::NumberField(const ParamDef& param, QWidget* parent)
    : TextField(parent), param_(param), value_(param.value) {
  setFocusPolicy(Qt::TabFocus);  // a press may become a scrub; the release gives focus
  setMinimumWidth(48);
  connect(this, &QLineEdit::textEdited, this, [this] { isTyping_ = true; });
  connect(this, &QLineEdit::returnPressed, this, [this] {
    commit();
    selectAll();
  });
  showValue();
}

void NumberField::setValue(const ParamValue& value, bool isMixed) {
  value_ = value;
  isMixed_ = isMixed;
  if (!isTyping_) showValue();
}

void NumberField::setHasError(bool hasError) {
  if (property("hasError").toBool() == hasError) return;
  setProperty("hasError", hasError);
  update();
}

void NumberField::showValue() {
  if (isMixed_) {
    clear();
    setPlaceholderText(tr("mixed"));
  } else if (hasFocus() || !isNumber(value_)) {
    if (text() != fullText(value_)) setText(fullText(value_));
  } else {
    const auto* integer = std::get_if<int64_t>(&value_);
    setText(integer ? formatInteger(*integer) : fullText(value_));
    setCursorPosition(0);
  }
  setCursor(hasFocus() || !canScrub() ? Qt::IBeamCursor : Qt::SizeHorCursor);
}

bool NumberField::canScrub() const { return !isMixed_ && isNumber(value_) && isEnabled() && !isReadOnly(); }

void NumberField::commit() {
  if (!isTyping_) return;
  if (isMixed_ && text().trimmed().isEmpty()) {
    isTyping_ = false;
    return;
  }
  const ParsedNumber parsed = parseNumber(text(), param_, isMixed_ ? ParamValue(std::string()) : value_);
  if (!parsed.value) {
    setHasError(true);
    emit complained(parsed.error);
    return;
  }
  isTyping_ = false;
  emit complained({});
  const bool hasChanged = isMixed_ || *parsed.value != value_;
  value_ = *parsed.value;
  isMixed_ = false;
  showValue();
  if (hasChanged) emit edited(value_, true);
}

void NumberField::step(int direction, int count, bool isFinal) {
  if (isTyping_) commit();
  if (!canScrub() || isTyping_) return;
  const ParamValue next = stepped(param_, value_, direction, count);
  if (next == value_) return;
  value_ = next;
  showValue();
  emit edited(value_, isFinal);
}

void NumberField::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && !hasFocus() && canScrub()) {
    drag_ = Drag::Pressed;
    pressedAt_ = event->globalPosition().toPoint();
    dragStart_ = value_;
    event->accept();
    return;
  }
  QLineEdit::mousePressEvent(event);
}

void NumberField::mouseMoveEvent(QMouseEvent* event) {
  if (drag_ == Drag::None) return QLineEdit::mouseMoveEvent(event);
  const int distance = event->globalPosition().toPoint().x() - pressedAt_.x();
  if (drag_ == Drag::Pressed && std::abs(distance) < QApplication::startDragDistance() / 2) return;
  if (drag_ == Drag::Pressed && QApplication::focusWidget())
    QApplication::focusWidget()->clearFocus();  // enters its text
  drag_ = Drag::Scrubbing;
  const int scale = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  // A power of two doubles with each step, so it gets a longer way.
  const int pixels = param_.mustBePowerOfTwo ? 4 * kPixelsPerStep : kPixelsPerStep;
  const int count = std::abs(distance) / pixels * scale;
  const ParamValue next = count == 0 ? dragStart_ : stepped(param_, dragStart_, distance > 0 ? 1 : -1, count);
  if (next == value_) return;
  value_ = next;
  showValue();
  emit edited(value_, false);
}

void NumberField::mouseReleaseEvent(QMouseEvent* event) {
  const Drag drag = std::exchange(drag_, Drag::None);
  if (drag == Drag::None) return QLineEdit::mouseReleaseEvent(event);
  if (drag == Drag::Scrubbing) {
    if (value_ != dragStart_) emit edited(value_, true);
  } else {
    setFocus(Qt::MouseFocusReason);
    selectAll();
  }
}

void NumberField::keyPressEvent(QKeyEvent* event) {
  const int count = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down) {
    step(event->key() == Qt::Key_Up ? 1 : -1, count, true);
    return;
  }
  if (event->key() == Qt::Key_Escape) {
    if (drag_ == Drag::Scrubbing) {
      drag_ = Drag::None;
      value_ = dragStart_;
      showValue();
      emit edited(value_, true);
    } else if (isTyping_) {
      isTyping_ = false;
      setHasError(false);
      emit complained({});
      showValue();
      selectAll();
    } else {
      QLineEdit::keyPressEvent(event);
    }
    return;
  }
  QLineEdit::keyPressEvent(event);
}

void NumberField::wheelEvent(QWheelEvent* event) {
  if (!hasFocus()) return event->ignore();
  wheelRest_ += event->angleDelta().y();
  const int steps = wheelRest_ / 120;
  wheelRest_ -= steps * 120;
  if (steps != 0) step(steps > 0 ? 1 : -1, std::abs(steps), true);
  event->accept();
}

void NumberField::focusInEvent(QFocusEvent* event) {
  QLineEdit::focusInEvent(event);
  if (!isTyping_) showValue();
  if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason) selectAll();
}

void NumberField::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  wheelRest_ = 0;
  if (event->reason() == Qt::PopupFocusReason) return;
  commit();
  if (!isTyping_) showValue();
}

}  // namespace fw::ui
