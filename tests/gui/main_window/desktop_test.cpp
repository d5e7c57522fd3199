// The window among other programs of a desktop: its theme, files that others change, recent files, keys, and names for
// those who do not see it.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDBusContext>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPrinter>
#include <QProcess>
#include <QSettings>
#include <QStandardPaths>
#include <QTextDocument>
#include <QTimer>
#include <algorithm>
#include <array>

#include "app/shortcuts.h"
#include "driver.h"
#include "engine/arch/document_file.h"
#include "widgets/panels/notice_bar.h"
#include "widgets/style.h"
#include "widgets/theme.h"

namespace fw {
namespace {

QMenu* menuOf(WindowDriver& user, const QString& title) {
  for (QMenu* menu : user.window().findChildren<QMenu*>())
    if (menu->title().remove('&') == title) return menu;
  return nullptr;
}

/// Waits while the application runs: only then does Qt tell the widgets of another palette.
bool runUntil(const std::function<bool()>& isSo) {
  QElapsedTimer clock;
  clock.start();
  QTimer look;
  QObject::connect(&look, &QTimer::timeout, [&] {
    if (isSo() || clock.elapsed() > 5000) QApplication::quit();
  });
  look.start(5);
  QApplication::exec();
  return isSo();
}

/// What answers as the desktop's settings, on a bus of its own.
class FakePortal : public QObject {
  Q_OBJECT
  Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
 public:
  uint scheme = 1;
  bool moves = true;

 public slots:
  QDBusVariant Read(const QString& group, const QString& key) {
    if (group == "org.freedesktop.appearance" && key == "color-scheme")
      return QDBusVariant(QVariant::fromValue(QDBusVariant(scheme)));
    return QDBusVariant(QVariant::fromValue(QDBusVariant(moves)));
  }
};

class PrivateBus {
 public:
  PrivateBus() {
    daemon_.start("dbus-daemon", {"--session", "--nofork", "--print-address=1"});
    if (daemon_.waitForStarted(2000) && daemon_.waitForReadyRead(5000))
      address_ = QString::fromUtf8(daemon_.readLine()).trimmed();
  }
  ~PrivateBus() {
    daemon_.kill();
    daemon_.waitForFinished();
  }
  QString address() const { return address_; }

 private:
  QProcess daemon_;
  QString address_;
};

TEST(Desktop, TheThemeFollowsTheDesktopWhileItRuns) {
  const PrivateBus bus;
  if (bus.address().isEmpty()) GTEST_SKIP() << "dbus-daemon is not there";
  QDBusConnection server = QDBusConnection::connectToBus(bus.address(), "fakePortal");
  FakePortal portal;
  const QString path = "/org/freedesktop/portal/desktop";
  ASSERT_TRUE(server.registerObject(path, &portal, QDBusConnection::ExportAllSlots));
  const auto tell = [&](const QString& group, const QString& key, const QVariant& value) {
    QDBusMessage signal = QDBusMessage::createSignal(path, "org.freedesktop.portal.Settings", "SettingChanged");
    signal << group << key << QVariant::fromValue(QDBusVariant(value));
    EXPECT_TRUE(server.send(signal));
  };
  ASSERT_TRUE(server.registerService("org.freedesktop.portal.Desktop"));
  {
    WindowDriver user;
    user.create();
    Appearance& appearance = user.window().appearance();
    appearance.follow(false, QDBusConnection::connectToBus(bus.address(), "window"));
    const auto isDark = [] { return ui::Theme::of(QApplication::palette()).isDark; };
    EXPECT_TRUE(runUntil([&] { return isDark() && appearance.isDark(); }));
    // The canvas and the panels are painted anew.
    const auto isPainted = [&](bool asDark) {
      const QImage seen = user.window().grab().toImage();
      return std::ranges::all_of(std::array{QPoint(100, 500), QPoint(850, 300), QPoint(1600, 500), QPoint(850, 900)},
                                 [&](QPoint at) {
                                   const int lightness = seen.pixelColor(at).lightness();
                                   return asDark ? lightness < 100 : lightness > 200;
                                 });
    };
    EXPECT_TRUE(runUntil([&] { return isPainted(true); }));
    portal.scheme = 2;
    tell("org.freedesktop.appearance", "color-scheme", 2u);
    EXPECT_TRUE(runUntil([&] { return !isDark(); }));
    EXPECT_FALSE(ui::Theme::of(&user.canvas()).isDark);
    EXPECT_TRUE(runUntil([&] { return isPainted(false); }));

    const auto glides = [&] {
      return user.canvas().style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, &user.canvas()) > 0;
    };
    EXPECT_TRUE(glides());
    tell("org.gnome.desktop.interface", "enable-animations", false);
    EXPECT_TRUE(runUntil([&] { return !glides(); }));
    tell("org.gnome.desktop.interface", "enable-animations", true);
    EXPECT_TRUE(runUntil([&] { return glides(); }));

    // What the person chose stands above the desktop.
    appearance.setTheme(ThemeChoice::Dark);
    EXPECT_TRUE(isDark());
    tell("org.freedesktop.appearance", "color-scheme", 2u);
    QTest::qWait(50);
    EXPECT_TRUE(isDark());
    EXPECT_TRUE(Appearance::isDarkAtStart(false));
  }
  QDBusConnection::disconnectFromBus("window");
  QDBusConnection::disconnectFromBus("fakePortal");
  ui::applyTheme(*qApp, ui::Theme::dark());
  QSettings().clear();
}

TEST(Desktop, WithReducedMotionTheViewIsThereAtOnce) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("hybrid-recall"));
  user.rest();
  user.window().appearance().setReducesMotion(true);
  user.canvas().setCamera({0.3f, ui::Vec(10, 10)});
  user.canvas().frameAll();
  const ui::Camera now = user.canvas().camera();
  QTest::qWait(250);
  EXPECT_EQ(now, user.canvas().camera());
  user.window().appearance().setReducesMotion(false);
  EXPECT_FALSE(QSettings().value("theme/reducesMotion").toBool());
}

TEST(Desktop, RecentFilesAreListedAndMissingOnesAreGrey) {
  WindowDriver user;
  const QString there = user.path("there.fw.json"), gone = user.path("gone.fw.json");
  Architecture model;
  model.name = "There";
  saveDocument(model, there.toStdString());
  saveDocument(model, gone.toStdString());
  ASSERT_TRUE(user.window().open(there));
  ASSERT_TRUE(user.window().open(gone));
  ASSERT_TRUE(QFile::remove(gone));
  QMenu* menu = menuOf(user, "Open recent");
  ASSERT_TRUE(menu);
  emit menu->aboutToShow();
  ASSERT_GE(menu->actions().size(), 4);
  EXPECT_EQ(menu->actions()[0]->text(), "gone.fw.json (missing)");
  EXPECT_FALSE(menu->actions()[0]->isEnabled());
  EXPECT_EQ(menu->actions()[1]->text(), "there.fw.json");
  menu->actions()[1]->trigger();
  EXPECT_EQ(user.window().document().file(), there);
  emit menu->aboutToShow();
  EXPECT_EQ(menu->actions()[0]->text(), "there.fw.json") << "the last one is the first";
  menu->actions().back()->trigger();
  emit menu->aboutToShow();
  EXPECT_EQ(menu->actions().size(), 2) << "a line and the command that clears";
}

TEST(Desktop, AFileThatAnotherProgramChangesIsLoadedOrKept) {
  WindowDriver user;
  const QString path = user.path("shared.fw.json");
  Architecture first, second;
  first.name = "First";
  second.name = "Second";
  saveDocument(first, path.toStdString());
  ASSERT_TRUE(user.window().open(path));
  ui::NoticeBar& notice = user.window().notice();
  EXPECT_TRUE(notice.isHidden());
  saveDocument(second, path.toStdString());
  ASSERT_TRUE(WindowDriver::waitFor([&] { return notice.isVisible(); }));
  EXPECT_EQ(notice.sentence(), "Another program has changed shared.fw.json.");
  EXPECT_EQ(user.model().name, "First");
  ASSERT_TRUE(user.press(&notice, "Load it again"));
  EXPECT_EQ(user.model().name, "Second");
  EXPECT_FALSE(user.window().isWindowModified());
  EXPECT_TRUE(notice.isHidden());
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(user.model().name, "First");
  EXPECT_TRUE(user.window().isWindowModified());

  saveDocument(Architecture(), path.toStdString());
  ASSERT_TRUE(WindowDriver::waitFor([&] { return notice.isVisible(); }));
  ASSERT_TRUE(user.press(&notice, "Keep what is here"));
  EXPECT_EQ(user.model().name, "First");
  EXPECT_TRUE(user.window().isWindowModified());
  // Its own writing is no change.
  user.shortcut(Qt::Key_S, Qt::ControlModifier);
  QTest::qWait(400);
  EXPECT_TRUE(notice.isHidden());
  ASSERT_TRUE(QFile::remove(path));
  ASSERT_TRUE(WindowDriver::waitFor([&] { return notice.isVisible(); }));
  EXPECT_TRUE(notice.sentence().contains("no longer on disk"));
  EXPECT_TRUE(user.window().isWindowModified());
}

TEST(Desktop, KeysOfTheCanvasCanBeChanged) {
  WindowDriver user;
  user.create();
  const NodeId norm = user.add(user.at({0, 0}), "RMS norm");
  user.select(norm);
  QAction* mute = nullptr;
  for (QAction* each : user.window().findChildren<QAction*>())
    if (Shortcuts::titleOf(each) == "Mute") mute = each;
  ASSERT_TRUE(mute);
  Shortcuts& shortcuts = user.window().shortcuts();
  EXPECT_EQ(shortcuts.keysOf(mute), QKeySequence("M"));
  const auto isMuted = [&] { return findNode(user.model(), norm)->isMuted; };
  shortcuts.set(mute, QKeySequence("Ctrl+M"));
  EXPECT_TRUE(mute->text().endsWith("\tCtrl+M"));
  user.key(&user.canvas(), Qt::Key_M);
  EXPECT_FALSE(isMuted());
  user.key(&user.canvas(), Qt::Key_M, Qt::ControlModifier);
  EXPECT_TRUE(isMuted());
  ASSERT_TRUE(shortcuts.rival(nullptr, QKeySequence("Ctrl+M")));
  {
    MainWindow second({user.path("journals2"), user.path("runs2")});
    for (QAction* each : second.findChildren<QAction*>())
      if (Shortcuts::titleOf(each) == "Mute") {
        EXPECT_EQ(second.shortcuts().keysOf(each), QKeySequence("Ctrl+M"));
      }
  }
  shortcuts.reset();
  user.key(&user.canvas(), Qt::Key_M);
  EXPECT_FALSE(isMuted());
  QSettings().clear();
}

TEST(Desktop, TheSheetOfKeysHasEveryKeyAndPrints) {
  WindowDriver user;
  Shortcuts& shortcuts = user.window().shortcuts();
  const QString sheet = shortcuts.sheet();
  int keys = 0;
  for (const QAction* action : shortcuts.actions()) {
    if (shortcuts.keysOf(action).isEmpty()) continue;
    ++keys;
    EXPECT_TRUE(sheet.contains(Shortcuts::titleOf(action).toHtmlEscaped())) << Shortcuts::titleOf(action).toStdString();
    EXPECT_TRUE(sheet.contains(shortcuts.keysOf(action).toString(QKeySequence::NativeText).toHtmlEscaped()));
    EXPECT_EQ(shortcuts.rival(action, shortcuts.keysOf(action)), nullptr)
        << Shortcuts::titleOf(action).toStdString() << " has a key that another command has too";
  }
  EXPECT_GT(keys, 40);
  QPrinter printer;
  printer.setOutputFormat(QPrinter::PdfFormat);
  printer.setOutputFileName(user.path("keys.pdf"));
  QTextDocument page;
  page.setHtml(sheet);
  page.print(&printer);
  QFile file(user.path("keys.pdf"));
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  EXPECT_TRUE(file.read(5) == "%PDF-");
}

/// Whether a widget, or what it lies in, was put away.
bool isAway(const QWidget* widget, const QWidget* root) {
  for (; widget && widget != root && !qobject_cast<const QDockWidget*>(widget); widget = widget->parentWidget())
    if (widget->isHidden()) return true;
  return false;
}

/// Widgets that a person can reach and that have no name for a screen reader.
QStringList nameless(QWidget* root) {
  QStringList found;
  for (QWidget* widget : root->findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || qobject_cast<QMenu*>(widget) || isAway(widget, root)) continue;
    const QString kind = widget->metaObject()->className();
    if (widget->objectName().startsWith("qt_") || kind.startsWith("QComboBoxPrivate") || kind == "QWidget" ||
        kind == "QTextBrowser" || kind == "QRubberBand" || kind == "QComboBoxListView")
      continue;
    if (kind == "QTabBar" && !widget->isVisible()) continue;
    // A viewport and the like speak through what they belong to.
    if (widget->parentWidget() && qobject_cast<QAbstractScrollArea*>(widget->parentWidget())) continue;
    if (widget->parentWidget() && qobject_cast<QComboBox*>(widget->parentWidget())) continue;
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
    if (!interface) {
      found << kind + " has no interface";
      continue;
    }
    if (interface->text(QAccessible::Name).isEmpty() && interface->text(QAccessible::Description).isEmpty()) {
      QString path = kind + " " + widget->objectName();
      for (const QWidget* up = widget->parentWidget(); up; up = up->parentWidget())
        path += QString(" in ") + up->metaObject()->className();
      found << path;
    }
  }
  return found;
}

TEST(Desktop, EveryWidgetThatCanBeReachedHasAName) {
  WindowDriver user;
  EXPECT_EQ(nameless(&user.window().startPage()).join("\n").toStdString(), "") << "on the start page";
  ASSERT_TRUE(user.window().open("hybrid-recall"));
  ASSERT_TRUE(user.waitForCheck());
  for (const char* block : {"structure.repeat", "attention.multi_head", "embedding.token"})
    if (const NodeId node = user.find(block)) {
      user.canvas().setSelection({node});
      EXPECT_EQ(nameless(&user.window()).join("\n").toStdString(), "") << "with " << block;
    }
  ShortcutsDialog dialog(user.window().shortcuts());
  EXPECT_EQ(nameless(&dialog).join("\n").toStdString(), "");
}

TEST(Desktop, ResettingTheLayoutBringsEveryPanelBack) {
  WindowDriver user;
  user.create();
  const auto docks = user.window().findChildren<QDockWidget*>();
  std::map<QDockWidget*, Qt::DockWidgetArea> before;
  for (QDockWidget* dock : docks) before[dock] = user.window().dockWidgetArea(dock);
  for (QDockWidget* dock : docks) {
    dock->setFloating(dock->objectName() == "InspectorDock");
    if (dock->objectName() != "InspectorDock") dock->hide();
  }
  for (QAction* action : user.window().findChildren<QAction*>())
    if (Shortcuts::titleOf(action) == "Reset layout") action->trigger();
  for (QDockWidget* dock : docks) {
    EXPECT_FALSE(dock->isHidden()) << dock->objectName().toStdString();
    EXPECT_FALSE(dock->isFloating()) << dock->objectName().toStdString();
    EXPECT_EQ(user.window().dockWidgetArea(dock), before[dock]) << dock->objectName().toStdString();
  }
}

}  // namespace
}  // namespace fw

#include "desktop_test.moc"
