// The files of a Hugging Face folder besides code: config.json, tensors in one file or several, what goes with the
// text.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/base/tensor.h"

namespace fw {

/// Makes the folder. Throws Code::File where it cannot be made, and Code::Usage where it is `source` itself.
void makeExportFolder(const std::string& folder, const std::string& source);

/// Copies the tokenizer, its vocabulary, chat template and generation settings of `source`, as far as they are there;
/// nothing without a source. Throws Code::File.
void copyTextFiles(const std::string& source, const std::string& folder);

/// config.json from the text of a JSON object: that of `source` byte by byte where it says the same.
void writeConfig(const std::string& config, const std::string& source, const std::string& folder);

/// model.safetensors, or files of at most `mostBytes` (a larger tensor alone) with an index. Where `source` has an
/// index tensors stay in the files that it names; a tensor that is as `source` has it keeps its bytes there, whatever
/// their dtype.
void writeTensors(const std::map<std::string, Tensor>& tensors, const std::string& source, const std::string& folder,
                  int64_t mostBytes);

}  // namespace fw
