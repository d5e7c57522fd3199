// Files in the window: saving, reopening, broken files, closing with unsaved changes, recovery after kill -9.
#include <gtest/gtest.h>
#include <signal.h>

#include <QAbstractButton>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>

#include "app/recovery_dialog.h"
#include "driver.h"
#include "engine/arch/document_file.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

QByteArray bytesOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Two wired blocks in a file of their own, open in the window.
QString openSmall(WindowDriver& user) {
  user.create();
  const NodeId norm = user.add(user.at({0, 0}), "RMS norm");
  const NodeId mlp = user.add(user.at({300, 0}), "SwiGLU");
  user.connect(norm, "y", mlp, "x");
  const QString path = user.path("small.fw.json");
  EXPECT_TRUE(user.inDialog([&] { user.shortcut(Qt::Key_S, Qt::ControlModifier); },
                            [&](QWidget* dialog) {
                              auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
                              ASSERT_TRUE(name);
                              name->setText(path);  // typed letters would open the list of completions
                              auto* buttons = dialog->findChild<QDialogButtonBox*>();
                              QTest::mouseClick(buttons->button(QDialogButtonBox::Save), Qt::LeftButton);
                            }));
  EXPECT_TRUE(QFile::exists(path));
  return path;
}

TEST(Files, TheFileChangesOnlyOnSaveAndReopensTheSame) {
  WindowDriver user;
  const QString path = openSmall(user);
  const QByteArray first = bytesOf(path);
  EXPECT_FALSE(user.window().isWindowModified());
  user.drag(user.middle(user.find("norm.rms")), user.at({0, 200}));
  user.select(user.find("mlp.gated"));
  user.setParam("hidden", "96");
  EXPECT_TRUE(user.window().isWindowModified());
  user.window().document().journal()->flush();
  EXPECT_EQ(bytesOf(path), first);
  user.shortcut(Qt::Key_S, Qt::ControlModifier);
  EXPECT_FALSE(user.window().isWindowModified());
  EXPECT_NE(bytesOf(path), first);
  const std::string saved = toDocumentText(user.model());

  user.create();
  ASSERT_TRUE(user.window().open(path));
  EXPECT_EQ(toDocumentText(user.model()), saved);
  EXPECT_EQ(user.model().layout.at(user.find("norm.rms")).y, 200);
}

TEST(Files, ABrokenFileIsToldAndNothingIsLost) {
  WindowDriver user;
  openSmall(user);
  user.select(user.find("mlp.gated"));
  user.setParam("hidden", "96");
  const ArchitecturePtr before = user.window().document().current();
  const QString broken = user.path("broken.fw.json");
  QFile file(broken);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write("{\"format\": \"formwright\", \"vers");
  file.close();
  QString told;
  EXPECT_TRUE(user.inDialog([&] { user.window().open(broken); },
                            [&](QWidget* dialog) {
                              told = qobject_cast<QMessageBox*>(dialog)->text();
                              QTest::keyClick(dialog, Qt::Key_Return);
                            }));
  EXPECT_TRUE(told.contains("broken.fw.json")) << told.toStdString();
  EXPECT_EQ(user.window().document().current(), before);
  EXPECT_TRUE(user.window().isWindowModified());
  EXPECT_TRUE(user.window().document().history().canUndo());
}

TEST(Files, AFileThatCannotBeWrittenIsToldAndTheModelStays) {
  WindowDriver user;
  const QString path = openSmall(user);
  user.select(user.find("mlp.gated"));
  user.setParam("hidden", "96");
  const QByteArray before = bytesOf(path);
  QDir(user.path("")).mkdir("blocked");
  // A folder of the file's name: nobody can write there, root neither.
  ASSERT_TRUE(QFile::rename(path, path + ".kept"));
  ASSERT_TRUE(QDir().mkpath(path + "/inside"));
  QString told;
  EXPECT_TRUE(user.inDialog([&] { user.shortcut(Qt::Key_S, Qt::ControlModifier); },
                            [&](QWidget* dialog) {
                              told = qobject_cast<QMessageBox*>(dialog)->text();
                              QTest::keyClick(dialog, Qt::Key_Return);
                            }));
  EXPECT_TRUE(told.contains("small.fw.json")) << told.toStdString();
  EXPECT_TRUE(user.window().isWindowModified());
  EXPECT_EQ(bytesOf(path + ".kept"), before);
}

void answer(WindowDriver& user, QMessageBox::StandardButton button, bool mustClose) {
  QString told;
  EXPECT_TRUE(user.inDialog([&] { user.window().close(); },
                            [&](QWidget* dialog) {
                              auto* box = qobject_cast<QMessageBox*>(dialog);
                              told = box->text();
                              QTest::mouseClick(box->button(button), Qt::LeftButton);
                            }));
  EXPECT_TRUE(told.contains("small.fw.json")) << told.toStdString();
  EXPECT_EQ(user.window().isHidden(), mustClose);
}

TEST(Files, ClosingAsksAboutUnsavedChanges) {
  for (const auto button : {QMessageBox::Cancel, QMessageBox::Discard, QMessageBox::Save}) {
    WindowDriver user;
    const QString path = openSmall(user);
    const QByteArray before = bytesOf(path);
    user.select(user.find("mlp.gated"));
    user.setParam("hidden", "96");
    answer(user, button, button != QMessageBox::Cancel);
    EXPECT_EQ(bytesOf(path) == before, button != QMessageBox::Save);
  }
}

TEST(Files, ClosingWithoutChangesAsksNothing) {
  WindowDriver user;
  openSmall(user);
  EXPECT_TRUE(user.window().close());
}

TEST(Files, CopiedBlocksAreTextThatPastesElsewhere) {
  WindowDriver user;
  openSmall(user);
  user.shortcut(Qt::Key_A, Qt::ControlModifier);
  user.key(&user.canvas(), Qt::Key_C, Qt::ControlModifier);
  const QString text = QGuiApplication::clipboard()->text();
  EXPECT_TRUE(text.contains("mlp.gated")) << text.toStdString();

  WindowDriver other;
  other.create();
  QGuiApplication::clipboard()->setText("no blocks");
  other.key(&other.canvas(), Qt::Key_V, Qt::ControlModifier);
  EXPECT_EQ(nodeCount(other.model()), 0);
  QGuiApplication::clipboard()->setText(text);
  other.key(&other.canvas(), Qt::Key_V, Qt::ControlModifier);
  EXPECT_EQ(structuralHash(other.model()), structuralHash(user.model()));
  EXPECT_EQ(other.canvas().selection().size(), 2u);
}

RecoveryDialog* offered(MainWindow& window) {
  window.offerRecovery();
  return window.findChild<RecoveryDialog*>();
}

TEST(Recovery, EditsOfAKilledProgramComeBack) {
  WindowDriver user;
  QProcess child;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert("FORMWRIGHT_JOURNALS", user.folders().journals);
  child.setProcessEnvironment(environment);
  child.start(QString::fromStdString(buildFolder()) + "/tests/killed_window", {});
  ASSERT_TRUE(child.waitForStarted());
  ASSERT_TRUE(WindowDriver::waitFor([&] { return child.canReadLine(); }, 20000)) << child.readAllStandardError().data();
  const std::string edited = child.readLine().trimmed().toStdString();

  EXPECT_EQ(offered(user.window()), nullptr) << "its owner lives";
  ASSERT_EQ(::kill(pid_t(child.processId()), SIGKILL), 0);
  child.waitForFinished();

  RecoveryDialog* dialog = offered(user.window());
  ASSERT_TRUE(dialog);
  ASSERT_TRUE(user.press(dialog, "Recover"));
  ASSERT_TRUE(user.window().document().isOpen());
  EXPECT_EQ(structuralHash(user.model()).toString(), edited);
  EXPECT_TRUE(user.window().isWindowModified());
  EXPECT_TRUE(WindowDriver::waitFor([&] { return user.window().findChild<RecoveryDialog*>() == nullptr; }));
  // It is in a journal again, of this window, which no other one offers.
  WindowDriver other(user.folders());
  EXPECT_EQ(offered(other.window()), nullptr);
}

TEST(Recovery, KilledAtAnyMomentItLosesAFewEditsAtMost) {
  for (const int after : {0, 7, 61, 150, 333, 700}) {
    QTemporaryDir folder;
    QProcess child;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("FORMWRIGHT_JOURNALS", folder.path());
    environment.insert("FORMWRIGHT_EDITS", "1");
    child.setProcessEnvironment(environment);
    child.start(QString::fromStdString(buildFolder()) + "/tests/killed_window", {});
    ASSERT_TRUE(child.waitForStarted());
    ASSERT_TRUE(WindowDriver::waitFor([&] { return child.canReadLine(); }, 20000));
    QTest::qWait(after);
    std::vector<std::pair<int, qint64>> told;  // edit, and when it was told
    QElapsedTimer clock;
    clock.start();
    const auto read = [&] {
      while (child.canReadLine())
        if (const int edit = child.readLine().trimmed().toInt(); edit > 0) told.push_back({edit, clock.elapsed()});
    };
    while (clock.elapsed() < 300) {
      child.waitForReadyRead(2);
      read();
    }
    ASSERT_EQ(::kill(pid_t(child.processId()), SIGKILL), 0);
    child.waitForFinished();
    read();
    ASSERT_FALSE(told.empty()) << after;
    QStringList complaints;
    const std::vector<LeftBehind> left = findLeftBehind(folder.path(), complaints);
    EXPECT_TRUE(complaints.isEmpty()) << complaints.join(' ').toStdString();
    ASSERT_EQ(left.size(), 1u) << after;
    int kept = 0;
    for (const auto& [node, position] : left[0].content.architecture.layout)
      if (position.y == 0 && position.x != 300) kept = std::max(kept, int(position.x));
    qint64 keptAt = 0;
    for (const auto& [edit, when] : told)
      if (edit <= kept) keptAt = when;
    EXPECT_LE(told.back().second - keptAt, 250)
        << "killed after " << after << " ms: " << kept << " of " << told.back().first << " edits came back";
  }
}

TEST(Recovery, DecidedLaterItIsOfferedAgainDiscardedItIsNot) {
  WindowDriver user;
  {
    JournalWriter left((user.path("left.journal")).toStdString(), "");
    Architecture model;
    model.name = "Left";
    left.append("Add norm", model, 1700000000);
  }
  QDir().mkpath(user.folders().journals);
  ASSERT_TRUE(QFile::rename(user.path("left.journal"), user.folders().journals + "/left.journal"));
  RecoveryDialog* dialog = offered(user.window());
  ASSERT_TRUE(dialog);
  ASSERT_TRUE(user.press(dialog, "Decide later"));
  EXPECT_FALSE(user.window().document().isOpen());
  ASSERT_TRUE(WindowDriver::waitFor([&] { return user.window().findChild<RecoveryDialog*>() == nullptr; }));
  dialog = offered(user.window());
  ASSERT_TRUE(dialog);
  ASSERT_TRUE(user.press(dialog, "Discard edits"));
  ASSERT_TRUE(WindowDriver::waitFor([&] { return user.window().findChild<RecoveryDialog*>() == nullptr; }));
  EXPECT_EQ(offered(user.window()), nullptr);
}

TEST(Recovery, AJournalGoesWithItsWindow) {
  StateFolders folders;
  {
    WindowDriver user;
    folders = user.folders();
    openSmall(user);
    user.select(user.find("mlp.gated"));
    user.setParam("hidden", "96");
    user.window().document().journal()->flush();
    EXPECT_EQ(QDir(folders.journals).entryList({"*.journal"}, QDir::Files).size(), 1);
    // Undone back to what is on disk, there is nothing to recover.
    user.shortcut(Qt::Key_Z, Qt::ControlModifier);
    user.window().document().journal()->flush();
    EXPECT_FALSE(readJournal(user.window().document().journal()->path().toStdString()));
  }
}

}  // namespace
}  // namespace fw
