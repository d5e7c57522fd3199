// Python source that needs PyTorch alone, and the weights beside it.
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/safetensors.h"
#include "engine/workbench/export/torch_writer.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

/// A path with the extension .py is the source, any other a folder for model.py; the weights take its stem.
void write(const ExportCall& call) {
  namespace fs = std::filesystem;
  fs::path path(call.path);
  if (path.extension() != ".py") {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw Error(Code::File, text("[", call.path, "] the folder cannot be made: ", error.message(), "."));
    path /= "model.py";
  }
  writeFileAtomically(path.string(), torchSource(call.architecture));
  if (call.weights) saveSafetensors(path.replace_extension(".safetensors").string(), *call.weights, {{"format", "pt"}});
}

}  // namespace

ExporterDef exporter_pytorch() {
  return {.id = "pytorch",
          .title = "PyTorch source",
          .help =
              "One readable Python file that needs PyTorch alone, a class for each kind of module, and the weights "
              "as safetensors that load_state_dict accepts.",
          .extension = ".py",
          .write = write};
}

}  // namespace fw
