// SPDX-License-Identifier: Apache-2.0
// How long the daemon needs to tell, after a full walk of the cgroup tree, what every boost acts on and what the map
// must hold: 1000 pods of three containers with a sandbox each, and as many boosts as there can be, by name, by label
// and one of all pods. Every tenth pod has just been restarted: the list has it under its old ids, the runtime's files
// under the new ones. The walk itself is not in it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "core/reconcile.hpp"

namespace {

using namespace mus;
using namespace std::chrono_literals;

constexpr unsigned kPods = 1000;
constexpr unsigned kContainers = 3;

std::string name_of_pod(unsigned pod) {
  return "app-" + std::to_string(pod) + "-7c9d8f6b5-x2x9k";
}

Pod make_pod(unsigned number) {
  Pod pod;
  pod.ns = "default";
  pod.name = name_of_pod(number);
  pod.uid = "00000000-0000-4000-8000-" + std::to_string(100000000000ULL + number);
  pod.labels = {{"app.kubernetes.io/name", "app-" + std::to_string(number)}, {"pod-template-hash", "7c9d8f6b5"}};
  for (unsigned i = 0; i < kContainers; ++i) {
    const auto id = std::to_string(number * 10 + i) + std::string(50, 'a');
    pod.containers.push_back({"c" + std::to_string(i), id, Container::Kind::regular, true});
  }
  return pod;
}

NodeView make_view() {
  NodeView view;
  view.look = 1;
  view.pods = true;
  auto list = std::make_shared<PodList>();
  std::uint64_t id = 1000;
  for (unsigned number = 0; number < kPods; ++number) {
    auto pod = make_pod(number);
    PodCgroup directory{pod.uid, {CgroupId{id++}, "/kubepods.slice/kubepods-burstable.slice/pod" + pod.uid}, {}};
    const auto leaf = [&](const std::string& container_id, const std::string& name) {
      directory.containers.push_back({container_id, {CgroupId{id++}, directory.cgroup.path + "/" + container_id}});
      view.identities.push_back({container_id, pod.ns, pod.name, pod.uid, name, name.empty()});
    };
    leaf("b" + pod.containers[0].id, {});
    for (const auto& container : pod.containers) {
      leaf((number % 10 == 0 ? "c" : "") + container.id, container.name);
    }
    view.directories.push_back(std::move(directory));
    list->pods.push_back(std::move(pod));
  }
  view.list = std::move(list);
  return view;
}

DesiredState make_boosts() {
  DesiredState desired;
  DesiredBoost boost;
  boost.weight = 4096;
  boost.target.label = "pod-template-hash=7c9d8f6b5";
  (void)!desired.put(boost);
  for (unsigned number = 0; desired.size() < DesiredState::kCapacity; ++number) {
    boost.target = {};
    boost.target.pod = number % 2 == 0 ? name_of_pod(number % kPods) : "app-" + std::to_string(number % kPods);
    if (number >= kPods) boost.target.container = "c1";
    (void)!desired.put(boost);
  }
  return desired;
}

int usage() {
  std::cerr << "usage: mus-reconcile ROUNDS LIMIT_MS    status 1 when the median is over the limit (0: none)\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return usage();
  const long rounds = std::strtol(argv[1], nullptr, 10);
  const double most_ms = std::strtod(argv[2], nullptr);
  if (rounds < 1) return usage();

  const auto view = make_view();
  const auto desired = make_boosts();
  std::vector<double> took_ms;
  std::size_t wanted = 0;
  std::size_t pending = 0;
  for (long i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = reconcile(desired, {}, &view, {}, TimePoint{1h});
    took_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    wanted = result.changes.size();
    pending = static_cast<std::size_t>(std::count_if(result.reaches.begin(), result.reaches.end(),
                                                     [](const auto& one) { return one.second.cgroups.empty(); }));
  }
  // Each pod, and the containers of as many as there are boosts left for, but for the one of all.
  if (wanted != DesiredState::kCapacity - 1 || pending != 0) {
    std::cerr << "what was measured is not what it should be: " << wanted << " policies, " << pending << " pending\n";
    return 1;
  }
  std::sort(took_ms.begin(), took_ms.end());
  const double median = took_ms[took_ms.size() / 2];
  std::printf(
      "reconciling %zu boosts with %u pods of %u containers: median %.1f ms, least %.1f ms, most %.1f ms of %ld\n",
      desired.size(), kPods, kContainers, median, took_ms.front(), took_ms.back(), rounds);
  if (most_ms <= 0 || median <= most_ms) return 0;
  std::printf("FAILED: over %.0f ms\n", most_ms);
  return 1;
}
