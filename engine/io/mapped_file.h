// A file's bytes in memory, read by the system page by page when they are touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace fw {

struct MappedFile {
  std::shared_ptr<std::byte> memory;  // private copy-on-write pages; unmapped with the last owner
  size_t bytes = 0;
};

/// Throws Code::File when the file is missing, unreadable, a folder or empty.
MappedFile mapFile(const std::string& path);

/// Says that memory, a part of a mapped file say, is not needed soon: its pages leave this process until they are
/// touched again. The contents stay.
void releasePages(const void* memory, int64_t bytes);

}  // namespace fw
