// Checkpoints in the window: a Hugging Face folder is dropped on it and writes text; what is no model is a table.
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableView>
#include <cmath>
#include <fstream>

#include "driver.h"
#include "engine/base/rng.h"
#include "engine/io/safetensors.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/generate_panel.h"
#include "widgets/panels/tensor_table.h"

namespace fw {
namespace {

/// A Llama of 256 tokens, which are bytes as there is no tokenizer.
QString writeFolder(WindowDriver& user, const QString& name) {
  const QString path = user.path(name);
  QDir().mkpath(path);
  const std::string folder = path.toStdString();
  std::map<std::string, Tensor> tensors;
  Rng rng(5);
  const auto add = [&](const std::string& tensor, const Shape& shape, double deviation, double mean) {
    std::vector<float> values(static_cast<size_t>(shape.count()));
    for (float& value : values) value = float(mean + deviation * rng.normal());
    tensors[tensor] = Tensor::fromFloats(shape, values);
  };
  add("model.embed_tokens.weight", {256, 16}, 1, 0);
  add("model.norm.weight", {16}, 0.1, 1);
  const std::string layer = "model.layers.0.";
  for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) add(layer + norm + ".weight", {16}, 0.1, 1);
  for (const char* part : {"q", "k", "v", "o"}) add(layer + "self_attn." + part + "_proj.weight", {16, 16}, 0.3, 0);
  for (const char* part : {"gate", "up"}) add(layer + "mlp." + part + "_proj.weight", {24, 16}, 0.3, 0);
  add(layer + "mlp.down_proj.weight", {16, 24}, 0.3, 0);
  saveSafetensors(folder + "/model.safetensors", tensors);
  std::ofstream(folder + "/config.json")
      << R"({"model_type": "llama", "vocab_size": 256, "hidden_size": 16, "intermediate_size": 24,)"
      << R"( "num_hidden_layers": 1, "num_attention_heads": 2, "tie_word_embeddings": true})";
  return path;
}

void drop(MainWindow& window, const QString& path) {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(path)});
  const QPoint middle = window.rect().center();
  QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &enter);
  ASSERT_TRUE(enter.isAccepted());
  QDropEvent event(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &event);
}

QString textOf(WindowDriver& user) { return user.window().generatePanel().text()->toPlainText(); }
QString buttonOf(WindowDriver& user) { return user.window().generatePanel().button()->text(); }

void showPanel(WindowDriver& user) {
  auto* dock = user.window().findChild<QDockWidget*>("GenerateDock");
  ASSERT_TRUE(dock);
  dock->show();
  dock->raise();
}

TEST(Generate, ADroppedFolderOpensAndWritesTheSameTextAgain) {
  WindowDriver user;
  const QString path = writeFolder(user, "tiny-llama");
  drop(user.window(), path);
  EXPECT_TRUE(user.find("structure.repeat"));
  EXPECT_EQ(user.model().name, "tiny-llama");
  showPanel(user);
  ui::GeneratePanel& panel = user.window().generatePanel();
  panel.setRequest({.prompt = "ab", .tokens = 20, .temperature = 0.7, .seed = 3});
  ASSERT_TRUE(user.press(&panel, "Generate"));
  EXPECT_TRUE(user.waitFor([&] { return buttonOf(user) == "Generate"; }));
  const QString first = textOf(user);
  EXPECT_TRUE(first.startsWith("ab")) << first.toStdString();
  EXPECT_GT(first.size(), 10);
  ASSERT_TRUE(user.press(&panel, "Generate"));
  EXPECT_TRUE(user.waitFor([&] { return buttonOf(user) == "Generate"; }));
  EXPECT_EQ(textOf(user), first);
  // The text ends before the stop text.
  const QString stop = first.mid(6, 2);
  panel.stop()->setText(stop);
  ASSERT_TRUE(user.press(&panel, "Generate"));
  EXPECT_TRUE(user.waitFor([&] { return buttonOf(user) == "Generate"; }));
  EXPECT_EQ(textOf(user), first.left(2) + first.mid(2).section(stop, 0, 0));
}

TEST(Generate, TextComesTokenByTokenAndStopsOnRequest) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open(writeFolder(user, "tiny")));
  showPanel(user);
  ui::GeneratePanel& panel = user.window().generatePanel();
  panel.setRequest({.prompt = "a", .tokens = 1 << 15, .temperature = 1, .seed = 1});
  ASSERT_TRUE(user.press(&panel, "Generate"));
  ASSERT_TRUE(user.waitFor([&] { return textOf(user).size() > 8; }));
  const qsizetype early = textOf(user).size();
  EXPECT_TRUE(user.waitFor([&] { return textOf(user).size() > early; }));
  ASSERT_TRUE(user.press(&panel, "Stop"));
  EXPECT_TRUE(user.waitFor([&] { return buttonOf(user) == "Generate"; }));
  EXPECT_LT(textOf(user).size(), 1 << 15);
}

TEST(Generate, WhatFailsSaysWhy) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open(writeFolder(user, "tiny")));
  showPanel(user);
  ui::GeneratePanel& panel = user.window().generatePanel();
  panel.setRequest({});
  ASSERT_TRUE(user.press(&panel, "Generate"));
  EXPECT_TRUE(user.waitFor([&] {
    for (const QLabel* label : panel.findChildren<QLabel*>())
      if (label->isVisible() && label->text() == "[generate] the prompt is empty.") return true;
    return false;
  }));
  EXPECT_EQ(buttonOf(user), "Generate");
}

TEST(Generate, FileOpenTakesAFolderAndAFileOfTensors) {
  WindowDriver user;
  const QString path = writeFolder(user, "tiny");
  const auto openBy = [&](const QString& action, const QString& what) {
    QAction* found = nullptr;
    for (QAction* each : user.window().findChildren<QAction*>())
      if (each->text() == action) found = each;
    ASSERT_TRUE(found);
    EXPECT_TRUE(user.inDialog([&] { found->trigger(); },
                              [&](QWidget* dialog) {
                                auto* files = qobject_cast<QFileDialog*>(dialog);
                                ASSERT_TRUE(files);
                                auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
                                ASSERT_TRUE(name);
                                name->setText(what);
                                QTest::keyClick(name, Qt::Key_Return);
                              }));
  };
  openBy("Open &folder…", path);
  EXPECT_EQ(user.model().name, "tiny");
  openBy("&Open…", path + "/model.safetensors");
  EXPECT_TRUE(user.window().tensorTable().isVisible());
  EXPECT_EQ(user.window().tensorTable().table()->model()->rowCount(), 11);
}

TEST(TensorTablePage, AFamilyThatThereIsNoneIsATableToSortAndFilter) {
  WindowDriver user;
  const QString path = user.path("strange");
  QDir().mkpath(path);
  std::ofstream((path + "/config.json").toStdString()) << R"({"model_type": "perceiver"})";
  saveSafetensors((path + "/model.safetensors").toStdString(),
                  {{"layers.9.w", Tensor::fromFloats({2, 3}, {1, 2, 3, 4, 5, 6})},
                   {"layers.10.w", Tensor::fromFloats({3}, {1, 2, 3})},
                   {"steps", Tensor::scalarInt(7)}});
  drop(user.window(), path);
  ui::TensorTable& page = user.window().tensorTable();
  ASSERT_TRUE(page.isVisible());
  const auto cell = [&](int row, int column) {
    const QAbstractItemModel* model = page.table()->model();
    return model->data(model->index(row, column)).toString();
  };
  bool hasReason = false;
  for (const QLabel* label : page.findChildren<QLabel*>())
    hasReason = hasReason || (label->text().contains("'perceiver'") && label->text().contains("supported are bamba"));
  EXPECT_TRUE(hasReason);
  EXPECT_EQ(cell(0, 0), "layers.9.w");  // as numbers: 9 before 10
  EXPECT_EQ(cell(1, 0), "layers.10.w");
  EXPECT_EQ(cell(0, 1), "F32");
  EXPECT_EQ(cell(0, 2), "2 × 3");
  EXPECT_EQ(cell(0, 4), "model.safetensors");
  page.table()->sortByColumn(3, Qt::AscendingOrder);
  EXPECT_EQ(cell(0, 0), "steps");
  EXPECT_EQ(cell(2, 0), "layers.9.w");
  user.type(page.filter(), "layers 10");
  EXPECT_EQ(page.table()->model()->rowCount(), 1);
  EXPECT_EQ(cell(0, 0), "layers.10.w");
  // The way back.
  user.window().showStart();
  EXPECT_FALSE(page.isVisible());
}

}  // namespace
}  // namespace fw
