// Documents as `.fw.json` files.
#include "engine/arch/document_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/arch/document_json.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

namespace fw {
namespace {

constexpr const char* kFormat = "formwright";

/// Keys of this version or of an older one, changed into those of kDocumentVersion.
void migrate(SortedJson& json, const std::string& place) {
  const auto format = json.find("format"), version = json.find("version");
  if (format == json.end() || *format != kFormat)
    throw Error(Code::File,
                text("[", place, "] this is no Formwright document; expected \"format\": \"", kFormat, "\"."));
  if (version == json.end() || !version->is_number_integer() || *version < 1)
    throw Error(Code::File,
                text("[", place, "] the document has no version; expected \"version\": ", kDocumentVersion, "."));
  if (*version > kDocumentVersion)
    throw Error(Code::File, text("[", place, "] the document has version ", version->dump(),
                                 "; this program reads versions up to ", kDocumentVersion, "."));
}

}  // namespace

std::string toDocumentText(const Architecture& architecture) {
  SortedJson body = toJson(*architecture.root);
  body["variables"] = SortedJson::object();
  body["weight_groups"] = SortedJson::object();
  for (const auto& [name, value] : architecture.variables) body["variables"][name] = plainNumber(value);
  for (const auto& [name, group] : architecture.weightGroups) body["weight_groups"][name] = toJson(group);
  SortedJson json = {{"format", kFormat}, {"version", kDocumentVersion}, {"name", architecture.name}};
  json["architecture"] = std::move(body);
  SortedJson layout = SortedJson::object();
  for (const auto& [id, position] : architecture.layout) layout.emplace(std::to_string(id), toJson(position));
  json["layout"] = std::move(layout);
  for (const auto& [id, frame] : architecture.frames) json["frames"][std::to_string(id)] = toJson(frame);
  for (const auto& [id, dot] : architecture.dots) json["dots"][std::to_string(id)] = toJson(dot);
  addUnknown(json, architecture.extra);
  return toSortedText(json);
}

Architecture fromDocumentText(const std::string& source, const std::string& place) {
  SortedJson json = parseSortedJson(source, place);
  DocumentReader reader(place);
  reader.requireObject(json, "document");
  migrate(json, place);
  Architecture architecture;
  if (const SortedJson* name = reader.member(json, "name"))
    architecture.name = reader.readText(*name, "document", "name");
  const SortedJson* body = reader.member(json, "architecture");
  if (!body) reader.refuse("document", "it has no 'architecture'");
  architecture.root = reader.readGraph(*body, "architecture", 0);
  if (const SortedJson* groups = reader.member(*body, "weight_groups"))
    architecture.weightGroups = reader.readWeightGroups(*groups);
  if (const SortedJson* variables = reader.member(*body, "variables"))
    architecture.variables = reader.readVariables(*variables);
  if (const SortedJson* frames = reader.member(json, "frames")) architecture.frames = reader.readFrames(*frames);
  if (const SortedJson* dots = reader.member(json, "dots")) architecture.dots = reader.readDots(*dots);

  SortedJson unknownLayout = SortedJson::object();
  if (const SortedJson* layout = reader.member(json, "layout"))
    architecture.layout = reader.readLayout(*layout, unknownLayout);
  const std::string unknownBody = unknownKeys(*body, {"nodes", "wires", "weight_groups", "variables"});
  const std::string unknown =
      unknownKeys(json, {"format", "version", "name", "architecture", "layout", "frames", "dots"});
  SortedJson rest = unknown.empty() ? SortedJson::object() : SortedJson::parse(unknown);
  if (!unknownBody.empty()) rest["architecture"] = SortedJson::parse(unknownBody);
  if (!unknownLayout.empty()) rest["layout"] = unknownLayout;
  architecture.extra = extraText(rest);

  NodeId highest = reader.highestId();
  if (!architecture.layout.empty()) highest = std::max(highest, architecture.layout.rbegin()->first);
  architecture.nextId = highest + 1;
  return architecture;
}

Architecture loadDocument(const std::string& path) { return fromDocumentText(readFile(path, size_t(1) << 28), path); }

void saveDocument(const Architecture& architecture, const std::string& path) {
  writeFileAtomically(path, toDocumentText(architecture));
}

}  // namespace fw
