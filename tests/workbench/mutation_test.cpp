// Presets with something broken at random: every result is a document with diagnostics, or a sentence; never a crash,
// and what is called sound can be counted.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/arch/document_file.h"
#include "engine/base/json.h"
#include "engine/base/rng.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

/// Every value of a document below "architecture", with the list or object that holds it.
void collect(Json& holder, std::vector<std::pair<Json*, std::string>>& found) {
  for (auto& [key, value] : holder.items()) {
    found.emplace_back(&holder, key);
    if (value.is_structured()) collect(value, found);
  }
}

Json& at(Json& holder, const std::string& key) {
  return holder.is_array() ? holder[size_t(std::stoull(key))] : holder[key];
}

void breakSomething(Json& document, Rng& rng) {
  std::vector<std::pair<Json*, std::string>> places;
  collect(document["architecture"], places);
  if (places.empty()) return;
  const auto& [holder, key] = places[size_t(rng.below(int64_t(places.size())))];
  Json& value = at(*holder, key);
  const auto& [otherHolder, otherKey] = places[size_t(rng.below(int64_t(places.size())))];
  const Json other = at(*otherHolder, otherKey);
  // Mostly of the same type, so that the document still opens.
  const int64_t kind = rng.below(8) == 0 ? rng.below(3) : value.is_number() ? 0 : value.is_string() ? 1 : 2;
  if (kind == 0) {
    const std::vector<Json> numbers = {0, -1, 1, 2, 7, 65, 3.5, 1e18, 1e300, int64_t(1) << 40, INT64_MAX};
    value = numbers[size_t(rng.below(int64_t(numbers.size())))];
  } else if (kind == 1) {
    const std::vector<std::string> texts = {"",
                                            "=width",
                                            "=1/0",
                                            "x",
                                            "=width*1e30",
                                            "MM*-",
                                            "B T D",
                                            allBlocks()[size_t(rng.below(int64_t(allBlocks().size())))].id};
    if (other.is_string() && rng.below(2) == 0)
      value = other;
    else
      value = texts[size_t(rng.below(int64_t(texts.size())))];
  } else if (!holder->is_array()) {
    holder->erase(key);
  } else if (rng.below(2) == 0) {
    holder->erase(size_t(std::stoull(key)));
  } else {
    holder->push_back(other);
  }
}

TEST(Mutation, BrokenDocumentsNeverCrash) {
  int refused = 0, wrong = 0, sound = 0;
  for (const PresetDef& preset : allPresets()) {
    if (!preset.isTemplate) continue;
    const std::string text = toDocumentText(preset.make(catalog()));
    for (uint64_t seed = 0; seed < 600; ++seed) {
      SCOPED_TRACE(preset.id + " " + std::to_string(seed));
      Rng rng(seed, uint64_t(preset.id.size()));
      Json document = parseJson(text, preset.id);
      for (int64_t i = 0; i <= rng.below(3); ++i) breakSomething(document, rng);
      try {
        const Architecture architecture = fromDocumentText(document.dump(), preset.id);
        const std::vector<Diagnostic> diagnostics = check(architecture);
        for (const Diagnostic& diagnostic : diagnostics) EXPECT_FALSE(diagnostic.text.empty());
        EXPECT_EQ(structuralHash(fromDocumentText(toDocumentText(architecture), "again")),
                  structuralHash(architecture));
        if (hasErrors(diagnostics)) {
          ++wrong;
          continue;
        }
        ++sound;
        // Sound at one time may be too large at another, which is a sentence as well.
        try {
          EXPECT_GE(cost(architecture, {.time = 16, .withPeak = false}).flops, 0);
        } catch (const Error&) {
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::File) << error.what();
        ++refused;
      }
    }
  }
  // All three happen often, or the test tests little.
  EXPECT_GT(refused, 300);
  EXPECT_GT(wrong, 300);
  EXPECT_GT(sound, 40);
}

}  // namespace
}  // namespace fw
