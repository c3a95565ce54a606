// SPDX-License-Identifier: Apache-2.0
// The load that the VM tests put on a scheduler; usage() below says what there is.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr long kNsecPerSec = 1'000'000'000L;

int usage() {
  std::fputs(
      "usage: mus-load hog [THREADS]               spin\n"
      "       mus-load pulse THREADS RUN_US SLEEP_US\n"
      "                                            run that long, of CPU time, then sleep, and again\n"
      "       mus-load waker COUNT PERIOD_US [RUN_US]\n"
      "                                            sleep periodically; print how late it ran: p50 p99 max, in us;\n"
      "                                            and with RUN_US how late it was done with that\n"
      "       mus-load gaps SECONDS [THREADS]      spin; print the longest time that a thread waited, in us\n"
      "       mus-load pair COUNT                  two threads hand a byte to and fro; print how long it took, in us\n",
      stderr);
  return 2;
}

long now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * kNsecPerSec + t.tv_nsec;
}

void sleep_until(long due) {
  const timespec until{due / kNsecPerSec, due % kNsecPerSec};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

template <class Work>
void in_threads(long count, Work work) {
  std::vector<std::thread> threads;
  for (long i = 1; i < count; ++i) threads.emplace_back(work, i);
  work(0);
  for (auto& thread : threads) thread.join();
}

int hog(long threads) {
  in_threads(threads, [](long) {
    volatile unsigned long work = 0;
    for (;;) work = work + 1;
  });
  return 0;
}

int pulse(long threads, long run_ns, long sleep_ns) {
  in_threads(threads, [=](long) {
    for (;;) {
      const long until = now_ns(CLOCK_THREAD_CPUTIME_ID) + run_ns;
      while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
      }
      sleep_until(now_ns() + sleep_ns);
    }
  });
  return 0;
}

void print_percentiles(std::vector<long> values) {
  const std::size_t count = values.size();
  std::sort(values.begin(), values.end());
  std::printf("%ld %ld %ld\n", values[count / 2], values[count * 99 / 100], values.back());
}

// How often the thread has given its CPU up by itself.
long sleeps() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

int waker(std::size_t count, long period_ns, long run_ns) {
  prctl(PR_SET_TIMERSLACK, 1UL);  // or the kernel adds up to 50 us to each sleep
  std::vector<long> late_us;
  std::vector<long> delayed_us;
  while (late_us.size() < count) {
    const long slept = sleeps();
    const long due = now_ns() + period_ns;
    sleep_until(due);
    const long late = now_ns() - due;
    if (sleeps() == slept) continue;  // it lost the CPU before it could sleep, until it was too late to: not a wakeup
    late_us.push_back(late / 1000);
    if (run_ns == 0) continue;
    const long until = now_ns(CLOCK_THREAD_CPUTIME_ID) + run_ns;
    while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
    }
    delayed_us.push_back((now_ns() - due - run_ns) / 1000);
  }
  print_percentiles(std::move(late_us));
  if (run_ns > 0) print_percentiles(std::move(delayed_us));
  return 0;
}

// While a thread has the CPU and executes nothing, the machine itself stands still (emulated, or a guest of a busy
// host). That looks like a wait, and hides the turn which ended the last one.
constexpr long kStandstillNs = 1'000'000;
constexpr long kReadCpuTimeEveryNs = 200'000;
constexpr int kMostStandstills = 3;  // a machine with more of them is too busy to measure on

int gaps(long seconds, long threads) {
  std::vector<long> longest(static_cast<std::size_t>(threads));
  std::atomic<int> standstills = 0;
  const long end = now_ns() + seconds * kNsecPerSec;
  in_threads(threads, [&](long thread) {
    auto& mine = longest[static_cast<std::size_t>(thread)];
    long had_cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    long read_at = now_ns();
    for (long last = read_at, now = last; now < end; last = now) {
      now = now_ns();
      if (now - read_at < kReadCpuTimeEveryNs) continue;
      const long has_cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
      const bool stood_still = has_cpu - had_cpu > kReadCpuTimeEveryNs + kStandstillNs;
      if (!stood_still) mine = std::max(mine, now - last);
      if (stood_still && now - last > kNsecPerSec) {
        ++standstills;
        std::fprintf(stderr, "not counted: %ld ms with %ld us of CPU time\n", (now - last) / 1'000'000,
                     (has_cpu - had_cpu) / 1000);
      }
      had_cpu = has_cpu;
      read_at = now;
    }
  });
  if (standstills > kMostStandstills) {
    std::fprintf(stderr, "mus-load: the machine itself stood still %d times; measure again when its host is quiet\n",
                 standstills.load());
    return 1;
  }
  std::printf("%ld\n", *std::max_element(longest.begin(), longest.end()) / 1000);
  return 0;
}

int pair(long count) {
  int to[2];
  int fro[2];
  if (pipe(to) != 0 || pipe(fro) != 0) return 1;
  const auto hand_over = [count](int in, int out, bool first) {
    char byte = 0;
    for (long i = 0; i < count; ++i) {
      if (first && write(out, &byte, 1) != 1) return;
      if (read(in, &byte, 1) != 1) return;
      if (!first && write(out, &byte, 1) != 1) return;
    }
  };
  const long began = now_ns();
  std::thread other(hand_over, to[0], fro[1], false);
  hand_over(fro[0], to[1], true);
  other.join();
  std::printf("%ld\n", (now_ns() - began) / 1000);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<const char*> words(argv + std::min(argc, 2), argv + argc);
  std::vector<long> numbers;
  for (const auto* word : words) numbers.push_back(std::strtol(word, nullptr, 10));  // 0 where there is none
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (std::any_of(numbers.begin(), numbers.end(), [](long number) { return number <= 0; })) return usage();
  if (verb == "hog" && numbers.size() <= 1) return hog(numbers.empty() ? 1 : numbers[0]);
  if (verb == "pulse" && numbers.size() == 3) return pulse(numbers[0], numbers[1] * 1000, numbers[2] * 1000);
  if (verb == "waker" && (numbers.size() == 2 || numbers.size() == 3)) {
    return waker(static_cast<std::size_t>(numbers[0]), numbers[1] * 1000, numbers.size() == 3 ? numbers[2] * 1000 : 0);
  }
  if (verb == "pair" && numbers.size() == 1) return pair(numbers[0]);
  if (verb == "gaps" && !numbers.empty() && numbers.size() <= 2) {
    return gaps(numbers[0], numbers.size() == 2 ? numbers[1] : 1);
  }
  return usage();
}
