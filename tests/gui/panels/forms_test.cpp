// The form of parameters under real typing, dragging, wheeling.
#include <gtest/gtest.h>

#include <QApplication>
#include <QComboBox>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/forms/param_form.h"
#include "widgets/forms/switch.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

struct Edit {
  QString name;
  ParamValue value;
  bool isFinal;
};

class Forms : public testing::Test {
 protected:
  void show(const std::vector<ParamField>& fields, const QString& subject = "a") {
    form_.setFields(fields, subject);
    if (!form_.isVisible()) {
      QObject::connect(&form_, &ParamForm::edited, &form_,
                       [this](const QString& name, const ParamValue& value, bool isFinal) {
                         edits_.push_back({name, value, isFinal});
                       });
      form_.resize(280, 300);
      form_.show();
      EXPECT_TRUE(QTest::qWaitForWindowExposed(&form_));
      form_.activateWindow();
      QApplication::processEvents();
      if (QWidget* focused = QApplication::focusWidget()) focused->clearFocus();
    }
    QApplication::processEvents();
  }
  NumberField* number(const QString& name) { return qobject_cast<NumberField*>(form_.editor(name)); }

  ParamForm form_;
  std::vector<Edit> edits_;
};

const ParamDef kHeads = intParam("heads", 8).range(1, 256);

ParamValue parsed(const QString& text, const ParamDef& def, const ParamValue& current) {
  const ParsedNumber result = parseNumber(text, def, current);
  EXPECT_TRUE(result.value) << text.toStdString() << ": " << result.error.toStdString();
  return result.value.value_or(ParamValue(false));
}

std::string complaint(const QString& text, const ParamDef& def, const ParamValue& current) {
  const ParsedNumber result = parseNumber(text, def, current);
  EXPECT_FALSE(result.value) << text.toStdString();
  return result.error.toStdString();
}

TEST(ParseNumber, NumbersChangesAndExpressions) {
  const ParamDef real = realParam("theta", 1.0).range(-10, 1e6);
  EXPECT_EQ(parsed("12", kHeads, int64_t(8)), ParamValue(int64_t(12)));
  EXPECT_EQ(parsed("1 024", kHeads, int64_t(8)), ParamValue(int64_t(1024)));
  EXPECT_EQ(parsed(QString::fromUtf8("1\u202f024"), kHeads, int64_t(8)), ParamValue(int64_t(1024)));
  EXPECT_EQ(parsed("8k", kHeads, int64_t(8)), ParamValue(int64_t(8000)));
  EXPECT_EQ(parsed("1.5M", kHeads, int64_t(8)), ParamValue(int64_t(1500000)));
  EXPECT_EQ(parsed("+1", kHeads, int64_t(8)), ParamValue(int64_t(9)));
  EXPECT_EQ(parsed("-3", kHeads, int64_t(8)), ParamValue(int64_t(5)));
  EXPECT_EQ(parsed("*2", kHeads, int64_t(8)), ParamValue(int64_t(16)));
  EXPECT_EQ(parsed("/4", kHeads, int64_t(8)), ParamValue(int64_t(2)));
  EXPECT_EQ(parsed("-3", real, 8.0), ParamValue(-3.0));  // may be negative, so it is a value
  EXPECT_EQ(parsed("1e-5", real, 8.0), ParamValue(1e-5));
  EXPECT_EQ(parsed("=4*width", kHeads, int64_t(8)), ParamValue(std::string("=4*width")));
  EXPECT_EQ(parsed("4*width", kHeads, int64_t(8)), ParamValue(std::string("=4*width")));
  EXPECT_EQ(parsed("width", kHeads, int64_t(8)), ParamValue(std::string("=width")));
}

TEST(ParseNumber, SaysWhatIsWrong) {
  EXPECT_EQ(complaint("8 apples!", kHeads, int64_t(8)), "'8 apples!' is not a number.");
  EXPECT_EQ(complaint("", kHeads, int64_t(8)), "A number is missing.");
  EXPECT_EQ(complaint("=", kHeads, int64_t(8)), "An expression is missing after '='.");
  EXPECT_EQ(complaint("2.5", kHeads, int64_t(8)), "2.5 is not a whole number.");
  EXPECT_EQ(complaint("/3", kHeads, int64_t(8)), "2.67 is not a whole number.");
  EXPECT_EQ(complaint("/0", kHeads, int64_t(8)), "A number cannot be divided by zero.");
  EXPECT_EQ(complaint("1e30", kHeads, int64_t(8)), "1e30 is too large.");
  EXPECT_EQ(complaint("+1", kHeads, std::string("=width")), "'+1' changes a number, but there is none yet.");
}

TEST(Stepped, ByKind) {
  const ParamDef power = intParam("width", 64).range(1, 4096).powerOfTwo();
  EXPECT_EQ(stepped(power, int64_t(64), 1), ParamValue(int64_t(128)));
  EXPECT_EQ(stepped(power, int64_t(64), -1), ParamValue(int64_t(32)));
  EXPECT_EQ(stepped(power, int64_t(100), 1), ParamValue(int64_t(128)));
  EXPECT_EQ(stepped(power, int64_t(100), -1), ParamValue(int64_t(64)));
  EXPECT_EQ(stepped(power, int64_t(1), -1), ParamValue(int64_t(1)));
  EXPECT_EQ(stepped(power, int64_t(64), 1, 100), ParamValue(int64_t(4096)));
  EXPECT_EQ(stepped(intParam("k", 3).odd(), int64_t(3), 1), ParamValue(int64_t(5)));
  EXPECT_EQ(stepped(kHeads, int64_t(256), 1), ParamValue(int64_t(256)));
  const ParamDef rate = realParam("rate", 0.01).range(0, 1);
  EXPECT_NEAR(std::get<double>(stepped(rate, 0.012, 1)), 0.013, 1e-12);
  EXPECT_NEAR(std::get<double>(stepped(rate, 0.01, -1)), 0.0099, 1e-12);
  EXPECT_NEAR(std::get<double>(stepped(rate, 0.9995, 1)), 1.0, 1e-12);
  EXPECT_EQ(stepped(kHeads, std::string("=width"), 1), ParamValue(std::string("=width")));
}

TEST_F(Forms, TypingAndEnterIsOneFinalEdit) {
  show({{kHeads, int64_t(8)}});
  NumberField* heads = number("heads");
  QTest::mouseClick(heads, Qt::LeftButton);
  EXPECT_TRUE(heads->hasFocus());
  QTest::keyClicks(heads, "16");  // the click has selected the old text
  EXPECT_TRUE(edits_.empty());
  QTest::keyClick(heads, Qt::Key_Return);
  ASSERT_EQ(edits_.size(), 1u);
  EXPECT_EQ(edits_[0].name, "heads");
  EXPECT_EQ(edits_[0].value, ParamValue(int64_t(16)));
  EXPECT_TRUE(edits_[0].isFinal);
  QTest::keyClick(heads, Qt::Key_Return);  // nothing new
  EXPECT_EQ(edits_.size(), 1u);
}

TEST_F(Forms, ScrubbingIsManyEditsAndOneFinalOne) {
  show({{kHeads, int64_t(8)}});
  NumberField* heads = number("heads");
  const QPoint start = heads->rect().center();
  QTest::mousePress(heads, Qt::LeftButton, {}, start);
  for (int x = 2; x <= 60; x += 2) QTest::mouseMove(heads, start + QPoint(x, 0));
  EXPECT_GT(edits_.size(), 3u);
  for (const Edit& edit : edits_) EXPECT_FALSE(edit.isFinal);
  QTest::mouseRelease(heads, Qt::LeftButton, {}, start + QPoint(60, 0));
  EXPECT_TRUE(edits_.back().isFinal);
  EXPECT_EQ(edits_.back().value, ParamValue(int64_t(18)));  // six pixels a step
  EXPECT_FALSE(heads->hasFocus());
}

TEST_F(Forms, WheelChangesOnlyTheFieldWithFocus) {
  show({{kHeads, int64_t(8)}, {choiceParam("mask", "a", {"a", "b"}), std::string("a")}});
  const auto wheel = [](QWidget* widget) {
    const QPointF at = widget->rect().center();
    QWheelEvent event(at, widget->mapToGlobal(at), {}, QPoint(0, -120), {}, {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(widget, &event);
    return event.isAccepted();
  };
  number("heads")->clearFocus();
  EXPECT_FALSE(wheel(number("heads")));
  EXPECT_FALSE(wheel(form_.editor("mask")));
  EXPECT_TRUE(edits_.empty());
  EXPECT_EQ(qobject_cast<QComboBox*>(form_.editor("mask"))->currentIndex(), 0);
  number("heads")->setFocus();
  EXPECT_TRUE(wheel(number("heads")));
  ASSERT_EQ(edits_.size(), 1u);
  EXPECT_EQ(edits_[0].value, ParamValue(int64_t(7)));
}

TEST_F(Forms, WrongTextKeepsItsPlaceAndSaysWhy) {
  show({{kHeads, int64_t(8)}});
  NumberField* heads = number("heads");
  QTest::mouseClick(heads, Qt::LeftButton);
  QTest::keyClicks(heads, "8 apples!");
  QTest::keyClick(heads, Qt::Key_Return);
  EXPECT_TRUE(edits_.empty());
  const auto sentence = [&] {
    for (Label* label : form_.findChildren<Label*>())
      if (label->isVisible() && label->text().contains("not a number")) return label->text();
    return QString();
  };
  EXPECT_EQ(sentence(), "'8 apples!' is not a number.");
  EXPECT_TRUE(heads->property("hasError").toBool());
  show({{kHeads, int64_t(8)}});  // a new state from elsewhere does not wipe the text out
  EXPECT_EQ(heads->text(), "8 apples!");
  QTest::keyClick(heads, Qt::Key_Escape);
  EXPECT_EQ(heads->text(), "8");
  EXPECT_EQ(sentence(), "");
}

TEST_F(Forms, AnotherSubjectDropsWhatWasTyped) {
  show({{kHeads, int64_t(8)}}, "a");
  NumberField* heads = number("heads");
  QTest::mouseClick(heads, Qt::LeftButton);
  QTest::keyClicks(heads, "77");
  show({{kHeads, int64_t(4)}}, "b");
  EXPECT_EQ(heads->text(), "4");
  heads->clearFocus();
  EXPECT_TRUE(edits_.empty());
}

TEST_F(Forms, OtherParametersRebuildWithoutAnEdit) {
  show({{kHeads, int64_t(8)}});
  QTest::mouseClick(number("heads"), Qt::LeftButton);
  QTest::keyClicks(number("heads"), "77");
  show({{intParam("width", 64), int64_t(64)}}, "b");
  QApplication::processEvents();
  EXPECT_TRUE(edits_.empty());
  EXPECT_EQ(form_.editor("heads"), nullptr);
  EXPECT_NE(form_.editor("width"), nullptr);
}

TEST_F(Forms, MixedValuesBecomeOneByTyping) {
  show({{kHeads, int64_t(8), true},
        {boolParam("bias", true), true, true},
        {choiceParam("mask", "a", {"a", "b"}), std::string("a"), true}});
  EXPECT_EQ(number("heads")->placeholderText(), "mixed");
  EXPECT_EQ(number("heads")->text(), "");
  EXPECT_TRUE(qobject_cast<Switch*>(form_.editor("bias"))->isMixed());
  EXPECT_EQ(qobject_cast<QComboBox*>(form_.editor("mask"))->currentIndex(), -1);
  QTest::mouseClick(number("heads"), Qt::LeftButton);
  QTest::keyClick(number("heads"), Qt::Key_Return);
  EXPECT_TRUE(edits_.empty());
  QTest::keyClicks(number("heads"), "8");
  QTest::keyClick(number("heads"), Qt::Key_Return);
  ASSERT_EQ(edits_.size(), 1u);
  EXPECT_EQ(edits_[0].value, ParamValue(int64_t(8)));
}

TEST_F(Forms, SwitchChoiceAndTextReport) {
  show({{boolParam("bias", false), false},
        {choiceParam("mask", "causal", {"causal", "sliding"}), std::string("causal")},
        {textParam("pattern", "MM*-"), std::string("MM*-")}});
  QTest::mouseClick(form_.editor("bias"), Qt::LeftButton);
  auto* mask = qobject_cast<ChoiceField*>(form_.editor("mask"));
  mask->setFocus();
  QTest::keyClick(mask, Qt::Key_Down);
  auto* pattern = form_.editor("pattern");
  pattern->setFocus();
  QTest::keyClicks(pattern, "M");
  QTest::keyClick(pattern, Qt::Key_Return);
  ASSERT_EQ(edits_.size(), 3u);
  EXPECT_EQ(edits_[0].value, ParamValue(true));
  EXPECT_EQ(edits_[1].value, ParamValue(std::string("sliding")));
  EXPECT_EQ(edits_[2].value, ParamValue(std::string("MM*-M")));
}

TEST_F(Forms, TabOrderFollowsTheRows) {
  show({{intParam("a", 1), int64_t(1)}, {intParam("b", 1), int64_t(1)}, {boolParam("c", true), true}});
  number("a")->setFocus();
  QTest::keyClick(number("a"), Qt::Key_Tab);
  EXPECT_TRUE(number("b")->hasFocus());
  EXPECT_EQ(number("b")->selectedText(), "1");
  QTest::keyClick(number("b"), Qt::Key_Tab);
  EXPECT_TRUE(form_.editor("c")->hasFocus());
}

TEST_F(Forms, LargeNumbersAreGroupedOnlyWhileNobodyTypes) {
  show({{intParam("vocabulary", 1), int64_t(50257)}, {intParam("b", 1), int64_t(1)}});
  number("b")->setFocus();
  EXPECT_EQ(number("vocabulary")->text(), QString::fromUtf8("50\u202f257"));
  number("vocabulary")->setFocus();
  EXPECT_EQ(number("vocabulary")->text(), "50257");
}

TEST(FormLabel, FollowsTextSizeAndTheme) {
  Label label("text", TextRole::Title, Tone::Error);
  label.show();
  const double before = label.font().pointSizeF();
  applyTheme(*qApp, Theme::light(), 1.5);
  QApplication::processEvents();
  EXPECT_NEAR(label.font().pointSizeF(), before * 1.5, 0.01);
  EXPECT_EQ(label.palette().color(label.foregroundRole()), Theme::light().error);
  applyTheme(*qApp, Theme::dark());
}

}  // namespace
}  // namespace fw::ui
