// formwright [MODEL] opens the window; formwright --report DIR [MODEL] does the main job without one.
#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <QSettings>
#include <iostream>
#include <string_view>

#include "app/appearance.h"
#include "app/main_window.h"
#include "app/report.h"
#include "engine/base/error.h"
#include "widgets/theme.h"

int main(int argc, char** argv) {
  // What shows no window needs no display.
  for (int i = 1; i < argc; ++i)
    if (const std::string_view option = argv[i]; option == "--version" || option == "--help" || option == "--report")
      if (qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") &&
          qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  QApplication::setOrganizationName("Formwright");
  QApplication::setApplicationName("Formwright");
  QApplication::setApplicationVersion("0.1.0");
  QApplication::setDesktopFileName("org.formwright.Formwright");
  QApplication::setWindowIcon(QIcon(":/formwright.svg"));
  QSettings::setDefaultFormat(QSettings::IniFormat);

  QCommandLineParser parser;
  parser.setApplicationDescription("Design, run, train, measure and export transformer-like models.");
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption report(
      "report", "Train the model briefly and write panels, numbers and a page into this folder; needs no display.",
      "folder");
  parser.addOption(report);
  parser.addPositionalArgument("model", "Preset id, .fw.json file or run folder.", "[model]");
  parser.process(application);
  const QStringList models = parser.positionalArguments();

  const bool isDesktopDark = fw::ui::Theme::of(QApplication::palette()).isDark;
  fw::ui::applyTheme(application,
                     fw::Appearance::isDarkAtStart(isDesktopDark) ? fw::ui::Theme::dark() : fw::ui::Theme::light());
  if (parser.isSet(report)) {
    try {
      fw::writeReport(models.isEmpty() ? "attention-recall" : models.front(), parser.value(report));
      return 0;
    } catch (const fw::Error& error) {
      std::cerr << "formwright: " << error.what() << std::endl;
      return error.code() == fw::Code::Usage ? 2 : 1;
    }
  }
  fw::MainWindow window(fw::StateFolders::standard());
  window.appearance().follow(isDesktopDark, fw::DesktopSettings::sessionBus());
  window.show();
  if (!models.isEmpty()) window.open(models.front());
  window.offerRecovery();
  return QApplication::exec();
}
