// SPDX-License-Identifier: Apache-2.0
// What it costs to read the network and the CPU pressure of 250 pods, each a process in a network namespace of its own
// with a device, once a second: CPU time of one round. The cgroup files are copies, /proc is the kernel's.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "cgroup/signal_files.hpp"

namespace {

using namespace mus;

/// Processes that wait, each in a network of its own, until this ends.
class Pods {
 public:
  explicit Pods(int count) {
    for (int i = 0; i < count; ++i) {
      int done[2];
      if (pipe(done) != 0) return;
      const pid_t pid = fork();
      if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const char good = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        if (write(done[1], &good, 1) == 1) pause();
        _exit(1);
      }
      char good = 'n';
      if (pid < 0 || read(done[0], &good, 1) != 1 || good != 'y') good_ = false;
      close(done[0]);
      close(done[1]);
      if (pid > 0) pids.push_back(pid);
    }
  }
  ~Pods() {
    for (const auto pid : pids) kill(pid, SIGKILL);
    for (const auto pid : pids) waitpid(pid, nullptr, 0);
  }
  Pods(const Pods&) = delete;
  Pods& operator=(const Pods&) = delete;
  [[nodiscard]] bool good() const { return good_; }

  std::vector<pid_t> pids;

 private:
  bool good_ = true;
};

double cpu_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

int usage() {
  std::cerr << "usage: mus-signals PODS ROUNDS LIMIT_PERCENT    as root; status 1 when it takes more of a CPU (0: no "
               "limit)\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return usage();
  const int count = static_cast<int>(std::strtol(argv[1], nullptr, 10));
  const long rounds = std::strtol(argv[2], nullptr, 10);
  const double limit = std::strtod(argv[3], nullptr);
  if (count < 1 || rounds < 1) return usage();
  const Pods pods(count);
  if (!pods.good()) {
    std::cerr << "no network namespaces can be made here: run it as root\n";
    return 77;
  }
  std::string root = std::filesystem::temp_directory_path() / "mus-signals-XXXXXX";
  if (mkdtemp(root.data()) == nullptr) return 2;
  std::vector<Cgroup> cgroups;
  for (std::size_t i = 0; i < pods.pids.size(); ++i) {
    const auto path = "/pod" + std::to_string(i);
    std::filesystem::create_directories(root + path);
    std::ofstream(root + path + "/cgroup.procs") << pods.pids[i] << '\n';
    std::ofstream(root + path + "/cpu.pressure")
        << "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
    struct stat status = {};
    stat((root + path).c_str(), &status);
    cgroups.push_back({CgroupId{status.st_ino}, path});
  }
  CgroupSignalFiles files(root, "/proc");
  std::vector<double> took_ms;
  std::size_t failed = 0;
  for (long round = 0; round < rounds; ++round) {
    const double before = cpu_ms();
    for (const auto& cgroup : cgroups) {
      failed += files.network(cgroup) ? 0 : 1;
      failed += files.pressure_us(cgroup) ? 0 : 1;
    }
    files.close_unused();
    took_ms.push_back(cpu_ms() - before);
  }
  std::filesystem::remove_all(root);
  double sum = 0;
  for (const double took : took_ms) sum += took;
  const double percent = sum / static_cast<double>(rounds) / 10;  // of a second
  std::printf(
      "network and pressure of %d pods once a second: %.2f %% of a CPU on average, %.2f ms the dearest of %ld rounds\n",
      count, percent, *std::max_element(took_ms.begin(), took_ms.end()), rounds);
  if (failed > 0) {
    std::printf("what was measured is not what it should be: %zu readings failed\n", failed);
    return 1;
  }
  if (limit <= 0 || percent <= limit) return 0;
  std::printf("FAILED: over %.1f %%\n", limit);
  return 1;
}
