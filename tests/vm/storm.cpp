// SPDX-License-Identifier: Apache-2.0
// Tasks that spend their time inside the kernel with its locks held, and how long others wait for these; usage() below
// says what there is.
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

int usage() {
  std::fputs(
      "usage: mus-storm rename DIR THREADS        each renames a file of its own in DIR, to and fro\n"
      "       mus-storm renames DIR COUNT         so often; print how long it took: p50 p99 max, in us\n"
      "       mus-storm map THREADS               map, touch and unmap memory of one process\n"
      "       mus-storm rcu                       print how long synchronize_rcu() took, in ms\n",
      stderr);
  return 2;
}

long now_us() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000L + t.tv_nsec / 1000;
}

struct File {
  explicit File(const std::string& path) : here(path), there(path + ".moved") {
    const int fd = open(here.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
  }
  bool move() {
    std::swap(here, there);
    return rename(there.c_str(), here.c_str()) == 0;
  }
  std::string here, there;
};

template <class Work>
int for_ever(long threads, Work work) {
  std::vector<std::jthread> running;
  for (long i = 0; i < threads; ++i) running.emplace_back(work, i);
  return 0;
}

int rename_for_ever(const std::string& dir, long threads) {
  return for_ever(threads, [&dir](long thread) {
    File file(dir + "/" + std::to_string(getpid()) + "-" + std::to_string(thread));
    while (file.move()) {
    }
  });
}

int time_renames(const std::string& dir, std::size_t count) {
  File file(dir + "/" + std::to_string(getpid()));
  std::vector<long> took;
  while (took.size() < count) {
    const long began = now_us();
    if (!file.move()) return 1;
    took.push_back(now_us() - began);
  }
  std::sort(took.begin(), took.end());
  std::printf("%ld %ld %ld\n", took[count / 2], took[count * 99 / 100], took.back());
  return 0;
}

int map_for_ever(long threads) {
  return for_ever(threads, [](long) {
    constexpr std::size_t kLength = 1 << 20;
    for (;;) {
      void* memory = mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory == MAP_FAILED) return;
      for (std::size_t at = 0; at < kLength; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
      munmap(memory, kLength);
    }
  });
}

// membarrier(2): the global command is a synchronize_rcu().
int time_rcu() {
  const long began = now_us();
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
    std::perror("mus-storm: membarrier");
    return 1;
  }
  std::printf("%ld\n", (now_us() - began) / 1000);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const auto number = [&](std::size_t at) { return std::max(std::strtol(words[at].c_str(), nullptr, 10), 0L); };
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "rename" && words.size() == 3 && number(2) > 0) return rename_for_ever(words[1], number(2));
  if (verb == "renames" && words.size() == 3 && number(2) > 0) {
    return time_renames(words[1], static_cast<std::size_t>(number(2)));
  }
  if (verb == "map" && words.size() == 2 && number(1) > 0) return map_for_ever(number(1));
  if (verb == "rcu" && words.size() == 1) return time_rcu();
  return usage();
}
