// Runs the window's tests under a QApplication with the dark theme, offscreen where there is no display. A test during
// which the window was held up fails.
#include <gtest/gtest.h>

#include <QLocale>
#include <QStandardPaths>
#include <cstdio>

#include "watchdog.h"
#include "widgets/theme.h"

namespace {

class BlocksFail : public testing::EmptyTestEventListener {
 public:
  explicit BlocksFail(fw::WatchedApplication& application) : application_(application) {}
  void OnTestEnd(const testing::TestInfo& info) override {
    for (const auto& block : application_.takeBlocks())
      ADD_FAILURE() << info.test_suite_name() << "." << info.name() << ": the window was held for " << block.ms
                    << " ms by " << block.what.constData();
  }
  void OnTestProgramEnd(const testing::UnitTest&) override {
    const auto& longest = application_.longest();
    std::printf("the longest event: %.1f ms, %s\n", longest.ms, longest.what.constData());
  }

 private:
  fw::WatchedApplication& application_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  fw::WatchedApplication app(argc, argv);
  QLocale::setDefault(QLocale::c());
  QCoreApplication::setOrganizationName("FormwrightTest");
  QCoreApplication::setApplicationName("formwright-test");
  fw::ui::applyTheme(app, fw::ui::Theme::dark());
  testing::UnitTest::GetInstance()->listeners().Append(new BlocksFail(app));
  return RUN_ALL_TESTS();
}
