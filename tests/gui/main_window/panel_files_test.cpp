// The redundancy panel saved from its menu: a picture, and numbers as CSV, NPZ and JSON.
#include <gtest/gtest.h>

#include <QAction>
#include <QDialogButtonBox>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>

#include "driver.h"
#include "engine/io/arrays.h"
#include "widgets/panels/similarity_panel.h"

namespace fw {
namespace {

QAction* actionOf(QWidget& panel, const QString& start) {
  for (QAction* action : panel.findChildren<QAction*>())
    if (action->text().startsWith(start)) return action;
  return nullptr;
}

void answer(QWidget* dialog, const QString& path, QDialogButtonBox::StandardButton button) {
  auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
  ASSERT_TRUE(name);
  name->setText(path);
  QTest::mouseClick(dialog->findChild<QDialogButtonBox*>()->button(button), Qt::LeftButton);
}

TEST(PanelFiles, NumbersAndPicturesAreSaved) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ui::SimilarityPanel& panel = user.window().similarityPanel();
  user.window().similarity().compute();
  ASSERT_TRUE(WindowDriver::waitFor(
      [&] { return user.window().similarity().state().panel.phase == ui::PanelPhase::Ready; }, 60000));

  const QString folder = user.path("numbers");
  QDir().mkpath(folder);
  QAction* numbers = actionOf(panel, "Save numbers");
  ASSERT_TRUE(numbers);
  EXPECT_TRUE(user.inDialog([&] { numbers->trigger(); },
                            [&](QWidget* dialog) { answer(dialog, folder, QDialogButtonBox::Open); }));
  const AnalysisResult& result = user.window().similarity().result();
  const auto arrays = loadArrays((folder + "/similarity.npz").toStdString());
  ASSERT_FALSE(result.matrices.empty());
  for (const Matrix& matrix : result.matrices) {
    EXPECT_TRUE(QFile::exists(folder + "/" + QString::fromStdString(matrix.name) + ".csv"));
    EXPECT_EQ(arrays.at(matrix.name).count(), int64_t(matrix.values.size()));
  }
  EXPECT_TRUE(QFile::exists(folder + "/similarity.json"));

  const QString picture = user.path("map.png");
  QAction* save = actionOf(panel, "Save picture");
  ASSERT_TRUE(save);
  EXPECT_TRUE(user.inDialog([&] { save->trigger(); },
                            [&](QWidget* dialog) { answer(dialog, picture, QDialogButtonBox::Save); }));
  EXPECT_GT(QImage(picture).width(), 600);
}

}  // namespace
}  // namespace fw
