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
#include <cmath>

#include "app/panel_files.h"
#include "driver.h"
#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "widgets/panels/save_button.h"
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

TEST(PanelFiles, MeasuresAndCurvesAreSavedToo) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  user.window().measures().choose("sparsity");
  user.window().measures().compute();
  ASSERT_TRUE(WindowDriver::waitFor(
      [&] { return user.window().measures().state().panel.phase == ui::PanelPhase::Ready; }, 60000));
  QAction* numbers = actionOf(*user.window().measuresPanel().saveButton(), "Save numbers");
  ASSERT_TRUE(numbers);
  const QString folder = user.path("measures");
  QDir().mkpath(folder);
  EXPECT_TRUE(user.inDialog([&] { numbers->trigger(); },
                            [&](QWidget* dialog) { answer(dialog, folder, QDialogButtonBox::Open); }));
  for (const Series& series : user.window().measures().result().series)
    EXPECT_TRUE(QFile::exists(folder + "/" + QString::fromStdString(series.name) + ".csv")) << series.name;

  ui::TrainingState state;
  state.steps = {1, 2, 3};
  state.loss = {3.5, 2.25, 1.125};
  state.accuracy = {0.25, std::nan(""), 0.75};
  state.checkSteps = {3};
  state.checkLoss = {1.5};
  writeCurves(state, folder.toStdString());
  EXPECT_EQ(readFile((folder + "/training.csv").toStdString()),
            "step,loss,accuracy\n1,3.5,0.25\n2,2.25,\n3,1.125,0.75\n");
  const auto arrays = loadArrays((folder + "/training.npz").toStdString());
  EXPECT_EQ(arrays.at("loss").data()[1], 2.25f);
  EXPECT_EQ(arrays.at("held_out_loss").data()[0], 1.5f);
}

}  // namespace
}  // namespace fw
