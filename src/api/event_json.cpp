// SPDX-License-Identifier: Apache-2.0
#include "api/event_json.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/json_values.hpp"

namespace mus {
namespace {

using EventJson = nlohmann::ordered_json;

constexpr std::array<std::pair<EventKind, std::string_view>, 20> kEventWords{{
    {EventKind::set, "set"},
    {EventKind::applied, "applied"},
    {EventKind::pending, "pending"},
    {EventKind::lost, "lost"},
    {EventKind::restored, "restored"},
    {EventKind::expired, "expired"},
    {EventKind::removed, "removed"},
    {EventKind::refused, "refused"},
    {EventKind::rule_fired, "rule_fired"},
    {EventKind::rule_released, "rule_released"},
    {EventKind::rule_held, "rule_held"},
    {EventKind::target_weight, "target_weight"},
    {EventKind::target_unmet, "target_unmet"},
    {EventKind::target_met, "target_met"},
    {EventKind::rules_changed, "rules_changed"},
    {EventKind::attached, "attached"},
    {EventKind::detached, "detached"},
    {EventKind::ejected, "ejected"},
    {EventKind::degraded, "degraded"},
    {EventKind::recovered, "recovered"},
}};

/// "2026-08-01T12:34:56.789Z".
std::string time_text(std::chrono::system_clock::time_point at) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch());
  const auto s = std::chrono::floor<std::chrono::seconds>(ms);
  const std::time_t seconds = s.count();
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};  // beyond the year 2^31
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
  return std::string(text.data(), size) + std::to_string(1000 + (ms - s).count()).substr(1) + "Z";
}

std::string block(std::uint64_t id, std::string_view name, const EventJson& data) {
  std::string out = "id: " + std::to_string(id);
  out.append("\nevent: ").append(name).append("\ndata: ");
  // Names may come from file names: what is no UTF-8 must not end the stream.
  return out.append(data.dump(-1, ' ', false, EventJson::error_handler_t::replace)).append("\n\n");
}

}  // namespace

std::string_view event_word(EventKind kind) {
  const auto* found = std::ranges::find(kEventWords, kind, &std::pair<EventKind, std::string_view>::first);
  return found == kEventWords.end() ? "unknown" : found->second;
}

std::optional<EventKind> event_kind(std::string_view word) {
  const auto* found = std::ranges::find(kEventWords, word, &std::pair<EventKind, std::string_view>::second);
  return found == kEventWords.end() ? std::nullopt : std::optional(found->first);
}

std::string event_words() {
  std::string out;
  for (const auto& [kind, word] : kEventWords) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

std::string event_block(const Event& event) {
  const auto& subject = event.subject;
  const auto& cgroup = subject.cgroup;
  const auto word = event_word(event.kind);
  return block(event.id, word,
               {{"id", event.id},
                {"time", time_text(event.at)},
                {"kind", word},
                {"boost", or_null(subject.boost)},
                {"namespace", or_null(subject.ns)},
                {"pod", or_null(subject.pod)},
                {"uid", or_null(subject.uid)},
                {"container", or_null(subject.container)},
                {"cgroup_id", cgroup ? EventJson(id_text(cgroup->id)) : EventJson(nullptr)},
                {"cgroup_path", cgroup ? or_null(cgroup->path) : EventJson(nullptr)},
                {"message", event.message}});
}

std::string gap_block(std::uint64_t after, std::uint64_t next) {
  return block(
      next - 1, "gap",
      {{"kind", "gap"},
       {"after", after},
       {"next", next},
       {"message", "Events in between are kept no more. GET /priorities and GET /status say what stands now."}});
}

std::string position_block(std::uint64_t id) {
  return "id: " + std::to_string(id) + "\n\n";
}

}  // namespace mus
