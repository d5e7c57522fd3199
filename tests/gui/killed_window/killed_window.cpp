// A window that edits a model, says the structural hash of what it holds, and waits to be killed. With FORMWRIGHT_EDITS
// it goes on editing meanwhile: the block's x counts the edits, and a line tells each one.
#include <QApplication>
#include <QStandardPaths>
#include <QTimer>
#include <iostream>

#include "../main_window/driver.h"

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  QApplication app(argc, argv);
  QCoreApplication::setOrganizationName("FormwrightTest");
  QCoreApplication::setApplicationName("formwright-killed");
  fw::WindowDriver user({qEnvironmentVariable("FORMWRIGHT_JOURNALS"), {}});
  user.create();
  const fw::NodeId norm = user.add(user.at({0, 0}), "RMS norm");
  const fw::NodeId attention = user.add(user.at({300, 0}), "MHA");
  user.connect(norm, "y", attention, "x");
  user.select(attention);
  user.setParam("heads", "3");
  user.window().document().journal()->flush();
  std::cout << structuralHash(user.model()).toString() << std::endl;
  int edits = 0;
  QTimer steady;
  QObject::connect(&steady, &QTimer::timeout, [&] {
    ++edits;
    fw::DocumentController& document = user.window().document();
    document.edit("Move", {}, [&](fw::Editor& editor) { editor.move(norm, {double(edits), 0}); });
    if (edits % 7 == 0) document.undo(), document.redo();
    if (edits % 31 == 0)
      document.edit("Add", {}, [&](fw::Editor& editor) { editor.addNode({}, "norm.rms", {0, 300}); });
    std::cout << edits << std::endl;
  });
  if (!qEnvironmentVariableIsEmpty("FORMWRIGHT_EDITS")) steady.start(4);
  return QApplication::exec();
}
