// SPDX-License-Identifier: Apache-2.0
// Whatever the author of a pod writes into its annotations, a line "key=value" each: boosts of that pod and its
// containers within the operator's rules, or a refusal in plain words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "core/declared.hpp"
#include "core/target_rules.hpp"
#include "pods/pod_list_parser.hpp"

namespace mus::fuzz {

/// The kubelet's answer with one pod that has these annotations.
inline std::string answer_with(std::string_view lines) {
  nlohmann::json annotations = nlohmann::json::object();
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    const auto key = line.substr(0, line.find('='));
    annotations[std::string(key)] = std::string(line.substr(key.size() < line.size() ? key.size() + 1 : key.size()));
    lines.remove_prefix(line.size() < lines.size() ? line.size() + 1 : line.size());
  }
  const nlohmann::json pod = {
      {"metadata", {{"namespace", "shop"}, {"name", "redis"}, {"uid", "ab12"}, {"annotations", annotations}}},
      {"spec", {{"containers", {{{"name", "server"}}, {{"name", "proxy"}}}}}}};
  return nlohmann::json{{"kind", "PodList"}, {"items", {pod}}}.dump(-1, ' ', false,
                                                                    nlohmann::json::error_handler_t::replace);
}

inline void declarations(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  auto parsed = parse_pod_list(answer_with(input));
  if (!parsed) return;  // config.hash and the like: the pod list's own target
  PodList list;
  list.pods = std::move(parsed->pods);
  for (const auto& rules : {DeclarationRules{{"shop"}, 4096}, DeclarationRules{{"office"}, 4096}, DeclarationRules{}}) {
    const auto read = read_declarations(list, rules);
    for (const auto& one : read.wanted) {
      const auto& target = one.target;
      require(target.ns == "shop" && target.pod == "redis" && target.uid == "ab12" && rules.allow("shop"));
      require(target.container.empty() || target.container == "server" || target.container == "proxy");
      require(check_target(target) && check_weight(one.weight) && one.weight <= rules.ceiling);
      require(!one.ttl || check_ttl(*one.ttl));
    }
    for (const auto& one : read.refused) {
      require(!one.why.empty() && one.pod == "redis");
      for (const char c : one.why + one.container) require(c >= ' ' && c <= '~');
    }
    const TimePoint now{std::chrono::hours{1}};
    const auto first = adopt({}, list, read, now);
    require(first.desired.size() == read.wanted.size() && first.set.size() == read.wanted.size());
    // Read again, and when they are gone.
    const auto again = adopt(first.desired, list, read, now + std::chrono::hours{1});
    require(again.set.empty() && again.taken_back.empty());
    require(adopt(first.desired, list, {}, now).desired.size() == 0);
  }
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::declarations({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
