// SPDX-License-Identifier: Apache-2.0
// The kubelet's links to containers' logs: names that say whose they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mus {

/// /var/log/containers/<pod>_<namespace>_<container>-<id>.log -> <log root>/<namespace>_<pod>_<uid>/<container>/<n>.log
/// It is made when a container starts, and stays until the container is removed, which is some time after its end.
struct LogLink {
  std::string ns, pod, uid, container, id;
  std::uint32_t restart = 0;  ///< n: how often the container had been started again before this one

  bool operator==(const LogLink&) const = default;
};

/// None for whatever is not of this form, or where name and target disagree; so for names of which the kubelet has cut
/// off the end (pkg/kubelet/kuberuntime/legacy.go, logSymlink: at 255 letters).
[[nodiscard]] std::optional<LogLink> parse_log_link(std::string_view name, std::string_view target);

}  // namespace mus
