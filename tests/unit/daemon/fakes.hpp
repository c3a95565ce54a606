// SPDX-License-Identifier: Apache-2.0
// A node in memory: pods that the kubelet knows, directories that the cgroup tree has, a clock that the test moves.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "daemon/logging.hpp"
#include "daemon/service.hpp"
#include "kernel/memory_scheduler.hpp"
#include "mus/cgroup_tree.hpp"
#include "mus/pod_source.hpp"

namespace mus::test {

class FakePods final : public PodSource {
 public:
  Result<PodListPtr> list(Freshness freshness) override {
    ++(freshness == Freshness::fresh ? fresh_asked : cached_asked);
    const auto& answer = freshness == Freshness::fresh ? fresh : cached;
    return answer.map([](const PodList& list) { return std::make_shared<const PodList>(list); });
  }
  [[nodiscard]] PodListPtr known() const override {
    return cached ? std::make_shared<const PodList>(*cached) : nullptr;
  }
  [[nodiscard]] PodSourceState state() const override { return {"fake", {}, {}, {}}; }

  /// A list of this moment.
  void serve(PodList list) {
    list.fetched_at = TimePoint{std::chrono::hours(1000)} + std::chrono::milliseconds(++served);
    cached = fresh = std::move(list);
  }
  void fail_with(Errc code) { cached = fresh = fail(code, "the kubelet is away"); }

  Result<PodList> cached = PodList{};
  Result<PodList> fresh = PodList{};
  std::atomic<int> served = 0;
  std::atomic<int> cached_asked = 0;
  std::atomic<int> fresh_asked = 0;
};

class FakeTree final : public CgroupTree {
 public:
  /// `walk`, or else the directories below /kubepods.
  Result<std::vector<PodCgroup>> pods() const override {
    ++walks;
    if (!walk.empty()) return walk;
    std::vector<PodCgroup> found;
    constexpr std::string_view prefix = "/kubepods/pod";
    for (const auto& [path, id] : directories) {
      if (!path.starts_with(prefix)) continue;
      const auto uid = path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
      if (found.empty() || found.back().pod_uid != uid) found.push_back({uid, {}, {}});
      if (path.size() == prefix.size() + uid.size()) {
        found.back().cgroup = {id, path};
      } else {
        found.back().containers.push_back({path.substr(prefix.size() + uid.size() + 1), {id, path}});
      }
    }
    return found;
  }
  Result<Cgroup> pod(const Pod& pod) const override { return at("/kubepods/pod" + pod.uid); }
  Result<Cgroup> container(const Pod& pod, const Container& container) const override {
    return at("/kubepods/pod" + pod.uid + "/" + container.id);
  }
  Result<Cgroup> path(std::string_view path) const override { return at(std::string(path)); }
  Result<Cgroup> unit(std::string_view name) const override { return at("/system.slice/" + std::string(name)); }
  Result<Cgroup> pid(std::int64_t pid) const override {
    const auto found = processes.find(pid);
    if (found == processes.end()) return fail(Errc::not_found, "no such process");
    return at(found->second);
  }
  Result<std::vector<CgroupLevel>> levels(const Cgroup& cgroup) const override {
    if (!alive(cgroup)) return fail(Errc::not_found, cgroup.path + " has gone");
    std::vector<CgroupLevel> out;
    for (std::size_t slash = 0; slash != std::string::npos;) {
      slash = cgroup.path.find('/', slash + 1);
      const auto path = cgroup.path.substr(0, slash);
      const auto written = files.find(path);
      CgroupLevel level = written == files.end() ? CgroupLevel{} : written->second;
      const auto known = directories.find(path);
      level.cgroup = {known == directories.end() ? CgroupId{} : known->second, path};
      out.push_back(level);
    }
    return out;
  }
  [[nodiscard]] std::vector<Cgroup> children(const Cgroup& parent) const override {
    std::vector<Cgroup> out;
    const auto prefix = parent.path == "/" ? "/" : parent.path + "/";
    for (const auto& [path, id] : directories) {
      if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos) out.push_back({id, path});
    }
    return out;
  }
  [[nodiscard]] std::vector<CgroupId> node_services() const override { return services; }
  Result<std::uint32_t> level(const Cgroup& cgroup) const override {
    if (part_of_a_tree) return fail(Errc::unsupported, "only a part of the tree");
    return static_cast<std::uint32_t>(std::count(cgroup.path.begin(), cgroup.path.end(), '/'));
  }
  [[nodiscard]] bool alive(const Cgroup& cgroup) const override {
    const auto found = directories.find(cgroup.path);
    return found != directories.end() && found->second == cgroup.id;
  }

  CgroupId add(const std::string& path) { return directories[path] = CgroupId{next++}; }
  /// With all below it, as it has to be.
  void remove(const std::string& path) {
    std::erase_if(directories, [&](const auto& one) { return one.first == path || one.first.starts_with(path + "/"); });
  }

  std::map<std::string, CgroupId> directories;
  std::map<std::string, CgroupLevel> files;
  std::map<std::int64_t, std::string> processes;
  std::vector<PodCgroup> walk;
  mutable std::atomic<int> walks = 0;
  std::vector<CgroupId> services;
  std::uint64_t next = 100;
  bool part_of_a_tree = false;

 private:
  Result<Cgroup> at(const std::string& path) const {
    const auto found = directories.find(path);
    if (found == directories.end()) return fail(Errc::not_found, path + " is not there");
    return Cgroup{found->second, path};
  }
};

inline Pod make_pod(const std::string& ns, const std::string& name, const std::string& uid) {
  Pod pod;
  pod.ns = ns;
  pod.name = name;
  pod.uid = uid;
  pod.labels["app"] = name.substr(0, name.find('-'));
  pod.containers.push_back({"server", "c1" + uid, Container::Kind::regular, true});
  pod.containers.push_back({"exporter", "c2" + uid, Container::Kind::regular, true});
  return pod;
}

/// A disk in memory.
class FakeStore final : public StateStore {
 public:
  Loaded load() override {
    const std::lock_guard lock(mutex_);
    return {state, trouble};
  }
  Result<void> save(const SavedState& saved) override {
    if (on_save) on_save();
    const std::lock_guard lock(mutex_);
    ++saves;
    if (error) return tl::unexpected(*error);
    if (state && saved.version < state->version) versions_fell = true;
    state = saved;
    return {};
  }
  [[nodiscard]] std::string path() const override { return "/state/boosts.json"; }
  [[nodiscard]] std::vector<std::string> pods() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    if (state) {
      for (const auto& boost : state->boosts) names.push_back(boost.target.pod + boost.target.cgroup);
    }
    return names;
  }

  std::optional<SavedState> state;
  std::string trouble;
  std::optional<Error> error;     ///< set while nobody saves
  std::function<void()> on_save;  ///< as above; called before anything is on the disk
  int saves = 0;
  bool versions_fell = false;

 private:
  mutable std::mutex mutex_;
};

/// Two redis pods in different namespaces and one nginx, all running.
struct Node {
  MemoryScheduler scheduler;
  FakePods pods;
  FakeTree tree;
  TimePoint now{std::chrono::hours(1000)};
  MusService service{scheduler, pods, tree, {true, "6.18.0-test", {}, [this] { return now; }}};

  Node() {
    start_logging("off", false);  // the service tells the log what the tests provoke
    PodList list;
    list.pods = {make_pod("shop", "redis-1", "aa"), make_pod("test", "redis-1", "bb"), make_pod("shop", "nginx", "cc")};
    for (const auto& pod : list.pods) {
      tree.add("/kubepods/pod" + pod.uid);
      for (const auto& container : pod.containers) tree.add("/kubepods/pod" + pod.uid + "/" + container.id);
    }
    tree.add("/system.slice/redis.service");
    tree.processes[42] = "/system.slice/redis.service";
    pods.serve(list);
    (void)!service.start();
  }

  [[nodiscard]] Policies map() const {
    const auto entries = scheduler.policies();
    return {entries.begin(), entries.end()};
  }
  [[nodiscard]] CgroupId id(const std::string& path) const { return tree.directories.at(path); }
  void pass(std::chrono::milliseconds time) {
    now += time;
    service.tick();
  }
};

inline PrioritizeRequest boost(const std::string& pod, const std::string& ns = {}, std::uint32_t weight = 4096) {
  PrioritizeRequest request;
  request.target.pod = pod;
  request.target.ns = ns;
  request.weight = weight;
  return request;
}

inline PrioritizeRequest boost_container(const std::string& pod, const std::string& container) {
  auto request = boost(pod);
  request.target.container = container;
  return request;
}

inline PrioritizeRequest boost_cgroup(const std::string& path, std::uint32_t weight = 4096) {
  PrioritizeRequest request;
  request.target.kind = Target::Kind::cgroup;
  request.target.cgroup = path;
  request.weight = weight;
  return request;
}

}  // namespace mus::test
