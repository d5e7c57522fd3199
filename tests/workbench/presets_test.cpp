// Every preset is a sound document, and the published models have their published sizes.
#include "engine/presets/preset.h"

#include <gtest/gtest.h>

#include "engine/arch/document_file.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

TEST(Presets, HaveNoProblemsAndSurviveSaving) {
  for (const PresetDef& preset : allPresets()) {
    const Architecture architecture = preset.make(catalog());
    for (const Diagnostic& diagnostic : check(architecture)) ADD_FAILURE() << preset.id << ": " << diagnostic.text;
    EXPECT_EQ(structuralHash(fromDocumentText(toDocumentText(architecture), preset.id)), structuralHash(architecture))
        << preset.id;
    EXPECT_FALSE(preset.title.empty() || preset.help.empty()) << preset.id;
  }
}

/// On the null device: the largest would need 30 GB.
TEST(Presets, PublishedModelsHaveTheirPublishedSizes) {
  const std::map<std::string, double> published = {
      {"gpt2", 124'439'808}, {"llama-2-7b", 6'738'415'616}, {"llama-3-8b", 8'030'261'248}, {"mamba-130m", 129'135'360}};
  for (const auto& [id, parameters] : published) {
    ASSERT_TRUE(findPreset(id)) << id;
    const CostReport report = cost(findPreset(id)->make(catalog()), {.withPeak = false});
    EXPECT_EQ(report.parametersTotal, parameters) << id;
    EXPECT_EQ(report.parametersUnique, parameters) << id;
  }
}

/// Per token: two tensors a layer of eight key-value heads of 128 floats.
TEST(Presets, CacheOfGroupedQueriesIsCountedPerToken) {
  const CostReport report = cost(findPreset("llama-3-8b")->make(catalog()), {.time = 64, .withPeak = false});
  EXPECT_EQ(report.kvBytesPerToken, 32.0 * 2 * 8 * 128 * 4);
  EXPECT_EQ(report.stateBytes, 0);
}

TEST(Presets, ForkNeedsARowForEachBranch) {
  EXPECT_EQ(smallestBatch(findPreset("forked-shapes")->make(catalog())), 2);
  EXPECT_EQ(smallestBatch(findPreset("gpt2")->make(catalog())), 1);
}

}  // namespace
}  // namespace fw
