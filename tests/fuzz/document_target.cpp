// `.fw.json`: whatever is read can be checked, hashed and lowered, and its text is read back as the same text.
#include "engine/arch/diagnostic.h"
#include "engine/arch/document_file.h"
#include "engine/blocks/lowering.h"
#include "tests/fuzz/target.h"

using namespace fw;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Catalog catalog(allBlocks());
  const auto document = unlessRefused(
      [&] { return fromDocumentText(std::string(reinterpret_cast<const char*>(data), size), "input.fw.json"); });
  if (!document) return 0;
  const std::string text = toDocumentText(*document);
  const Architecture again = fromDocumentText(text, "again.fw.json");
  if (toDocumentText(again) != text) throw std::logic_error("the text of the document has changed");
  if (structuralHash(again) != structuralHash(*document)) throw std::logic_error("the document has changed");
  if (validate(*document, catalog).empty())
    lower(*document, catalog, {.mode = Mode::Train, .dims = {{"B", 1}, {"T", 3}}});
  return 0;
}
