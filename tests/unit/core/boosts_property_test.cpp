// SPDX-License-Identifier: Apache-2.0
// Random operations on the table and on a model so simple that it is right by inspection: a list of boosts in the order
// in which they were set.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "core/boosts.hpp"

using namespace mus;
using namespace std::chrono_literals;

namespace {

struct ModelBoost {
  std::string id;
  Target target;
  Policy policy;
  std::optional<TimePoint> expires;
  std::vector<std::uint64_t> cgroups;
};

struct Model {
  std::vector<ModelBoost> in_order_of_setting;
  int made = 0;

  std::string put(const Target& target, const Policy& policy, std::optional<TimePoint> expires,
                  std::vector<std::uint64_t> cgroups) {
    std::string id;
    std::erase_if(in_order_of_setting, [&](const ModelBoost& b) {
      if (!(b.target == target)) return false;
      id = b.id;
      return true;
    });
    if (id.empty()) id = "b" + std::to_string(++made);
    in_order_of_setting.push_back({id, target, policy, expires, std::move(cgroups)});
    return id;
  }

  Policies policies() const {
    Policies result;
    for (const auto& boost : in_order_of_setting) {
      for (const auto id : boost.cgroups) result[CgroupId{id}] = boost.policy;  // later overwrites earlier
    }
    return result;
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const auto& boost : in_order_of_setting) result.push_back(boost.id);
    std::sort(result.begin(), result.end());
    return result;
  }
};

std::vector<std::string> ids_of(const BoostTable& table, TimePoint now) {
  std::vector<std::string> result;
  for (const auto& boost : table.view(now)) result.push_back(boost.id);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TEST_CASE("any sequence of operations leaves the table as the model says", "[boosts][property]") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
    BoostTable table;
    Model model;
    Policies map;  // what a scheduler would hold that is told only the changes
    TimePoint now{1000h};

    for (int step = 0; step < 400; ++step) {
      CAPTURE(step);
      Target target;
      target.pod = below(4) == 0 ? "" : "p" + std::to_string(below(4));
      target.ns = below(2) == 0 ? "" : "n" + std::to_string(below(2));
      const auto operation = below(10);
      if (operation < 6) {
        std::optional<std::chrono::milliseconds> ttl;
        if (below(2) == 0) ttl = std::chrono::milliseconds{1 + below(5000)};
        std::vector<std::uint64_t> ids;
        const std::uint32_t lifted_from = below(3);
        std::vector<AppliedCgroup> applied;
        for (unsigned id = 0; id < 6; ++id) {
          if (below(3) != 0) continue;
          ids.push_back(id);
          applied.push_back({{CgroupId{id}, "/c" + std::to_string(id)}, "", "", "", "", 0, lifted_from});
        }
        const Policy policy{16 + below(5), lifted_from};
        const auto put = table.put(target, policy.weight, ttl, applied, now, lifted_from != 0);
        REQUIRE(put);
        const auto expires = ttl ? std::optional(now + *ttl) : std::nullopt;
        REQUIRE(put->id == model.put(target, policy, expires, ids));
      } else if (operation == 6) {
        table.reset(target);
        if (!target.pod.empty() || !target.ns.empty()) {
          std::erase_if(model.in_order_of_setting, [&](const ModelBoost& b) {
            return (target.pod.empty() || target.pod == b.target.pod) &&
                   (target.ns.empty() || target.ns == b.target.ns);
          });
        }
      } else if (operation == 7) {
        const CgroupId gone{below(6)};
        table.forget({gone});
        for (auto& boost : model.in_order_of_setting) std::erase(boost.cgroups, to_u64(gone));
      } else {
        now += std::chrono::milliseconds{below(2000)};
        table.expire(now);
        std::erase_if(model.in_order_of_setting, [&](const ModelBoost& b) { return b.expires && *b.expires <= now; });
      }
      const auto wanted = table.policies();
      REQUIRE(wanted == model.policies());
      REQUIRE(ids_of(table, now) == model.ids());
      for (const auto& change : changes(map, wanted)) {
        if (change.policy) {
          map[change.id] = *change.policy;
        } else {
          map.erase(change.id);
        }
      }
      REQUIRE(map == wanted);
      for (const auto& boost : table.view(now)) {
        for (const auto& applied : boost.applied) {
          REQUIRE(Policy{applied.weight, applied.lifted_from} == map.at(applied.cgroup.id));
        }
      }
    }
  }
}
