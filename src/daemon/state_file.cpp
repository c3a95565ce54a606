// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/fd.hpp"
#include "daemon/files.hpp"
#include "daemon/state_format.hpp"

namespace mus {
namespace {

constexpr std::string_view kDamaged = ".damaged-";

std::chrono::milliseconds clock_reading(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds{time.tv_sec} +
                                                               std::chrono::nanoseconds{time.tv_nsec});
}

/// Errc::not_found when there is none.
Result<std::string> read_whole(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(errno == ENOENT ? Errc::not_found : Errc::io, std::strerror(errno));
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return fail(Errc::io, "it is no plain file");
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const auto got = read(fd.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::io, std::strerror(errno));
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostStateBytes) return text;  // read_state() says that it is too large
  }
}

/// The numbers of the files that were put aside.
std::set<int> numbers_in(const std::string& directory) {
  const std::string prefix = std::string(StateFile::kName).append(kDamaged);
  std::set<int> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    int number = 0;
    const auto* last = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), last, number);
    if (parsed.ec == std::errc{} && parsed.ptr == last && number > 0 && number < 1'000'000'000) numbers.insert(number);
  }
  return numbers;
}

}  // namespace

StateFile::StateFile(std::string directory) : directory_(std::move(directory)) {}

StateStore::Loaded StateFile::load() {
  auto text = read_whole(path());
  if (!text && text.error().code == Errc::not_found) return {};
  auto state = text.and_then([](const std::string& whole) { return read_state(whole); });
  if (state) return {std::move(*state), {}};
  std::string trouble = path() + " cannot be used: " + state.error().message + "; ";
  in_the_way_ = true;
  const auto now_at = set_aside();
  trouble += now_at ? "it is kept as " + *now_at + ", and there are no boosts from before"
                    : "it could not be put aside (" + now_at.error().message + "), so that no boost can be kept";
  return {{}, std::move(trouble)};
}

Result<std::string> StateFile::set_aside() {
  auto numbers = numbers_in(directory_);
  const auto name = [&](int number) { return path().append(kDamaged).append(std::to_string(number)); };
  const int next = numbers.empty() ? 1 : *numbers.rbegin() + 1;
  if (std::rename(path().c_str(), name(next).c_str()) != 0 && errno != ENOENT) {
    return fail(Errc::io, std::strerror(errno));
  }
  in_the_way_ = false;
  while (numbers.size() >= kMostSetAside) {
    unlink(name(*numbers.begin()).c_str());
    numbers.erase(numbers.begin());
  }
  return name(next);
}

Result<void> StateFile::save(const SavedState& saved) {
  const auto refused = [&](int error) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return fail(full ? Errc::capacity : Errc::unavailable, path() + " cannot be written: " + std::strerror(error),
                full ? "make room on that file system; nothing was changed"
                     : "mend that file system, or run with another --state-dir; nothing was changed");
  };
  if (in_the_way_) {
    if (const auto now_at = set_aside(); !now_at) {
      return fail(Errc::unavailable, path() + " is damaged and cannot be put aside: " + now_at.error().message,
                  "move it away; nothing was changed");
    }
  }
  const auto text = write_state(saved);
  if (text.size() > kMostStateBytes) return refused(EFBIG);
  if (const int error = replace_file(path(), text, 0600); error != 0) return refused(error);
  return {};
}

Calendar read_calendar() {
  Calendar now{clock_reading(CLOCK_REALTIME), clock_reading(CLOCK_BOOTTIME), {}};
  std::ifstream("/proc/sys/kernel/random/boot_id") >> now.boot;
  return now;
}

}  // namespace mus
