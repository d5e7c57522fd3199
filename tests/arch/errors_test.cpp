// The error folder: every file in tests/errors/load is refused, every one in tests/errors/check opens and has errors,
// with exactly the text beside it. Blocks are those of the small catalog.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/arch/diagnostic.h"
#include "engine/arch/document_file.h"
#include "engine/base/file.h"
#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

struct Case {
  std::string name, path, expected;
};

std::vector<Case> cases(const std::string& folder) {
  std::vector<Case> found;
  for (const auto& file : std::filesystem::directory_iterator(sourceFolder() + "/tests/errors/" + folder)) {
    const std::string path = file.path();
    if (!path.ends_with(".fw.json")) continue;
    const std::string stem = path.substr(0, path.size() - std::string(".fw.json").size());
    found.push_back({file.path().filename(), path, readFile(stem + ".txt")});
  }
  std::sort(found.begin(), found.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return found;
}

TEST(ErrorFolder, MalformedFilesAreRefused) {
  const auto found = cases("load");
  EXPECT_GE(found.size(), 30u);
  for (const Case& c : found) {
    SCOPED_TRACE(c.name);
    expectError([&] { fromDocumentText(readFile(c.path), c.name); }, Code::File,
                c.expected.substr(0, c.expected.size() - 1));
  }
}

TEST(ErrorFolder, WrongDocumentsOpenAndAreReported) {
  const auto found = cases("check");
  EXPECT_GE(found.size(), 8u);
  for (const Case& c : found) {
    SCOPED_TRACE(c.name);
    const Architecture document = fromDocumentText(readFile(c.path), c.name);
    const std::vector<Diagnostic> diagnostics = validate(document, smallCatalog());
    std::string text;
    for (const Diagnostic& d : diagnostics)
      if (d.severity == Severity::Error) text += "[" + c.name + "] " + d.text + "\n";
    EXPECT_EQ(text, c.expected);
    EXPECT_TRUE(hasErrors(diagnostics));
    // Wrong documents can be saved, and nothing is lost.
    expectSame(fromDocumentText(toDocumentText(document), "again"), document);
  }
}

}  // namespace
}  // namespace fw
