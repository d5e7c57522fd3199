// The panel that writes text, and the table of tensors.
#include "widgets/panels/generate_panel.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/tensor_table.h"

namespace fw::ui {
namespace {

TEST(GeneratePanelTest, AsksForWhatItsFieldsSay) {
  GeneratePanel panel;
  panel.resize(640, 400);
  panel.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&panel));
  const GenerateRequest wanted{.prompt = "Once", .tokens = 12, .temperature = 0.5, .seed = 7, .stop = "."};
  panel.setRequest(wanted);
  EXPECT_EQ(panel.request(), wanted);
  QSignalSpy asked(&panel, &GeneratePanel::generateRequested), stopped(&panel, &GeneratePanel::stopRequested);
  EXPECT_EQ(panel.button()->text(), "Generate");
  QTest::mouseClick(panel.button(), Qt::LeftButton);
  ASSERT_EQ(asked.count(), 1);
  EXPECT_EQ(asked[0][0].value<GenerateRequest>(), wanted);
  panel.setState({.panel = {PanelPhase::Busy, "Reads the prompt.", {}, -1}, .isRunning = true});
  EXPECT_EQ(panel.button()->text(), "Stop");
  QTest::mouseClick(panel.button(), Qt::LeftButton);
  EXPECT_EQ(stopped.count(), 1);
  EXPECT_EQ(asked.count(), 1);
}

TEST(GeneratePanelTest, TextThatComesLeavesTheSelection) {
  GeneratePanel panel;
  panel.setState({.panel = {PanelPhase::Ready, {}, {}, -1}, .text = "Once upon", .isRunning = true});
  QTextCursor cursor = panel.text()->textCursor();
  cursor.setPosition(0);
  cursor.setPosition(4, QTextCursor::KeepAnchor);
  panel.text()->setTextCursor(cursor);
  panel.setState({.panel = {PanelPhase::Ready, {}, {}, -1}, .text = "Once upon a time", .note = "3 tokens"});
  EXPECT_EQ(panel.text()->toPlainText(), "Once upon a time");
  EXPECT_EQ(panel.text()->textCursor().selectedText(), "Once");
  panel.setState({.panel = {PanelPhase::Ready, {}, {}, -1}, .text = "Another"});
  EXPECT_EQ(panel.text()->toPlainText(), "Another");
}

TEST(TensorTableTest, SortsByNumbersAndCountsWhatIsShown) {
  TensorTable page;
  page.setState({"model",
                 "why",
                 {{"w.2", "F32", {2, 3}, 24, "a"}, {"w.10", "BF16", {}, 2, "b"}, {"v", "F32", {300}, 1200, "a"}}});
  const auto cell = [&](int row, int column) {
    const QAbstractItemModel* model = page.table()->model();
    return model->data(model->index(row, column)).toString();
  };
  EXPECT_EQ(cell(0, 0), "v");
  EXPECT_EQ(cell(1, 0), "w.2");
  EXPECT_EQ(cell(2, 0), "w.10");
  page.table()->sortByColumn(3, Qt::DescendingOrder);
  EXPECT_EQ(cell(0, 0), "v");
  EXPECT_EQ(cell(2, 0), "w.10");
  page.table()->sortByColumn(2, Qt::AscendingOrder);
  EXPECT_EQ(cell(0, 2), "–");
  page.filter()->setText("f32 a");
  EXPECT_EQ(page.table()->model()->rowCount(), 2);
  QStringList texts;
  for (const QLabel* label : page.findChildren<QLabel*>()) texts << QString(label->text()).replace(QChar(0xa0), ' ');
  EXPECT_TRUE(texts.contains("2 of 3 tensors, 1.22 KB")) << texts.join('|').toStdString();
  page.filter()->setText("nothing such");
  EXPECT_EQ(page.table()->model()->rowCount(), 0);
}

}  // namespace
}  // namespace fw::ui
