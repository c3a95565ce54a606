// SPDX-License-Identifier: Apache-2.0
// A host's root directory with what container runtimes and the kubelet leave there about containers.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "support/temp_dir.hpp"

namespace mus::test {

/// One container, or with an empty `container` a sandbox.
struct HostContainer {
  std::string ns, pod, uid, container, id;
  std::string cgroups_path{};  ///< linux.cgroupsPath; empty: containerd's with the cgroupfs driver
  unsigned restarts = 0;
};

class RuntimeHost {
 public:
  inline static const std::string containerd = "run/containerd/io.containerd.runtime.v2.task/k8s.io";
  inline static const std::string k3s = "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io";
  inline static const std::string k0s = "run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io";
  inline static const std::string crio = "run/containers/storage/overlay-containers";
  inline static const std::string links = "var/log/containers";

  [[nodiscard]] std::string root() const { return dir_.str(); }
  [[nodiscard]] std::filesystem::path path() const { return dir_.path(); }
  void write(const std::filesystem::path& relative, const std::string& text) const { dir_.write(relative, text); }
  void make(const std::string& directory) const { std::filesystem::create_directories(path() / directory); }

  /// The config.json that the runtime at `place` writes.
  static std::string config(const std::string& place, const HostContainer& one) {
    auto text = fixture("runtime/" + std::string(place == crio ? "crio" : "containerd") +
                        (one.container.empty() ? "-sandbox.json" : ".json"));
    const auto cgroups =
        one.cgroups_path.empty() ? "/kubepods/burstable/pod" + one.uid + "/" + one.id : one.cgroups_path;
    for (const auto& [mark, value] : std::map<std::string, std::string>{{"@NAMESPACE@", one.ns},
                                                                        {"@POD@", one.pod},
                                                                        {"@UID@", one.uid},
                                                                        {"@CONTAINER@", one.container},
                                                                        {"@ID@", one.id},
                                                                        {"@SANDBOX@", std::string(64, '5')},
                                                                        {"@RESTARTS@", std::to_string(one.restarts)},
                                                                        {"@CGROUPS@", cgroups}}) {
      for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
        text.replace(at, mark.size(), value);
      }
    }
    return text;
  }

  [[nodiscard]] static std::string config_path(const std::string& place, const std::string& container_id) {
    return place + "/" + container_id + (place == crio ? "/userdata/config.json" : "/config.json");
  }
  void bundle(const std::string& place, const HostContainer& one) const {
    write(config_path(place, one.id), config(place, one));
  }
  void remove_bundle(const std::string& place, const std::string& container_id) const {
    std::filesystem::remove_all(path() / place / container_id);
  }

  /// The kubelet's link to its log, which need not be there.
  void link(const HostContainer& one) const {
    make(links);
    std::filesystem::create_symlink(
        "/var/log/pods/" + one.ns + "_" + one.pod + "_" + one.uid + "/" + one.container + "/" +
            std::to_string(one.restarts) + ".log",
        path() / links / (one.pod + "_" + one.ns + "_" + one.container + "-" + one.id + ".log"));
  }

 private:
  TempDir dir_;
};

/// An id of 64 digits that begins with `text` (hexadecimal).
inline std::string long_id(const std::string& text) {
  return text + std::string(64 - text.size(), '0');
}

}  // namespace mus::test
