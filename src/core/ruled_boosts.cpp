// SPDX-License-Identifier: Apache-2.0
#include "core/ruled_boosts.hpp"

#include <algorithm>
#include <utility>

namespace mus {

Policies ruled_policies(const RuledBoosts& boosts) {
  Policies policies;
  for (const auto& boost : boosts) policies.emplace(boost.subject.cgroup.id, Policy{boost.weight});
  return policies;
}

std::vector<Boost> show_ruled(const RuledBoosts& boosts, const InForce& force, TimePoint now) {
  std::vector<Boost> shown;
  for (const auto& boost : boosts) {
    const auto& subject = boost.subject;
    Boost out;
    out.id = rule_boost_id(boost.number);
    out.target.kind = subject.pod.empty() ? Target::Kind::cgroup : Target::Kind::pod;
    out.target.pod = subject.pod;
    out.target.ns = subject.ns;
    out.target.uid = subject.uid;
    out.target.container = subject.container;
    if (subject.pod.empty()) out.target.cgroup = subject.cgroup.path;
    out.weight = boost.weight;
    out.ttl = boost.ttl;
    if (boost.ends) {
      out.expires_in = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(*boost.ends - now),
                                std::chrono::milliseconds{0});
    }
    out.rule = boost.rule;
    out.note = boost.why;
    const auto policy = force.map.find(subject.cgroup.id);
    if (!force.obstacle.empty()) {
      out.pending = force.obstacle;
    } else if (policy == force.map.end()) {
      out.pending = force.trouble.empty() ? "not in the scheduler's map yet" : force.trouble;
    } else {
      out.applied.push_back({subject.cgroup, subject.ns, subject.pod, subject.uid, subject.container,
                             policy->second.weight, policy->second.lifted_from});
    }
    out.state = out.pending.empty() ? Boost::State::applied : Boost::State::pending;
    shown.push_back(std::move(out));
  }
  return shown;
}

}  // namespace mus
