// SPDX-License-Identifier: Apache-2.0
// The daemon's own files: the state directory with its lock, and the token.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "daemon/fd.hpp"
#include "mus/result.hpp"

namespace mus {

/// Makes the directory (0750) if it is not there and locks it, so that a second daemon stops before it touches
/// anything. The lock lives as long as the returned descriptor. Errc::busy when somebody holds it.
Result<OwnedFd> lock_state_dir(const std::string& directory);

/// Reads the bearer token from `path`, or makes one there: 32 random bytes in hex, 0640, of group `gid` when given.
/// The file is complete or absent at any moment.
Result<std::string> load_or_create_token(const std::string& path, std::optional<gid_t> gid);

/// Writes `text` beside `path` and moves it there once it is on the disk: whatever happens, the file holds what it held
/// or all of `text`. Returns 0, or errno of what failed; after a failure the file is most likely as it was.
int replace_file(const std::string& path, std::string_view text, mode_t mode, std::optional<gid_t> gid = {});

/// The number of group `name` in a file such as /etc/group. getgrnam() would load modules, which a static executable
/// cannot.
std::optional<gid_t> find_group(const std::string& file, std::string_view name);

}  // namespace mus
