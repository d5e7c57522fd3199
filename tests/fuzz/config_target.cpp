// `config.json` of a Hugging Face folder: what is opened is a document without errors that can be written and read.
#include <fstream>

#include "engine/arch/diagnostic.h"
#include "engine/arch/document_file.h"
#include "engine/io/huggingface.h"
#include "tests/fuzz/target.h"
#include "tests/support/temporary_folder.h"

using namespace fw;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Catalog catalog(allBlocks());
  static const TemporaryFolder folder;
  std::ofstream(folder / "config.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), std::streamsize(size));
  const auto checkpoint = unlessRefused([&] { return openHuggingFace(folder.path(), catalog, false); });
  if (!checkpoint) return 0;
  validate(checkpoint->architecture, catalog);
  const std::string text = toDocumentText(checkpoint->architecture);
  if (toDocumentText(fromDocumentText(text, "again.fw.json")) != text)
    throw std::logic_error("the text of the document has changed");
  return 0;
}
