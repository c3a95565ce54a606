// SPDX-License-Identifier: Apache-2.0
#include "cli/pick.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.hpp"
#include "cli/cells.hpp"
#include "cli/client.hpp"

namespace mus {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShort = 9;

std::string container_name(const Json& pod) {
  return printable(text_of(pod, "namespace") + "/" + text_of(pod, "pod") + "/" + text_of(pod, "container"));
}

void print_choice(const std::vector<Json>& pods, std::ostream& out) {
  std::vector<Row> rows{{"", "CONTAINER", "CPU", "DELAY p99", "WEIGHT"}};
  for (std::size_t i = 0; i < std::min(pods.size(), kShort); ++i) {
    const auto& pod = pods[i];
    const auto cpu = member(pod, "cpu_seconds").is_number() ? fixed(number_of(pod, "cpu_seconds"), 1) + "s" : "-";
    rows.push_back({std::to_string(i + 1), container_name(pod), cpu, delay_of(member(pod, "run_delay"), "p99_us"),
                    text_of(pod, "weight")});
  }
  print_table(rows, out);
  if (pods.size() > kShort) out << "and " << pods.size() - kShort << " more\n";
}

std::optional<std::size_t> number_in(const std::string& text, std::size_t most) {
  std::size_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < 1 || number > most) return std::nullopt;
  return number - 1;
}

std::vector<Json> named(const std::vector<Json>& pods, const std::string& part) {
  std::vector<Json> found;
  std::ranges::copy_if(pods, std::back_inserter(found),
                       [&](const Json& pod) { return container_name(pod).find(part) != std::string::npos; });
  return found;
}

ClientTarget target_of(const Json& pod) {
  ClientTarget target;
  target.pod = text_of(pod, "pod");
  target.ns = text_of(pod, "namespace");
  target.container = text_of(pod, "container");
  return target;
}

std::optional<Json> ask(const std::vector<Json>& all, std::istream& in, std::ostream& out) {
  auto listed = all;
  print_choice(listed, out);
  std::string word;
  while (out << "Which one? A number, or a part of a name; nothing for none: " << std::flush, std::getline(in, word)) {
    if (word.empty()) return std::nullopt;
    if (const auto number = number_in(word, std::min(listed.size(), kShort))) return listed[*number];
    auto found = named(all, word);
    if (found.size() == 1) return found.front();
    if (found.empty()) {
      out << "No container has '" << printable(word) << "' in its name.\n";
      continue;
    }
    listed = std::move(found);
    print_choice(listed, out);
  }
  out << '\n';
  return std::nullopt;
}

}  // namespace

std::optional<ClientTarget> pick_target(const Command& command, HttpClient& client, std::istream& in,
                                        std::ostream& out) {
  const auto reply = client.send("GET", "/pods", {}, {});
  if (!reply) {
    print_unreachable(command, reply.error(), out);
    return std::nullopt;
  }
  if (reply->status != 200) {
    print_problem(*reply, out);
    return std::nullopt;
  }
  const auto answer = Json::parse(reply->body, nullptr, false);
  std::vector<Json> pods;
  for (const auto& pod : member(answer, "pods")) pods.push_back(pod);
  if (pods.empty()) {
    out << "mus-scheduler: no container is known on this node; --unit, --cgroup and --pid name others\n";
    return std::nullopt;
  }
  std::ranges::stable_sort(
      pods, [](const Json& a, const Json& b) { return number_of(a, "cpu_seconds") > number_of(b, "cpu_seconds"); });
  const auto chosen = ask(pods, in, out);
  if (!chosen) {
    out << "Nothing was boosted.\n";
    return std::nullopt;
  }
  return target_of(*chosen);
}

}  // namespace mus
