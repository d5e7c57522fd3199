// Crash recovery: what was appended is there after a kill, a cut line or damage lose no more than themselves.
#include "engine/arch/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "engine/arch/document_file.h"
#include "engine/base/file.h"
#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

void writeBytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class JournalTest : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  std::string path = folder / "journal";
  Sample s = sampleDocument();

  Architecture edited(int heads, const std::string& label = {}) const {
    Editor editor(s.document, smallCatalog());
    editor.setParam(s.attention, "heads", heads);
    editor.setLabel(s.attention, label);
    return editor.result();
  }
};

TEST_F(JournalTest, GivesTheNewestSnapshot) {
  JournalWriter writer(path, "/home/ada/model.fw.json");
  EXPECT_FALSE(readJournal(path).has_value());
  writer.append("Open", s.document, 1000);
  writer.append("Set heads", edited(4), 1001);
  writer.append("Set heads", edited(2), 1002);
  writer.sync();
  const auto content = readJournal(path);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->document, "/home/ada/model.fw.json");
  EXPECT_EQ(content->edits, 3);
  EXPECT_EQ(content->time, 1002);
  EXPECT_EQ(content->title, "Set heads");
  EXPECT_FALSE(content->isTorn);
  expectSame(content->architecture, edited(2));
  EXPECT_EQ(writer.bytes(), int64_t(readFile(path).size()));
}

TEST_F(JournalTest, AnyChangeSurvives) {
  JournalWriter writer(path, "");
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const Architecture document = randomDocument(seed);
    writer.append("größer \n\"", document, int64_t(seed));
    expectSame(readJournal(path)->architecture, document);
    if (HasFailure()) return;
  }
}

TEST_F(JournalTest, CutsNeverLieInsideACharacter) {
  JournalWriter writer(path, "");
  // ä is c3 a4, ö is c3 b6, æ is c3 a6, ¤ is c2 a4: first or last bytes are shared.
  for (const char* label : {"ä", "ö", "æ", "¤", "日本", "日木", "木", "", "ä", "aä", "äa"}) {
    writer.append("Label", edited(4, label), 0);
    EXPECT_EQ(findNode(readJournal(path)->architecture, s.attention)->label, label);
  }
}

TEST_F(JournalTest, ASmallEditIsASmallLine) {
  JournalWriter writer(path, "");
  writer.append("Open", edited(4), 0);
  const int64_t before = writer.bytes();
  writer.append("Set heads", edited(2), 0);
  EXPECT_LT(writer.bytes() - before, 250);
}

TEST_F(JournalTest, CutAtEveryByteOfTheLastLine) {
  int64_t before = 0, after = 0;
  {
    JournalWriter writer(path, "model");
    writer.append("Open", s.document, 1);
    writer.append("Set heads", edited(4), 2);
    before = writer.bytes();
    writer.append("Set heads", edited(2), 3);
    after = writer.bytes();
  }
  const std::string whole = readFile(path);
  ASSERT_EQ(int64_t(whole.size()), after);
  ASSERT_GT(after - before, 100);
  const std::string expected = toDocumentText(edited(4));
  for (int64_t length = before; length < after; ++length) {
    writeBytes(path, whole.substr(0, size_t(length)));
    const auto content = readJournal(path);
    ASSERT_TRUE(content.has_value()) << length;
    EXPECT_EQ(content->isTorn, length != before) << length;
    EXPECT_EQ(content->edits, 2);
    EXPECT_EQ(toDocumentText(content->architecture), expected);
  }
}

TEST_F(JournalTest, CutAtEveryByteBefore) {
  {
    JournalWriter writer(path, "model");
    writer.append("Open", s.document, 1);
  }
  const std::string whole = readFile(path);
  const size_t headerEnd = whole.find('\n');
  for (size_t length = 0; length < whole.size(); length += length < headerEnd + 50 ? 1 : 29) {
    writeBytes(path, whole.substr(0, length));
    if (length < headerEnd) {
      expectError([&] { readJournal(path); }, Code::File, "[" + path + "] this is no Formwright journal.");
    } else {
      EXPECT_FALSE(readJournal(path).has_value()) << length;
    }
  }
}

TEST_F(JournalTest, EveryDamagedByteIsNoticed) {
  {
    JournalWriter writer(path, "model");
    writer.append("Open", s.document, 1);
    writer.append("Set heads", edited(4), 2);
    writer.append("Set heads", edited(2), 3);
  }
  const std::string whole = readFile(path);
  const std::string texts[] = {toDocumentText(s.document), toDocumentText(edited(4)), toDocumentText(edited(2))};
  const size_t header = whole.find('\n') + 1;
  const size_t lastLines = whole.find('\n', header) + 1;
  for (size_t at = lastLines; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = char(damaged[at] ^ 1);
    writeBytes(path, damaged);
    const auto content = readJournal(path);
    ASSERT_TRUE(content.has_value());
    EXPECT_TRUE(content->isTorn);
    EXPECT_LT(content->edits, 3);
    EXPECT_EQ(toDocumentText(content->architecture), texts[content->edits - 1]);
  }
}

TEST_F(JournalTest, IsNoJournal) {
  for (const char* bytes : {"", "hello\n", "{\"format\":\"formwright-journal\"}\n", "\n\n"}) {
    writeBytes(path, bytes);
    expectError([&] { readJournal(path); }, Code::File, "[" + path + "] this is no Formwright journal.");
  }
  expectError([&] { readJournal(folder / "none"); }, Code::File,
              "[" + (folder / "none") + "] cannot be opened: No such file or directory.");
  expectError([&] { JournalWriter(folder / "absent/journal", ""); }, Code::File,
              "[" + (folder / "absent/journal") + "] cannot be written: No such file or directory.");
}

TEST_F(JournalTest, IsBounded) {
  JournalWriter writer(path, "model");
  const std::string label(50'000, 'x');
  int64_t largest = 0;
  for (int i = 0; i < 400; ++i) {
    // Each line brings the whole label again.
    writer.append("Label", edited(4, std::to_string(i) + label + std::to_string(i)), i);
    largest = std::max(largest, int64_t(readFile(path).size()));
  }
  EXPECT_LE(largest, (4 << 20) + 60'000);
  const auto content = readJournal(path);
  EXPECT_EQ(content->edits, 400);
  EXPECT_EQ(content->time, 399);
  EXPECT_EQ(content->document, "model");
  expectSame(content->architecture, edited(4, "399" + label + "399"));
}

TEST_F(JournalTest, RestartsAfterASave) {
  JournalWriter writer(path, "");
  writer.append("Open", s.document, 1);
  writer.restart("saved.fw.json");
  EXPECT_FALSE(readJournal(path).has_value());
  writer.append("Set heads", edited(4), 2);
  EXPECT_EQ(readJournal(path)->document, "saved.fw.json");
  EXPECT_EQ(readJournal(path)->edits, 1);
}

TEST_F(JournalTest, AFullDiskHidesNothing) {
  JournalWriter writer(path, "");
  writer.append("Open", s.document, 1);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  // Room for a part of the next line.
  rlimit tight = old;
  tight.rlim_cur = rlim_t(writer.bytes() + 50);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::string sentence;
  try {
    writer.append("Set heads", edited(4), 2);
  } catch (const Error& error) {
    sentence = error.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_EQ(sentence, "[" + path + "] cannot be written: File too large.");
  expectSame(readJournal(path)->architecture, s.document);
  EXPECT_FALSE(readJournal(path)->isTorn);
  writer.append("Set heads", edited(2), 3);
  expectSame(readJournal(path)->architecture, edited(2));
  EXPECT_EQ(readJournal(path)->edits, 2);
}

TEST_F(JournalTest, SurvivesKill) {
  const std::string progress = folder / "progress";
  for (int trial = 0; trial < 5; ++trial) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      JournalWriter writer(path, "model");
      for (int i = 0;; ++i) {
        writer.append("Label", edited(4, std::string(size_t(i % 50), 'x') + std::to_string(i)), i);
        const int file = ::creat(progress.c_str(), 0600);
        const std::string digits = std::to_string(i);
        if (::write(file, digits.data(), digits.size()) < 0) ::_exit(1);
        ::close(file);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * trial));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const std::string reported = readFile(progress);
    const auto content = readJournal(path);
    ASSERT_TRUE(content.has_value());
    // Everything that append() returned from is there; one more may be.
    if (!reported.empty()) {
      EXPECT_GE(content->time, std::stoll(reported));
    }
    const std::string label = std::string(size_t(content->time % 50), 'x') + std::to_string(content->time);
    EXPECT_EQ(findNode(content->architecture, s.attention)->label, label);
  }
}

}  // namespace
}  // namespace fw
