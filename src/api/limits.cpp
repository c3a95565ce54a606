// SPDX-License-Identifier: Apache-2.0
#include "api/limits.hpp"

#include <nlohmann/json.hpp>

namespace mus {
namespace {

using Json = nlohmann::ordered_json;

double us_to_seconds(std::uint64_t us) {
  return static_cast<double>(us) / 1e6;
}

}  // namespace

std::string lifted_path(const AppliedCgroup& applied) {
  if (applied.lifted_from == 0) return {};
  std::size_t end = 0;
  for (std::uint32_t level = 0; level < applied.lifted_from && end != std::string::npos; ++level) {
    end = applied.cgroup.path.find('/', end + 1);
  }
  return applied.cgroup.path.substr(0, end);
}

Json limit_json(const std::optional<LimitStats>& limit) {
  if (!limit) return nullptr;
  return {{"quota_us", limit->quota_us},
          {"period_us", limit->period_us},
          {"burst_us", limit->burst_us},
          {"periods", limit->periods},
          {"throttled_periods", limit->throttled_periods},
          {"throttled_seconds", us_to_seconds(limit->throttled_us)},
          {"forced", limit->forced},
          {"pardons", limit->pardons}};
}

Json limits_json(const LimitTotals& totals) {
  return {{"cgroups", totals.cgroups},
          {"periods", totals.periods},
          {"throttled_periods", totals.throttled_periods},
          {"throttled_seconds", us_to_seconds(totals.throttled_us)},
          {"forced", totals.forced},
          {"pardons", totals.pardons}};
}

Json enforced_json(const std::vector<Enforcement>& settings) {
  auto out = Json::object();
  for (const auto& setting : settings) out[setting.name] = setting.enforced ? Json(true) : Json(setting.detail);
  return out;
}

}  // namespace mus
