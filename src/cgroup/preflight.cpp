// SPDX-License-Identifier: Apache-2.0
#include "cgroup/preflight.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace mus {

Result<void> check_cgroup2(const std::string& root) {
  struct statfs fs = {};
  if (statfs(root.c_str(), &fs) != 0) {
    return fail(Errc::unsupported, "no cgroup tree at " + root + ": " + std::strerror(errno),
                "mount it (mount -t cgroup2 none /sys/fs/cgroup), or name it with --cgroup-root");
  }
  if (fs.f_type == CGROUP2_SUPER_MAGIC) return {};
  const std::string advice = "boot with systemd.unified_cgroup_hierarchy=1; only cgroup v2 is supported";
  struct statfs unified = {};
  if (statfs((root + "/unified").c_str(), &unified) == 0 && unified.f_type == CGROUP2_SUPER_MAGIC) {
    // The v2 tree of hybrid mode has no cpu controller, and runtimes keep their containers in the v1 trees.
    return fail(Errc::unsupported, root + " is a hybrid of cgroup v1 and v2: containers are not in its v2 part",
                advice);
  }
  if (fs.f_type == CGROUP_SUPER_MAGIC || statfs((root + "/cpu").c_str(), &unified) == 0) {
    return fail(Errc::unsupported, root + " is cgroup v1", advice);
  }
  return fail(Errc::unsupported, root + " is not a cgroup v2 file system",
              "in a container, mount the host's /sys/fs/cgroup and name it with --cgroup-root");
}

Result<void> check_cpu_controller(const std::string& root) {
  const std::string path = root + "/cgroup.controllers";
  std::ifstream file(path);
  if (!file) {
    return fail(Errc::unsupported, path + " cannot be read: " + std::strerror(errno),
                "name the host's cgroup v2 tree with --cgroup-root");
  }
  for (std::string word; file >> word;) {
    if (word == "cpu") return {};
  }
  return fail(Errc::unsupported, path + " does not list cpu: that controller is on cgroup v1, or off",
              "boot with systemd.unified_cgroup_hierarchy=1 and without cgroup_disable=cpu");
}

}  // namespace mus
