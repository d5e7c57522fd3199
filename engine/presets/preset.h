// What a preset is: a document made by a function. One file each in engine/presets/*/.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

struct PresetDef {
  std::string id;     // "gpt2"
  std::string title;  // "GPT-2"
  std::string help;
  std::string paper;
  std::string family;       // heading on the start page: "Templates", "Language models", "State space"
  bool isTemplate = false;  // small enough to train at once; shown first
  std::string task;         // the task it is made for; empty: none
  Params taskOptions = {};
  int64_t steps = 0;        // training steps that show its point; 0: the default
  double learningRate = 0;  // 0: the optimiser's own
  int64_t batch = 0;        // 0: the default
  Architecture (*make)(const Catalog&) = nullptr;
};

/// Every preset (generated).
const std::vector<PresetDef>& allPresets();

/// nullptr where there is none.
const PresetDef* findPreset(const std::string& id);

}  // namespace fw
