// SPDX-License-Identifier: Apache-2.0
// Pods, put together from what runtimes left. Pure.
#pragma once

#include <string>

#include "mus/types.hpp"
#include "pods/runtime_files.hpp"

namespace mus {

/// Without labels. Of containers that have bundles, `running` means that they were made; those of the kubelet's links
/// alone have run before (or may still, where a runtime leaves no bundles). Kinds are not known: all are regular.
/// Static pods are known by their uid, which is the hash of their manifest, unless the manifest chose one.
/// `node` is what their names end in. `fetched_at` is left to the caller.
[[nodiscard]] PodList pods_from(const RuntimeFiles& files, const std::string& node);

}  // namespace mus
