// SPDX-License-Identifier: Apache-2.0
// The real program, started as systemd would start it, in a directory of its own with a small cgroup tree.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/fd.hpp"

namespace mus::test {

struct Finished {
  int code = -1;  ///< exit code; 128 + n when a signal ended it
  std::string out, err;
};

/// Runs the program to its end.
Finished run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});

/// `mus-scheduler run --dry-run` in a temporary directory.
class DaemonProcess {
 public:
  DaemonProcess();
  ~DaemonProcess();  ///< kills what still runs
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  void start(const std::vector<std::string>& extra = {});
  /// Options of the next start without this one.
  void leave_out(const std::string& option) { left_out_ = option; }
  /// The next message to $NOTIFY_SOCKET, or nothing within `patience`.
  std::optional<std::string> notification(std::chrono::milliseconds patience = std::chrono::seconds(10));
  void signal(int number) const;
  /// Waits for the end; nothing when it takes longer.
  std::optional<int> wait(std::chrono::milliseconds patience);
  /// A client command against this daemon.
  Finished client(std::vector<std::string> arguments) const;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] std::string log() const;
  void make_cgroup(const std::string& cgroup) const { std::filesystem::create_directories(root_ + "/cgroup" + cgroup); }
  /// No later cgroup of this daemon gets the number of one that was removed, as in a kernel.
  void remove_cgroup(const std::string& cgroup);
  /// The environment and the options that every start has; `extra` follow them.
  [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& extra = {}) const;

 private:
  std::string root_;
  std::string left_out_;
  int notify_ = -1;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::vector<OwnedFd> removed_;
};

}  // namespace mus::test
