// SPDX-License-Identifier: Apache-2.0
#include "cgroup/watch_inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "cgroup/names.hpp"

namespace mus {
namespace {

constexpr std::size_t kBuffer = 64UL * 1024;

Inotify::Change to_change(const inotify_event& event, std::string_view name) {
  Inotify::Change change;
  change.watch = event.wd;
  // An unmounted tree is looked at again by the same way as one of which events were lost.
  change.missed = (event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
  change.ended = (event.mask & IN_IGNORED) != 0;
  if ((event.mask & IN_ISDIR) != 0 && plain_name(name)) change.name = name;
  return change;
}

}  // namespace

Inotify::Inotify() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

int Inotify::add(const std::string& directory) const {
  return inotify_add_watch(fd_.get(), directory.c_str(), IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW);
}

void Inotify::remove(int watch) const {
  inotify_rm_watch(fd_.get(), watch);  // fails when the kernel was faster
}

std::vector<Inotify::Change> Inotify::read() const {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<char, kBuffer> buffer;
  ssize_t size = 0;
  do {
    size = ::read(fd_.get(), buffer.data(), buffer.size());
  } while (size < 0 && errno == EINTR);
  for (ssize_t at = 0; at < size;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* name = buffer.data() + at + sizeof event;
    auto change = to_change(event, {name, strnlen(name, event.len)});
    if (change.missed || change.ended || !change.name.empty()) changes.push_back(std::move(change));
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  return changes;
}

}  // namespace mus
