// SPDX-License-Identifier: Apache-2.0
// The config.json of an OCI bundle -> whose container it is, from the annotations that the container runtime puts
// there. Nothing of it is trusted: a bundle also carries what the pod's author wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mus/container_lookup.hpp"
#include "mus/result.hpp"

namespace mus {

/// Whose annotations count. Each runtime's only: CRI-O copies a pod's own annotations into its bundles, so that a pod
/// could pass for another one by containerd's.
enum class BundleMaker { containerd, crio };

/// A seccomp profile is some tens of KiB, a pod's annotations are up to 256 KiB and twice in CRI-O's.
inline constexpr std::size_t kMostBundleBytes = 4U << 20U;

struct Bundle {
  ContainerIdentity identity;
  std::uint32_t attempt = 0;     ///< restart count, where the runtime says it
  std::int64_t modified_ns = 0;  ///< when the file was written; for whoever reads it to fill in
};

/// `id` is the name of the bundle's directory. Errc::not_found: it is no container of a pod (podman's, ctr's);
/// protocol: damaged, too large, with names that Kubernetes does not allow, or of two pods.
[[nodiscard]] Result<Bundle> parse_bundle(std::string_view json, BundleMaker maker, std::string_view id);

/// The pod's uid in linux.cgroupsPath, with its dashes restored; empty when there is none.
///   systemd   kubepods-burstable-pod<uid_>.slice:cri-containerd:<id>     (uid_: "-" written as "_")
///   cgroupfs  /kubepods/burstable/pod<uid>/<id>
[[nodiscard]] std::string pod_uid_in(std::string_view cgroups_path);

}  // namespace mus
