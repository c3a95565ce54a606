// SPDX-License-Identifier: Apache-2.0
// What a boost changes for the others, and where a cgroup stands.
#include <algorithm>
#include <utility>

#include "core/explain.hpp"
#include "daemon/refusal.hpp"
#include "daemon/service.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

// Of the tree, for the answer to a boost: what is older says little.
constexpr auto kOutlookAge = 200ms;
// For explain, which is there to tell.
constexpr auto kExplainAge = 100ms;
constexpr auto kExplainPatience = 1s;

// What passes: who looks at the tree is late.
tl::unexpected<ServiceError> not_now(Error error) {
  auto refused = refusal(std::move(error));
  if (refused.value().error.code == Errc::unavailable) refused.value().retry_after = 1s;
  return refused;
}

tl::unexpected<ServiceError> too_many(const std::vector<AppliedCgroup>& several) {
  ServiceError error{{Errc::ambiguous, std::to_string(several.size()) + " cgroups match", {}}, {}, {}};
  for (const auto& one : several) {
    error.candidates.push_back(one.pod.empty() ? one.cgroup.path : one.ns + "/" + one.pod);
  }
  return tl::unexpected(std::move(error));
}

// One that could be given all=true otherwise.
tl::unexpected<ServiceError> one_only(ServiceError error) {
  if (error.error.code == Errc::ambiguous) {
    error.error.advice = "one is explained at a time: narrow it with namespace=, uid= or label=";
  }
  return tl::unexpected(std::move(error));
}

}  // namespace

std::string MusService::no_tree() const {
  if (!attachment_.attached()) return attachment_.obstacle();
  if (scheduler_.shares()) return {};
  if (options_.dry_run) return "the scheduler is in memory (dry run): it divides nothing";
  return "the scheduler does not go by cpu.weight (--cpu-weight=off): all cgroups weigh alike";
}

Result<TreeWatch::View> MusService::look_for_outlook(const std::string& no_tree) {
  if (!no_tree.empty()) return fail(Errc::unavailable, no_tree);
  auto view = tree_watch_.recent(kOutlookAge, options_.outlook_patience);
  if (!view) return fail(Errc::unavailable, "the tree has not been read yet");
  return view;
}

Outlook MusService::outlook(const Result<TreeWatch::View>& view, const Policies& before, const Policies& after,
                            const std::vector<AppliedCgroup>& boosted) {
  if (!view) return forecaster_.without_tree(view.error().message, boosted);
  return forecaster_.outlook(DividedTree(**view, before, guards()), DividedTree(**view, after, guards()), boosted,
                             options_.now());
}

ServiceResult<Explanation> MusService::explain(const ExplainRequest& request) {
  PrioritizeRequest thought;
  thought.target = normalized(request.target);
  thought.weight = request.weight.value_or(thought.weight);
  if (auto valid = check(thought, thought.target); !valid) return refusal(valid.error());
  Explanation out;
  {
    const Lock lock(mutex_);
    if (auto ready = check_attached(options_.now()); !ready) return tl::unexpected(ready.error());
    out.missing = no_tree();
  }
  auto resolved = resolver_.resolve(thought.target);
  if (!resolved) return one_only(resolved.error());
  if (resolved->pending) return tl::unexpected(*resolved->pending);
  if (resolved->cgroups.size() != 1) return one_only(too_many(resolved->cgroups).value());
  const auto& one = resolved->cgroups.front();
  const auto levels = tree_.levels(one.cgroup);
  if (!levels) return not_now(levels.error());

  out.ns = one.ns;
  out.pod = one.pod;
  out.uid = one.uid;
  out.container = one.container;
  out.cgroup = one.cgroup;
  out.request = forecaster_.request(one.cgroup.id, options_.now());
  if (thought.target.kind == Target::Kind::pid) {
    out.note = "process " + std::to_string(thought.target.pid) + " is in " + one.cgroup.path;
  }
  TreeWatch::View view;
  if (out.missing.empty()) {
    auto looked = tree_watch_.recent(kExplainAge, kExplainPatience);
    if (!looked) return not_now(looked.error());
    view = std::move(*looked);
  }

  Policies before;
  Policies after;
  {
    const Lock lock(mutex_);
    before = after = force().map;
    // It would be the boost that was set last, which counts.
    if (request.weight) after.insert_or_assign(out.cgroup.id, Policy{*request.weight});
  }
  tell(out, view, before, after, *levels, request.weight.has_value());
  out.rules = rules_about(out.cgroup.path);
  return out;
}

std::vector<RuleWord> MusService::rules_about(const std::string& path) const {
  std::vector<RuleWord> words;
  for (const auto& rule : rule_book_.snapshot()->states) {
    for (const auto& subject : rule.subjects) {
      const auto& at = subject.cgroup.path;
      if (path != at && !path.starts_with(at + "/")) continue;
      words.push_back({rule.name, subject.state, rule.dry_run, subject.weight, subject.why});
    }
  }
  return words;
}

void MusService::tell(Explanation& out, const TreeWatch::View& view, const Policies& before, const Policies& after,
                      const std::vector<CgroupLevel>& levels, bool with_weight) {
  AppliedCgroup target;
  target.cgroup = out.cgroup;
  target.ns = out.ns;
  target.pod = out.pod;
  target.container = out.container;
  const auto place = view ? view->find(out.cgroup.id) : std::nullopt;
  if (!place) {
    if (out.missing.empty()) out.missing = "no task is in it or below";
    for (const auto& level : levels) out.levels.push_back({level});
    auto outlook = forecaster_.without_tree(out.missing, {target});
    out.warnings = outlook.warnings;
    if (with_weight) out.outlook = std::move(outlook);
    return;
  }
  const DividedTree tree(*view, before, guards());
  const DividedTree changed(*view, after, guards());
  out.node_cpus = view->cpus;
  out.levels = explain_levels(tree, levels);
  out.share = share_of_node(out.levels);
  out.threads = with_below(view->threads, tree.parents)[*place];
  out.now = standing(Forecast(tree), *place, levels);
  auto outlook = forecaster_.outlook(tree, changed, {target}, options_.now());
  out.warnings = outlook.warnings;
  if (!with_weight) return;
  out.then = standing(Forecast(changed), *place, levels);
  out.outlook = std::move(outlook);
}

}  // namespace mus
