// SPDX-License-Identifier: Apache-2.0
// What is in the scheduler's policy map, read behind the daemon's back; usage() says how.
#include <bpf/bpf.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "mus/abi.h"

namespace {

constexpr std::int64_t kNsecPerSec = 1'000'000'000;
constexpr std::int64_t kNsecPerMsec = 1'000'000;

int usage() {
  std::fputs(
      "usage: mus-policies list              \"CGROUP_ID WEIGHT\" for each entry\n"
      "       mus-policies follow DIR SECONDS\n"
      "                                      says \"watching\", waits for the next cgroup that is made in DIR, then "
      "for\n"
      "                                      its entry; prints its name, its id and how many ms it had none. Status "
      "1:\n"
      "                                      no cgroup, or no entry, in that time\n",
      stderr);
  return 2;
}

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * kNsecPerSec + t.tv_nsec;
}

/// The newest one, or -1: a scheduler that is being replaced leaves its own behind for a moment.
int policy_map() {
  int found = -1;
  std::uint32_t id = 0;
  while (bpf_map_get_next_id(id, &id) == 0) {
    const int fd = bpf_map_get_fd_by_id(id);
    if (fd < 0) continue;
    bpf_map_info info = {};
    std::uint32_t size = sizeof info;
    if (bpf_map_get_info_by_fd(fd, &info, &size) == 0 && std::string_view(info.name) == "policies" &&
        info.value_size == sizeof(mus_policy)) {
      if (found >= 0) close(found);
      found = fd;
    } else {
      close(fd);
    }
  }
  return found;
}

int list() {
  const int map = policy_map();
  if (map < 0) {
    std::fputs("no scheduler of ours is attached\n", stderr);
    return 1;
  }
  std::uint64_t id = 0;
  const void* before = nullptr;
  while (bpf_map_get_next_key(map, before, &id) == 0) {
    mus_policy policy = {};
    if (bpf_map_lookup_elem(map, &id, &policy) == 0)
      std::printf("%llu %u\n", static_cast<unsigned long long>(id), policy.weight);
    before = &id;
  }
  return 0;
}

struct Made {
  std::string name;
  std::uint64_t id;
  std::int64_t at;  ///< CLOCK_REALTIME, ns; rather some ms too early than too late
};

/// The kernel sets a cgroup directory's times when it is first looked up, in coarse steps; so they are no later than
/// our wake-up as a rule.
std::optional<Made> next_made(int watch, const std::string& directory, std::int64_t until) {
  std::array<char, 4096> buffer{};
  while (now_ns() < until) {
    pollfd ready{watch, POLLIN, 0};
    poll(&ready, 1, static_cast<int>((until - now_ns()) / kNsecPerMsec) + 1);
    const auto size = read(watch, buffer.data(), buffer.size());
    const auto woken = now_ns();
    for (std::ptrdiff_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name{buffer.data() + at + sizeof event};
      at += static_cast<std::ptrdiff_t>(sizeof event + event.len);
      struct stat status = {};
      if ((event.mask & IN_ISDIR) == 0U || stat((directory + "/" + name).c_str(), &status) != 0) continue;
      const auto stamped = status.st_ctim.tv_sec * kNsecPerSec + status.st_ctim.tv_nsec;
      return Made{name, status.st_ino, std::min(woken, stamped)};
    }
  }
  return std::nullopt;
}

int follow(const std::string& directory, std::int64_t seconds) {
  const int map = policy_map();
  const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (map < 0 || watch < 0 || inotify_add_watch(watch, directory.c_str(), IN_CREATE | IN_ONLYDIR) < 0) {
    std::fprintf(stderr, "%s cannot be watched, or no scheduler of ours is attached\n", directory.c_str());
    return 1;
  }
  std::puts("watching");
  std::fflush(stdout);
  const auto until = now_ns() + seconds * kNsecPerSec;
  const auto made = next_made(watch, directory, until);
  if (!made) {
    std::puts("nothing was made");
    return 1;
  }
  for (;;) {
    mus_policy policy = {};
    const bool entered = bpf_map_lookup_elem(map, &made->id, &policy) == 0;
    const auto now = now_ns();
    if (entered || now >= until) {
      std::printf("%s %llu %lld%s\n", made->name.c_str(), static_cast<unsigned long long>(made->id),
                  static_cast<long long>((now - made->at) / kNsecPerMsec), entered ? "" : " without an entry");
      return entered ? 0 : 1;
    }
    usleep(500);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb{argc > 1 ? argv[1] : ""};
  if (verb == "list" && argc == 2) return list();
  if (verb == "follow" && argc == 4) return follow(argv[2], std::atol(argv[3]));
  return usage();
}
