// SPDX-License-Identifier: Apache-2.0
// How long the daemon needs to divide CPU time once: 1000 cgroups four levels deep, all awake on a full node, a third
// of the pods and containers with a cpu.max, boosts that both guards act on.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "core/hierarchy.hpp"

namespace {

using namespace mus;
using namespace std::chrono_literals;

constexpr unsigned kCpus = 64;
constexpr std::size_t kCgroups = 1000;
constexpr std::size_t kServices = 60;
constexpr std::uint64_t kSystem = 1;
constexpr std::uint64_t kPods = 2;

class Node {
 public:
  explicit Node(unsigned seed) : random_(seed) {
    add({}, 1024);  // system.slice
    add({}, 2560);  // kubepods, and below it the three classes
    for (int i = 0; i < 3; ++i) add(CgroupId{kPods}, 1024);
    for (std::size_t i = 0; i < kServices; ++i) add(CgroupId{kSystem}, 1024, 1);
    while (cgroups_.size() < kCgroups) {
      const auto pod = add(CgroupId{kPods + number(1, 3)}, number(20, 2048));
      limit(pod);
      for (std::size_t i = number(1, 5); i > 0 && cgroups_.size() < kCgroups; --i) {
        limit(add(cgroups_[pod].id, number(20, 2048), number(1, 8)));
      }
    }
    for (std::size_t i = kCgroups - 1; i > kCgroups - 60; --i) {
      if (cgroups_[i].threads == 0) continue;
      cgroups_[i].boost = 102400;
      cgroups_[i].limit = 0;
    }
  }

  // A bit different each time, as in life: nothing found at one look is right at the next.
  const std::vector<CgroupRecord>& next() {
    for (auto& cgroup : cgroups_) {
      if (cgroup.load == 0 || number(0, 3) > 0) continue;
      cgroup.threads = number(1, 8);
      cgroup.load = cgroup.threads * 100;
    }
    return cgroups_;
  }

 private:
  std::uint32_t number(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }
  std::size_t add(CgroupId parent, std::uint32_t shares, std::uint32_t threads = 0) {
    CgroupRecord record;
    record.id = CgroupId{cgroups_.size() + 1};
    record.parent = parent;
    record.flow = static_cast<std::uint32_t>(cgroups_.size() + 1);
    record.shares = shares;
    record.threads = threads;
    record.load = threads * 100;
    record.level = parent == CgroupId{} ? 1 : cgroups_[to_u64(parent) - 1].level + 1;
    cgroups_.push_back(record);
    return cgroups_.size() - 1;
  }
  void limit(std::size_t cgroup) {
    if (number(0, 2) == 0) cgroups_[cgroup].limit = number(1, 40) / 10.0;
  }

  std::mt19937 random_;
  std::vector<CgroupRecord> cgroups_;
};

// Are the last cgroup, which is boosted, and the services weighed otherwise than without guards?
bool guards_act(const std::vector<CgroupRecord>& cgroups) {
  const std::vector<CgroupId> services = {CgroupId{kSystem}};
  const auto with = Hierarchy().update(cgroups, kCpus, 40ms, services);
  const auto without = Hierarchy({1, 0}).update(cgroups, kCpus, 40ms, services);
  return with.flows.back().own < without.flows.back().own && with.root > without.root;
}

int usage() {
  std::cerr << "usage: mus-division ROUNDS LIMIT_US    status 1 when the median is over the limit (0: none)\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return usage();
  const long rounds = std::strtol(argv[1], nullptr, 10);
  const double most_us = std::strtod(argv[2], nullptr);
  if (rounds < 1) return usage();

  Node node(1);
  Hierarchy hierarchy;
  const std::vector<CgroupId> services = {CgroupId{kSystem}};
  std::vector<double> took_us;
  bool whole = true;
  for (long i = 0; i < rounds; ++i) {
    const auto& cgroups = node.next();
    const auto start = std::chrono::steady_clock::now();
    const auto update = hierarchy.update(cgroups, kCpus, 40ms, services);
    took_us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    whole = whole && update.flows.size() == kCgroups;
  }
  if (!whole || !guards_act(node.next())) {
    std::cerr << "what was measured is not what it should be\n";
    return 1;
  }
  std::sort(took_us.begin(), took_us.end());
  const double median = took_us[took_us.size() / 2];
  std::printf("dividing %u CPUs between %zu cgroups: median %.0f us, least %.0f us, most %.0f us of %ld\n", kCpus,
              kCgroups, median, took_us.front(), took_us.back(), rounds);
  if (most_us <= 0 || median <= most_us) return 0;
  std::printf("FAILED: over %.0f us\n", most_us);
  return 1;
}
