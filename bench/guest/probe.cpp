// SPDX-License-Identifier: Apache-2.0
// What the comparison needs of the kernel and no packaged tool does:
//   mus-probe waker SECONDS PERIOD_US [fifo | slice NS]   prints how late each wakeup came, in us, one a line
//   mus-probe slice PID NS                                gives every thread of a process this time slice
// cyclictest is not used because it pins its thread to one CPU wherever libnuma works; a container's task may move.
#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t kNsecPerSec = 1'000'000'000;
constexpr std::int64_t kNsecPerUsec = 1'000;

// The kernel's struct of the same name; the C library's headers have none.
struct SchedAttr {
  std::uint32_t size = sizeof(SchedAttr);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

int complain(const std::string& what) {
  std::cerr << "mus-probe: " << what << '\n';
  return 1;
}

int fail(const std::string& what) {
  return complain(what + ": " + std::strerror(errno));
}

// Since 6.12 sched_runtime is an ordinary task's slice. Older kernels take it and change nothing, so it is read back.
int set_slice(pid_t tid, std::uint64_t slice_ns) {
  SchedAttr attr;
  attr.runtime = slice_ns;
  if (syscall(SYS_sched_setattr, tid, &attr, 0) != 0) return fail("sched_setattr");
  SchedAttr now;
  if (syscall(SYS_sched_getattr, tid, &now, sizeof now, 0) != 0) return fail("sched_getattr");
  if (now.runtime == slice_ns) return 0;
  return complain("this kernel gives ordinary tasks no slice of their own (needs 6.12)");
}

int set_slices(const char* pid, std::uint64_t slice_ns) {
  const std::string path = std::string("/proc/") + pid + "/task";
  DIR* tasks = opendir(path.c_str());
  if (tasks == nullptr) return fail(path);
  int status = 0;
  while (const dirent* entry = readdir(tasks)) {
    const auto tid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (tid > 0) status |= set_slice(tid, slice_ns);
  }
  static_cast<void>(closedir(tasks));
  return status;
}

std::int64_t now_ns() {
  timespec now{};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &now));
  return now.tv_sec * kNsecPerSec + now.tv_nsec;
}

// Due times lie on a grid. What was slept through is skipped, so that one long delay counts once.
std::vector<std::int64_t> wake(std::int64_t duration_ns, std::int64_t period_ns) {
  std::vector<std::int64_t> late_us;
  late_us.reserve(static_cast<std::size_t>(duration_ns / period_ns) + 1);
  const std::int64_t start = now_ns();
  for (std::int64_t due = start + period_ns, now = start; now - start < duration_ns;) {
    const timespec until{due / kNsecPerSec, due % kNsecPerSec};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
    now = now_ns();
    late_us.push_back((now - due) / kNsecPerUsec);
    while (due <= now) due += period_ns;
  }
  return late_us;
}

int waker(int argc, char** argv) {
  const std::int64_t duration = std::strtol(argv[0], nullptr, 10) * kNsecPerSec;
  const std::int64_t period = std::strtol(argv[1], nullptr, 10) * kNsecPerUsec;
  if (duration <= 0 || period <= 0 || duration / period > 10'000'000) return 2;
  // The default of 50 us is not the scheduler's doing, and real-time tasks have none.
  if (prctl(PR_SET_TIMERSLACK, 1UL) != 0) return fail("PR_SET_TIMERSLACK");
  if (argc == 3 && std::strcmp(argv[2], "fifo") == 0) {
    sched_param parameters{};
    parameters.sched_priority = 1;
    if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) return fail("sched_setscheduler");
  } else if (argc == 4 && std::strcmp(argv[2], "slice") == 0) {
    if (set_slice(0, std::strtoull(argv[3], nullptr, 10)) != 0) return 1;
  } else if (argc != 2) {
    return 2;
  }
  for (const auto late : wake(duration, period)) std::cout << late << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 2;
  if (argc >= 4 && std::strcmp(argv[1], "waker") == 0) status = waker(argc - 2, argv + 2);
  if (argc == 4 && std::strcmp(argv[1], "slice") == 0)
    status = set_slices(argv[2], std::strtoull(argv[3], nullptr, 10));
  if (status == 2) std::cerr << "usage: mus-probe waker SECONDS PERIOD_US [fifo | slice NS] | slice PID NS\n";
  return status;
}
