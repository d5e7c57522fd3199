// A window that edits a model, says the structural hash of what it holds, and waits to be killed.
#include <QApplication>
#include <QStandardPaths>
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
  return QApplication::exec();
}
