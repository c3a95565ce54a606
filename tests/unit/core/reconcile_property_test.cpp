// SPDX-License-Identifier: Apache-2.0
// Random life on a node, with lists that are old, missing or not whole, maps that are full and changes that fail
// midway, held against a model so simple that it is right by inspection: once everything is known and works, the map is
// what the boosts mean on the node as it is, the later of two first.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>

#include "core/boost_view.hpp"
#include "mus/abi.h"
#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

struct LivePod {
  Pod pod;               // as a list of this moment has it
  CgroupId directory{};  // none: it is starting
  std::vector<CgroupId> containers;
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  bool once_in(unsigned n) { return below(n) == 0; }

  DesiredState desired;
  Reaches reaches;
  Policies map;
  TimePoint now = kStart;

  void live() {
    now += std::chrono::milliseconds{1 + below(400)};
    switch (below(8)) {
      case 0:
      case 1:
        if (pods_.size() < 6) pods_.push_back(make_pod());
        break;
      case 2:
        if (!pods_.empty()) pods_.erase(pods_.begin() + below(static_cast<unsigned>(pods_.size())));
        break;
      case 3:
        if (!pods_.empty()) recreate(pick());
        break;
      case 4:
        if (!pods_.empty()) pick().pod.labels["app"] = "l" + std::to_string(below(2));
        break;
      case 5:
        if (!pods_.empty()) pick().pod.terminating = true;
        break;
      default:
        if (!pods_.empty()) restart(pick());
        break;
    }
  }

  void ask() {
    Target target;
    switch (below(4)) {
      case 0:
        target.label = "app=l" + std::to_string(below(2));
        break;
      case 1:
        if (!pods_.empty()) target.uid = pick().pod.uid;
        break;
      default:
        target.pod = once_in(3) ? "l" + std::to_string(below(2)) : "p" + std::to_string(below(3));
        target.ns = once_in(2) ? "n" + std::to_string(below(2)) : "";
        target.all = once_in(3);
        break;
    }
    if (target == Target{}) return;
    if (once_in(3)) target.container = "k" + std::to_string(below(2));
    auto boost = wish(target, 16 + below(1000));
    boost.since = now;
    if (once_in(3)) boost.expires = now + std::chrono::milliseconds{1 + below(3000)};
    const auto put = desired.put(boost);
    REQUIRE(put);
    reaches.erase(put->number);  // found at the next look
  }

  void take_back() {
    const auto all = desired.all();
    if (all.empty()) return;
    const auto number = all[below(static_cast<unsigned>(all.size()))];
    desired.erase({number});
    reaches.erase(number);
  }

  void publish_list() {
    list_ = std::make_shared<PodList>();
    list_->fetched_at = now;
    list_->incomplete = once_in(6) ? "a file is damaged" : "";
    for (const auto& live : pods_) {
      if (list_->complete() || once_in(2)) list_->pods.push_back(live.pod);
    }
  }
  void know_everything() {
    publish_list();
    list_->incomplete.clear();
    list_->pods.clear();
    for (const auto& live : pods_) list_->pods.push_back(live.pod);
  }

  NodeView look(bool with_list = true) {
    NodeView view;
    view.look = ++looks_;
    view.pods = true;
    if (with_list) view.list = list_;
    for (const auto& live : pods_) {
      if (live.directory == CgroupId{}) continue;
      PodCgroup directory{live.pod.uid, {live.directory, "/kubepods/pod" + live.pod.uid}, {}};
      for (std::size_t i = 0; i < live.containers.size(); ++i) {
        const auto& id = live.pod.containers[i].id;
        if (!id.empty()) directory.containers.push_back({id, {live.containers[i], directory.cgroup.path + "/" + id}});
      }
      view.directories.push_back(std::move(directory));
    }
    return view;
  }

  // Takes as many of the changes as `most`; the rest fails.
  void apply(const std::vector<PolicyChange>& all, std::size_t most) {
    for (const auto& change : all) {
      if (most-- == 0) return;
      if (change.policy) {
        map[change.id] = *change.policy;
      } else {
        map.erase(change.id);
      }
      REQUIRE(map.size() <= MUS_MAX_POLICIES);
    }
  }

  void commit(const Reconciled& result, std::size_t most) {
    BoostNumbers over;
    for (const auto& ending : result.endings) over.push_back(ending.number);
    desired.erase(over);
    reaches = result.reaches;
    apply(result.changes, most);
  }

  [[nodiscard]] std::set<CgroupId> alive() const {
    std::set<CgroupId> ids;
    for (const auto& live : pods_) {
      if (live.directory != CgroupId{}) ids.insert(live.directory);
      for (std::size_t i = 0; i < live.containers.size(); ++i) {
        if (!live.pod.containers[i].id.empty()) ids.insert(live.containers[i]);
      }
    }
    return ids;
  }

  // The model. What a boost means now; none: several match, and one was meant.
  [[nodiscard]] std::optional<std::vector<CgroupId>> meaning(const Target& target) const {
    std::vector<const LivePod*> found;
    const auto fits = [&](const LivePod& live, bool by_label) {
      const auto& pod = live.pod;
      const auto label = pod.labels.find("app");
      const bool name = by_label ? label != pod.labels.end() && label->second == target.pod : pod.name == target.pod;
      return (target.ns.empty() || pod.ns == target.ns) && (target.uid.empty() || pod.uid == target.uid) &&
             (target.label.empty() || (label != pod.labels.end() && "app=" + label->second == target.label)) &&
             (target.pod.empty() || name);
    };
    for (const bool by_label : {false, true}) {
      for (const auto& live : pods_) {
        if (fits(live, by_label)) found.push_back(&live);
      }
      if (!found.empty()) break;
    }
    // Of two with one name, the one that ends makes way.
    std::erase_if(found, [&](const LivePod* leaving) {
      return leaving->pod.terminating && std::any_of(found.begin(), found.end(), [&](const LivePod* other) {
               return !other->pod.terminating && other->pod.ns == leaving->pod.ns &&
                      other->pod.name == leaving->pod.name;
             });
    });
    if (found.size() > 1 && !target.all && target.label.empty()) return std::nullopt;
    std::vector<CgroupId> ids;
    for (const auto* live : found) {
      if (target.container.empty() && live->directory != CgroupId{}) ids.push_back(live->directory);
      for (std::size_t i = 0; i < live->containers.size(); ++i) {
        const auto& container = live->pod.containers[i];
        if (container.name == target.container && !container.id.empty()) ids.push_back(live->containers[i]);
      }
    }
    return ids;
  }

  [[nodiscard]] bool lives(const std::string& uid) const {
    return std::any_of(pods_.begin(), pods_.end(), [&](const LivePod& live) { return live.pod.uid == uid; });
  }

 private:
  LivePod& pick() { return pods_[below(static_cast<unsigned>(pods_.size()))]; }

  LivePod make_pod() {
    LivePod live;
    live.pod =
        listed_pod("n" + std::to_string(below(2)), "p" + std::to_string(below(3)), "u" + std::to_string(++uids_));
    if (once_in(2)) live.pod.labels["app"] = "l" + std::to_string(below(2));
    for (const auto* name : {"k0", "k1"}) {
      live.pod.containers.push_back({name, "", Container::Kind::regular, false});
      live.containers.emplace_back();
    }
    if (!once_in(3)) restart(live);
    return live;
  }
  void restart(LivePod& live) {
    if (live.directory == CgroupId{}) live.directory = CgroupId{++ids_};
    const auto which = below(2);
    auto& container = live.pod.containers[which];
    container.id = once_in(4) ? "" : "c" + std::to_string(++ids_);
    live.containers[which] = container.id.empty() ? CgroupId{} : CgroupId{++ids_};
  }
  void recreate(LivePod& live) {
    live.pod.uid = "u" + std::to_string(++uids_);
    live.pod.terminating = false;
    live.directory = {};
    for (auto& container : live.pod.containers) container.id.clear();
    if (once_in(2)) restart(live);
  }

  std::mt19937 random_;
  std::vector<LivePod> pods_;
  std::shared_ptr<PodList> list_;
  std::uint64_t looks_ = 0;
  std::uint64_t ids_ = 1000;
  unsigned uids_ = 0;
};

// What holds after every look, whatever is not known and whatever failed before.
void check_look(World& world, const Reconciled& result, const NodeView& view) {
  const auto alive = world.alive();
  for (const auto& [id, policy] : result.wanted.policies) REQUIRE(alive.contains(id));
  for (const auto& ending : result.endings) {
    const auto* boost = world.desired.find(ending.number);
    REQUIRE(boost != nullptr);
    if (ending.expired) {
      REQUIRE(*boost->expires <= world.now);
    } else {
      REQUIRE(view.list->complete());
      REQUIRE_FALSE(world.lives(boost->target.uid));
    }
  }
  for (const auto& boost : world.desired.boosts()) {
    const auto reach = result.reaches.find(boost.number);
    if (reach == result.reaches.end()) continue;
    REQUIRE(reach->second.cgroups.empty() == !reach->second.pending.empty());
  }
  // The same again changes nothing more.
  Policies after = world.map;
  for (const auto& change : result.changes) {
    if (change.policy) {
      after[change.id] = *change.policy;
    } else {
      after.erase(change.id);
    }
  }
  REQUIRE(after == result.wanted.policies);
  const auto again = reconcile(world.desired, result.reaches, &view, after, world.now);
  REQUIRE(again.changes.empty());
}

// Once everything is known and works.
void check_model(const World& world) {
  Policies wanted;
  for (const auto& boost : world.desired.boosts()) {
    const auto& reach = world.reaches.at(boost.number);
    std::set<CgroupId> acts_on;
    for (const auto& applied : reach.cgroups) {
      acts_on.insert(applied.cgroup.id);
      wanted[applied.cgroup.id] = Policy{boost.weight};
    }
    const auto meant = world.meaning(boost.target);
    CAPTURE(boost.target.pod, boost.target.ns, boost.target.uid, boost.target.label, boost.target.container);
    if (meant) {
      REQUIRE(acts_on == std::set<CgroupId>(meant->begin(), meant->end()));
    } else {
      auto all = boost.target;
      all.all = true;
      const auto any = world.meaning(all).value();
      for (const auto id : acts_on) REQUIRE(std::find(any.begin(), any.end(), id) != any.end());
      std::set<std::string> pods;
      for (const auto& applied : reach.cgroups) pods.insert(applied.uid);
      REQUIRE(pods.size() <= 1);
    }
  }
  REQUIRE(world.map == wanted);
  for (const auto& shown : show_all(world.desired, world.reaches, {world.map, {}, {}}, world.now)) {
    REQUIRE((shown.state == Boost::State::applied) == !shown.applied.empty());
    for (const auto& applied : shown.applied) REQUIRE(Policy{applied.weight} == world.map.at(applied.cgroup.id));
  }
}

}  // namespace

TEST_CASE("whatever happens, what is applied is what is meant as soon as it can be known", "[reconcile][property]") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    World world(seed);
    for (int step = 0; step < 300; ++step) {
      CAPTURE(step);
      const auto what = world.below(10);
      if (what < 5) {
        world.live();
      } else if (what < 7) {
        world.ask();
      } else if (what == 7) {
        world.take_back();
      } else if (what == 8) {
        world.publish_list();
      } else if (world.once_in(3)) {
        world.map.clear();  // an ejection
      }
      if (world.once_in(4)) continue;
      auto view = world.look(!world.once_in(5));
      const auto result = reconcile(world.desired, world.reaches, &view, world.map, world.now);
      check_look(world, result, view);
      world.commit(result, world.once_in(4) ? world.below(3) : 100000);

      if (!world.once_in(3)) continue;
      world.know_everything();
      for (int i = 0; i < 2; ++i) {  // the second finds what the first's endings uncovered
        view = world.look();
        world.now += 1ms;
        world.commit(reconcile(world.desired, world.reaches, &view, world.map, world.now), 100000);
      }
      check_model(world);
    }
  }
}
