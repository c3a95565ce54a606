// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/fd.hpp"
#include "daemon/files.hpp"
#include "daemon/rules_format.hpp"

namespace mus {

RulesFile::RulesFile(std::string path, const std::string& state_dir)
    : path_(std::move(path)), paused_path_(state_dir + "/" + kPaused) {}

// Through links: a ConfigMap's file is one, and another with each change.
RulesFile::Seal RulesFile::look() const {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return {};
  constexpr std::int64_t second = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec};
}

bool RulesFile::changed() const {
  return seen_ != look();
}

Result<std::string> RulesFile::load() {
  seen_ = look();
  const OwnedFd fd(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(errno == ENOENT ? Errc::not_found : Errc::io, path_ + ": " + std::strerror(errno));
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const auto got = read(fd.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::io, path_ + ": " + std::strerror(errno));
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostRulesBytes) return text;  // parse_rules() says that it is too large
  }
}

Result<void> RulesFile::save(const std::string& text) {
  const int error = replace_file(path_, text, 0644);
  if (error != 0) {
    return fail(error == ENOSPC || error == EDQUOT ? Errc::capacity : Errc::unavailable,
                path_ + " cannot be written: " + std::strerror(error),
                "nothing was changed; change the file where it comes from, it is read again within a second, or run "
                "with --rules in a directory that the daemon may write");
  }
  seen_ = look();
  return {};
}

bool RulesFile::paused() const {
  return access(paused_path_.c_str(), F_OK) == 0;
}

Result<void> RulesFile::set_paused(bool paused) {
  if (paused) {
    const int error = replace_file(paused_path_, "rules are paused: POST /rules/resume\n", 0600);
    if (error == 0) return {};
    return fail(Errc::unavailable,
                "the rules are paused, but that cannot be kept: " + paused_path_ + ": " + std::strerror(error),
                "mend that file system, and pause them again; as it is they go on when the daemon is started again");
  }
  if (unlink(paused_path_.c_str()) == 0 || errno == ENOENT) return {};
  return fail(
      Errc::unavailable, "the rules go on, but that cannot be kept: " + paused_path_ + ": " + std::strerror(errno),
      "mend that file system, and resume them again; as it is they are paused when the daemon is started again");
}

}  // namespace mus
