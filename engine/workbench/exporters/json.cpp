// The document as it is saved.
#include "engine/arch/document_file.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

void write(const ExportCall& call) { saveDocument(call.architecture, call.path); }

}  // namespace

ExporterDef exporter_json() {
  return {.id = "json",
          .title = "Formwright document",
          .help = "The model as a document: structure, parameters, positions; no weights.",
          .extension = ".fw.json",
          .write = write};
}

}  // namespace fw
