// SPDX-License-Identifier: Apache-2.0
#include "core/declared.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_set>

#include "core/target_rules.hpp"
#include "mus/duration.hpp"

namespace mus {
namespace {

constexpr std::string_view kWeight = "weight";
constexpr std::string_view kTtl = "ttl";

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One pod's.
class Reader {
 public:
  Reader(const Pod& pod, const DeclarationRules& rules, Declarations& out) : pod_(pod), rules_(rules), out_(out) {}

  void read() {
    if (!rules_.allow(pod_.ns)) {
      refuse({}, "boosts may not be declared in namespace " + pod_.ns);
      return;
    }
    if (!read_ttl()) return;
    bool any = false;
    for (const auto& [key, value] : pod_.declared) {
      const std::string_view name{key};
      if (name == kTtl) continue;
      any = true;
      if (name == kWeight) {
        add({}, value);
      } else if (name.starts_with("weight.") && name.size() > kWeight.size() + 1) {
        add(key.substr(kWeight.size() + 1), value);
      } else {
        refuse({}, "an annotation of mus-scheduler.io is neither weight, weight.<container> nor ttl");
      }
    }
    if (!any) refuse({}, "mus-scheduler.io/ttl says nothing without a weight");
  }

 private:
  bool read_ttl() {
    const auto found = pod_.declared.find(std::string(kTtl));
    if (found == pod_.declared.end()) return true;
    ttl_ = parse_duration(found->second);
    if (ttl_ && check_ttl(*ttl_)) return true;
    refuse({}, "mus-scheduler.io/ttl is no time from 1 ms to 30 days, such as 15m");
    return false;
  }

  void add(const std::string& container, std::string_view text) {
    const bool there = container.empty() || std::any_of(pod_.containers.begin(), pod_.containers.end(),
                                                        [&](const Container& c) { return c.name == container; });
    if (!there) return refuse({}, "a weight is declared for a container that the pod does not have");
    const auto weight = whole_number(text);
    if (!weight || !check_weight(*weight)) return refuse(container, "the declared weight is none from 16 to 102400");
    if (*weight > rules_.ceiling) {
      return refuse(container, "the declared weight " + std::to_string(*weight) + " is above the ceiling of " +
                                   std::to_string(rules_.ceiling));
    }
    Target target;
    target.ns = pod_.ns;
    target.pod = pod_.name;
    target.uid = pod_.uid;
    target.container = container;
    out_.wanted.push_back({std::move(target), *weight, ttl_});
  }

  void refuse(const std::string& container, std::string why) {
    out_.refused.push_back({pod_.ns, pod_.name, pod_.uid, container, std::move(why)});
  }

  const Pod& pod_;
  const DeclarationRules& rules_;
  Declarations& out_;
  std::optional<std::chrono::milliseconds> ttl_;
};

const DesiredBoost* declared_as(const DesiredState& desired, const Target& target) {
  const auto& boosts = desired.boosts();
  const auto found = std::find_if(boosts.begin(), boosts.end(),
                                  [&](const DesiredBoost& b) { return b.declared && b.target == target; });
  return found == boosts.end() ? nullptr : &*found;
}

}  // namespace

bool DeclarationRules::allow(const std::string& ns) const {
  return std::any_of(namespaces.begin(), namespaces.end(), [&](const auto& one) { return one == "*" || one == ns; });
}

Declarations read_declarations(const PodList& list, const DeclarationRules& rules) {
  Declarations out;
  if (!rules.on()) return out;
  for (const auto& pod : list.pods) {
    if (!pod.declared.empty() && !pod.terminating) Reader(pod, rules, out).read();
  }
  return out;
}

Adopted adopt(const DesiredState& desired, const PodList& list, const Declarations& declarations, TimePoint now) {
  Adopted out{desired, {}, {}, {}};
  std::unordered_set<std::string_view> listed;
  for (const auto& pod : list.pods) {
    if (!pod.terminating) listed.insert(pod.uid);
  }
  BoostNumbers gone;
  for (const auto& boost : desired.boosts()) {
    if (!boost.declared || !listed.contains(boost.target.uid)) continue;
    const auto& wanted = declarations.wanted;
    const bool still =
        std::any_of(wanted.begin(), wanted.end(), [&](const Declaration& d) { return d.target == boost.target; });
    if (still) continue;
    gone.push_back(boost.number);
    out.taken_back.emplace_back(boost, "the pod does not declare it any more");
  }
  out.desired.erase(gone);
  for (const auto& declaration : declarations.wanted) {
    const auto* known = declared_as(out.desired, declaration.target);
    if (known != nullptr && known->weight == declaration.weight && known->ttl == declaration.ttl) continue;
    DesiredBoost boost;
    boost.target = declaration.target;
    boost.weight = declaration.weight;
    boost.ttl = declaration.ttl;
    boost.since = now;
    if (boost.ttl) boost.expires = now + *boost.ttl;
    boost.declared = true;
    if (const auto put = out.desired.put(std::move(boost))) {
      out.set.push_back(put->number);
    } else {
      const auto& target = declaration.target;
      out.refused.push_back({target.ns, target.pod, target.uid, target.container, put.error().message});
    }
  }
  return out;
}

}  // namespace mus
