// SPDX-License-Identifier: Apache-2.0
// CgroupWatch by inotify on a mounted cgroup2 file system (in tests: on any directory that looks like one).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "mus/cgroup_watch.hpp"

namespace mus {

/// `cgroup_root` as in --cgroup-root. `most_watches` bounds what we take of the kernel's own limit. Nothing is watched
/// before the first refresh().
[[nodiscard]] std::unique_ptr<CgroupWatch> make_cgroup_watch(std::string cgroup_root, std::size_t most_watches = 16384);

}  // namespace mus
