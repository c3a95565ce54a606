// SPDX-License-Identifier: Apache-2.0
// The kubelet's PodList (v1, JSON) -> our Pods. Nothing of it is trusted: not size, depth, number, type or letters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// A full node (250 pods of 4 containers with managedFields) is 4 MiB.
struct PodListLimits {
  std::size_t bytes = 64U << 20U;
  std::size_t depth = 64;  ///< PodSpecs reach about 12, managedFields about 20
  std::size_t pods = 16384;
  std::size_t containers = 512;  ///< of one pod
  std::size_t labels = 512;      ///< of one pod
  std::size_t declared = 128;    ///< annotations of ours on one pod; what is beyond is left out, and noted
};

struct ParsedPods {
  std::vector<Pod> pods;
  std::string note;  ///< what was odd but harmless (a container id that is none); empty as a rule
};

/// Errc::protocol says where and why.
[[nodiscard]] Result<ParsedPods> parse_pod_list(std::string_view json, const PodListLimits& limits = {});

}  // namespace mus
