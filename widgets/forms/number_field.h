// A field for one number: typed, scrubbed by dragging, stepped by keys and (with focus) by the wheel, or an expression.
#pragma once

#include <optional>

#include "engine/arch/block.h"
#include "widgets/forms/text_field.h"

namespace fw::ui {

/// What a text typed into a number's field means.
struct ParsedNumber {
  std::optional<ParamValue> value;  // int64_t, double, or a text "=4*width"
  QString error;                    // a sentence where there is no value
};

/// "8", "1e-5", "1 024", "8k", "2M"; "+4" "*2" "/2" (and "-4" where the parameter cannot be negative) change `current`;
/// "=4*width" is an expression, and so is any other text that has a letter and an operator or is a name: it is given a
/// '='.
ParsedNumber parseNumber(const QString& text, const ParamDef& param, const ParamValue& current);

/// The value one step up (direction 1) or down (-1): the double or half where a power of two is asked for, two where
/// odd, else 1 for integers and one unit of the second digit for reals. Stays in the parameter's range.
ParamValue stepped(const ParamDef& param, const ParamValue& value, int direction, int count = 1);

class NumberField : public TextField {
  Q_OBJECT
 public:
  explicit NumberField(const ParamDef& param, QWidget* parent = nullptr);

  /// Shows a value; a text that the person is typing stays.
  void setValue(const ParamValue& value, bool isMixed = false);
  const ParamValue& value() const { return value_; }
  bool isMixed() const { return isMixed_; }
  void setHasError(bool hasError);
  /// Drops a text that was typed but not entered.
  void forgetTyping() { isTyping_ = false; }

 signals:
  /// While scrubbing, many with isFinal false, then one with isFinal true, so that a gesture is one step of undo.
  void edited(const fw::ParamValue& value, bool isFinal);
  /// A typed text is no value (a sentence), or has become one again ("").
  void complained(const QString& sentence);

 protected:
  bool isTyping() const override { return isTyping_; }
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  void commit();
  void showValue();
  void step(int direction, int count, bool isFinal);
  bool canScrub() const;

  ParamDef param_;
  ParamValue value_;
  bool isMixed_ = false;
  bool isTyping_ = false;
  enum class Drag { None, Pressed, Scrubbing } drag_ = Drag::None;
  QPoint pressedAt_;
  ParamValue dragStart_;
  int wheelRest_ = 0;
};

}  // namespace fw::ui
