// SPDX-License-Identifier: Apache-2.0
#include "kernel/preflight.hpp"

#include <sys/utsname.h>

#include <array>
#include <charconv>
#include <fstream>

#include "kernel/btf.hpp"
#include "kernel/sysfs.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

using Level = CheckItem::Level;

// include/uapi/linux/capability.h
constexpr unsigned kCapSysAdmin = 21;
constexpr unsigned kCapPerfmon = 38;
constexpr unsigned kCapBpf = 39;

struct KernelVersion {
  int major = 0, minor = 0, patch = 0;
};

KernelVersion parse_version(const std::string& release) {
  KernelVersion version;
  const char* at = release.data();
  const char* const end = at + release.size();
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return version;
}

CheckItem check_release() {
  const std::string release = kernel_release();
  const KernelVersion version = parse_version(release);
  if (version.major < 6 || (version.major == 6 && version.minor < 12)) {
    return {"kernel", Level::failure, release, "boot a kernel of 6.12 or later"};
  }
  // 6.12.115 fixed a stall with SCX_OPS_ENQ_LAST and a hang at CPU hotplug.
  if (version.major == 6 && version.minor == 12 && version.patch < 115) {
    return {"kernel", Level::warning, release, "6.12.115 fixed stalls and hotplug hangs of sched_ext: update"};
  }
  return {"kernel", Level::ok, release, {}};
}

CheckItem check_slot(const SchedExtState& state) {
  if (!state.present) {
    return {"sched_ext", Level::failure, "this kernel has no sched_ext",
            "boot a kernel that is built with CONFIG_SCHED_CLASS_EXT=y (Debian: linux-image from backports, 6.14 or "
            "later)"};
  }
  if (state.state == "disabled") return {"sched_ext", Level::ok, "available, no scheduler attached", {}};
  if (state.ops == "mus") return {"sched_ext", Level::ok, "mus-scheduler is attached", {}};
  return {"sched_ext", Level::failure, "another scheduler is attached: " + state.ops + " (" + state.state + ")",
          "stop it: a node has one scheduler slot"};
}

CheckItem check_btf() {
  const auto btf = KernelBtf::load();
  if (!btf) return {"BTF", Level::failure, btf.error().message, btf.error().advice};
  if (!btf->has_struct("sched_ext_ops")) {
    return {"BTF", Level::failure, "the type information has no sched_ext_ops", "boot a kernel with sched_ext"};
  }
  return {"BTF", Level::ok, "describes sched_ext", {}};
}

CheckItem check_capabilities(const std::string& proc_root) {
  std::ifstream status(proc_root + "/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("CapEff:\t")) continue;
    std::uint64_t caps = 0;
    std::from_chars(line.data() + 8, line.data() + line.size(), caps, 16);
    const auto has = [caps](unsigned cap) { return (caps >> cap & 1U) != 0; };
    if (has(kCapSysAdmin) || (has(kCapBpf) && has(kCapPerfmon))) return {"capabilities", Level::ok, "sufficient", {}};
    return {"capabilities", Level::failure, "CAP_BPF and CAP_PERFMON are missing", "run as root, or grant both"};
  }
  return {"capabilities", Level::warning, "unknown: " + proc_root + "/self/status cannot be read", {}};
}

CheckItem check_cpus(const std::string& sys_root) {
  const std::string isolated = read_line(sys_root + "/devices/system/cpu/isolated").value_or("");
  if (!isolated.empty()) {
    return {"CPUs", Level::failure, "CPUs " + isolated + " are isolated (isolcpus=), which sched_ext refuses",
            "boot without isolcpus= (cpusets can keep CPUs apart instead)"};
  }
  const std::string possible = read_line(sys_root + "/devices/system/cpu/possible").value_or("");
  const auto cpus = cpu_list_end(possible);
  if (!cpus || *cpus > MUS_MAX_CPUS) {
    return {"CPUs", Level::failure, "CPU ids " + possible + " cannot be used",
            "at most " + std::to_string(MUS_MAX_CPUS) + " are supported"};
  }
  return {"CPUs", Level::ok, possible, {}};
}

}  // namespace

std::string kernel_release() {
  utsname name{};
  return uname(&name) == 0 ? name.release : "unknown";
}

std::vector<CheckItem> check_kernel(const std::string& sys_root, const std::string& proc_root) {
  const SchedExtState state = read_sched_ext_state(sys_root);
  std::vector<CheckItem> items{check_release(), check_slot(state)};
  // Without sched_ext the rest would only repeat the one thing to do.
  if (state.present) items.push_back(check_btf());
  items.push_back(check_capabilities(proc_root));
  items.push_back(check_cpus(sys_root));
  return items;
}

}  // namespace mus
