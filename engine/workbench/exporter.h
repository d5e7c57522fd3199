// What an exporter is: a document, with or without weights, as a file of another tool. One file each in
// engine/workbench/exporters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/base/tensor.h"

namespace fw {

struct ExportCall {
  const Architecture& architecture;
  const std::map<std::string, Tensor>* weights = nullptr;  // by parameter name; null: none
  std::string path;                                        // file or folder, as the exporter says
  std::string source = {};  // the Hugging Face folder that the model comes from; empty: none
  Params options = {};      // those of ExporterDef::params that differ from the defaults
};

struct ExporterDef {
  std::string id;     // "json"
  std::string title;  // "Formwright document"
  std::string help;
  std::string extension;  // ".fw.json"; empty: a folder
  void (*write)(const ExportCall&) = nullptr;
  std::vector<ParamDef> params = {};  // options
};

/// Every exporter (generated).
const std::vector<ExporterDef>& allExporters();

}  // namespace fw
