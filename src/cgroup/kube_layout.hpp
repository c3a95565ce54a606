// SPDX-License-Identifier: Apache-2.0
// The grammar of the directories that kubelets and container runtimes make. Pure: names in, meaning out.
//
//   cgroupfs driver  [<cgroup-root>/]kubepods[/burstable|/besteffort]/pod<uid>/<id>
//   systemd driver   [<p>.slice/]<p->kubepods.slice[/<p->kubepods-burstable.slice]/<p->kubepods-...-pod<uid_>.slice/
//                    <runtime>-<id>.scope                     (uid_: the uid with "-" written as "_")
//
// Sources: kubernetes pkg/kubelet/cm/cgroup_manager_linux.go (escapeSystemdCgroupName), pod_container_manager_linux.go
// (podCgroupNamePrefix), qos_container_manager_linux.go; containerd internal/cri/server/helpers.go
// (getCgroupsPath); cri-o internal/config/cgmgr; moby cmd/dockerd/daemon_systemd_unix.go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mus::kube {

enum class Place {
  outside,    ///< not below a kubepods root (there may be one further down)
  kubepods,   ///< the root of all pods of a kubelet
  qos,        ///< burstable or besteffort; guaranteed pods sit directly below the root
  pod,        ///< identity: the pod's uid, dashes restored
  container,  ///< identity: the runtime's id; also a sandbox, whose id is in no pod list
  beyond,     ///< below any of these and none of them: conmon, crun's "container", what a container made itself
};

struct Step {
  Place place = Place::outside;
  std::string identity;
};

/// What the directory `name` is, in a directory that is `parent`. Nothing below a container counts: a container with
/// a writable cgroup could otherwise make a directory that looks like another pod's.
[[nodiscard]] Step step(Place parent, std::string_view name);

/// The same for a whole path ("/a/b") from the cgroup root.
[[nodiscard]] Step place_of(std::string_view path);

/// Where a pod is when the kubelet has no --cgroup-root: tried before the tree is walked.
[[nodiscard]] std::vector<std::string> usual_pod_paths(std::string_view uid);

/// Is it a uid that may be part of a directory name? (Manifests of static pods may set any.)
[[nodiscard]] bool valid_uid(std::string_view uid);

}  // namespace mus::kube
