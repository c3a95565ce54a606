// SPDX-License-Identifier: Apache-2.0
#include "api/daemon_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace mus::test {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Forks and executes with stdout and stderr in files. Only async-signal-safe calls in the child.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            const std::string& out, const std::string& err) {
  std::vector<std::string> words{MUS_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = environment;
  std::vector<char*> envp;
  for (auto& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid != 0) return pid;
  const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out_fd < 0 || err_fd < 0 || dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0) _exit(127);
  execve(MUS_BINARY, argv.data(), envp.data());
  _exit(127);
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string make_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "mus-daemon-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  return path;
}

bool readable(int fd, std::chrono::milliseconds patience) {
  pollfd poller{fd, POLLIN, 0};
  return poll(&poller, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  const auto directory = make_directory();
  const pid_t pid = spawn(arguments, environment, directory + "/out", directory + "/err");
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  Finished finished{code_of(status), read_all(directory + "/out"), read_all(directory + "/err")};
  std::filesystem::remove_all(directory);
  return finished;
}

DaemonProcess::DaemonProcess() : root_(make_directory()) {
  make_cgroup("/system.slice/redis.service/nested");
  make_cgroup("/system.slice/noise.service");
  std::ofstream(path("cgroup/cgroup.controllers")) << "cpu memory\n";
  notify_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("notify").c_str(), sizeof address.sun_path - 1);
  REQUIRE(bind(notify_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (pidfd_ >= 0) close(pidfd_);
  if (notify_ >= 0) close(notify_);
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::vector<std::string> DaemonProcess::arguments(const std::vector<std::string>& extra) const {
  std::vector<std::string> all{"run",           "--dry-run",      "--listen",    "127.0.0.1:0",
                               "--socket",      path("api.sock"), "--state-dir", path("state"),
                               "--cgroup-root", path("cgroup"),   "--host-root", path("host")};
  std::erase(all, left_out_);
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

void DaemonProcess::start(const std::vector<std::string>& extra) {
  REQUIRE(pid_ < 0);
  pid_ =
      spawn(arguments(extra), {"NOTIFY_SOCKET=" + path("notify"), "WATCHDOG_USEC=1000000"}, path("out"), path("log"));
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  REQUIRE(pidfd_ >= 0);
}

std::optional<std::string> DaemonProcess::notification(std::chrono::milliseconds patience) {
  if (!readable(notify_, patience)) return std::nullopt;
  char text[1024];
  const auto got = recv(notify_, text, sizeof text, 0);
  if (got < 0) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(got));
}

void DaemonProcess::signal(int number) const {
  REQUIRE(kill(pid_, number) == 0);
}

std::optional<int> DaemonProcess::wait(std::chrono::milliseconds patience) {
  if (!readable(pidfd_, patience)) return std::nullopt;
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  close(pidfd_);
  pid_ = pidfd_ = -1;
  return code_of(status);
}

Finished DaemonProcess::client(std::vector<std::string> arguments) const {
  return run_program(arguments, {"MUS_SOCKET=" + path("api.sock")});
}

void DaemonProcess::remove_cgroup(const std::string& cgroup) {
  const auto directory = path("cgroup") + cgroup;
  removed_.emplace_back(open(directory.c_str(), O_PATH | O_CLOEXEC));  // a disk's inode number is free only after this
  REQUIRE(removed_.back());
  std::filesystem::remove_all(directory);
}

std::string DaemonProcess::log() const {
  return read_all(path("log"));
}

}  // namespace mus::test
