// Files as bytes: read with a limit, written whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fw {

/// The bytes of a file. Throws Code::File when it is missing, unreadable, a folder, or longer than `limit`.
std::string readFile(const std::string& path, size_t limit = size_t(1) << 31);

/// What a process that was killed while it wrote leaves behind: a file `path` + this + six characters.
inline constexpr const char* kPartSuffix = ".part-";

/// Replaces `path` by `bytes` atomically: a temporary file beside it, fsync, rename. On any failure (read-only folder,
/// full disk) the old file stays as it was and Code::File says why.
void writeFileAtomically(const std::string& path, std::string_view bytes);

/// The same with bytes that lie in several pieces.
void writeFileAtomically(const std::string& path, const std::vector<std::string_view>& parts);

}  // namespace fw
