// SPDX-License-Identifier: Apache-2.0
// The load that the VM tests put on a scheduler: `mus-load hog` spins; `mus-load waker COUNT PERIOD_US` sleeps
// periodically and prints how late it ran: "p50 p99 max", in microseconds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

constexpr long kNsecPerSec = 1'000'000'000L;

long now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kNsecPerSec + t.tv_nsec;
}

int hog() {
  for (volatile unsigned long work = 0;; work = work + 1) {
  }
}

int waker(std::size_t count, long period_ns) {
  std::vector<long> late_us;
  late_us.reserve(count);
  while (late_us.size() < count) {
    const long due = now_ns() + period_ns;
    const timespec until{due / kNsecPerSec, due % kNsecPerSec};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    late_us.push_back((now_ns() - due) / 1000);
  }
  std::sort(late_us.begin(), late_us.end());
  std::printf("%ld %ld %ld\n", late_us[count / 2], late_us[count * 99 / 100], late_us.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "hog") == 0) return hog();
  if (argc == 4 && std::strcmp(argv[1], "waker") == 0) {
    const long count = std::strtol(argv[2], nullptr, 10);  // 0 where there is no number
    const long period_us = std::strtol(argv[3], nullptr, 10);
    if (count > 0 && period_us > 0) return waker(static_cast<std::size_t>(count), period_us * 1000);
  }
  std::fprintf(stderr, "usage: mus-load hog | mus-load waker COUNT PERIOD_US\n");
  return 2;
}
