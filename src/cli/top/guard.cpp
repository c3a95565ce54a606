// SPDX-License-Identifier: Apache-2.0
#include "cli/top/guard.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <ostream>

#include "cli/top/leave_screen.hpp"

namespace mus::top {
namespace {

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// Its wait status, once it has ended.
std::optional<int> reap(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, WNOHANG) != child) return std::nullopt;
  return status;
}

int wait_for(pid_t child, const sigset_t& set) {
  while (true) {
    if (const auto status = reap(child)) return *status;
    const int signal = sigwaitinfo(&set, nullptr);
    // From the terminal the child has had SIGINT and SIGQUIT itself.
    if (signal == SIGTERM || signal == SIGHUP) kill(child, signal);
  }
}

}  // namespace

int guarded(const std::function<int()>& view, std::ostream& err) {
  termios before{};
  const bool known = tcgetattr(STDIN_FILENO, &before) == 0;
  const auto set = signals();
  sigset_t was;
  pthread_sigmask(SIG_BLOCK, &set, &was);
  const auto parent = getpid();
  const auto child = fork();
  if (child < 0) {
    err << "mus-scheduler: no process for the view: " << std::strerror(errno) << '\n';
    return 1;
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &was, nullptr);
    return getppid() == parent ? view() : 1;  // it may have died before the prctl
  }
  const int status = wait_for(child, set);
  pthread_sigmask(SIG_SETMASK, &was, nullptr);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  leave_screen();
  if (known) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  err << "mus-scheduler: the view was ended by signal " << WTERMSIG(status) << " (" << strsignal(WTERMSIG(status))
      << "); the terminal is as it was\n";
  return 1;
}

}  // namespace mus::top
