// SPDX-License-Identifier: Apache-2.0
#include "core/target_rules.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "mus/abi.h"

namespace mus {
namespace {

constexpr std::int64_t kPidMost = 4'194'304;  // PID_MAX_LIMIT of the kernel
constexpr std::size_t kLabelMost = 63;
constexpr std::size_t kSubdomainMost = 253;
constexpr std::size_t kUnitMost = 255;
constexpr std::size_t kPathMost = 4095;

constexpr bool small_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
constexpr bool letter_or_digit(char c) {
  return small_or_digit(c) || (c >= 'A' && c <= 'Z');
}
constexpr bool printable_ascii(char c) {
  return c >= ' ' && c <= '~';
}

/// DNS-1123: small letters, digits and inner dashes.
bool dns_part(std::string_view s) {
  return !s.empty() && s.front() != '-' && s.back() != '-' &&
         std::ranges::all_of(s, [](char c) { return small_or_digit(c) || c == '-'; });
}
bool dns_label(std::string_view s) {
  return s.size() <= kLabelMost && dns_part(s);
}
bool dns_subdomain(std::string_view s) {
  if (s.size() > kSubdomainMost) return false;
  for (;;) {
    const auto dot = s.find('.');
    if (!dns_part(s.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}
bool label_word(std::string_view s) {
  return !s.empty() && s.size() <= kLabelMost && letter_or_digit(s.front()) && letter_or_digit(s.back()) &&
         std::ranges::all_of(s, [](char c) { return letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}
bool label(std::string_view s) {
  const auto equals = s.find('=');
  if (equals == std::string_view::npos) return false;
  const auto key = s.substr(0, equals);
  const auto value = s.substr(equals + 1);
  const auto slash = key.find('/');
  const bool prefix = slash == std::string_view::npos || dns_subdomain(key.substr(0, slash));
  return prefix && label_word(slash == std::string_view::npos ? key : key.substr(slash + 1)) &&
         (value.empty() || label_word(value));
}
bool pod_uid(std::string_view s) {
  return s.size() <= kLabelMost && std::ranges::all_of(s, [](char c) { return letter_or_digit(c) || c == '-'; });
}
bool unit_name(std::string_view s) {
  constexpr std::string_view others = ":_.\\@-";
  return !s.empty() && s.size() <= kUnitMost && s.front() != '.' &&
         std::ranges::all_of(s, [&](char c) { return letter_or_digit(c) || others.find(c) != std::string_view::npos; });
}
bool cgroup_path(const std::string& s) {
  const auto padded = s + "/";
  return s.starts_with('/') && s.size() <= kPathMost && std::ranges::all_of(s, printable_ascii) &&
         padded.find("/../") == std::string::npos && padded.find("/./") == std::string::npos;
}

tl::unexpected<Error> not_a(const char* what) {
  return fail(Errc::invalid_argument, std::string("the target has ") + what + " that is none",
              "name it as GET /pods, systemctl or systemd-cgls show it");
}

Result<void> check_pod_fields(const Target& target) {
  const auto wrong = [](const std::string& value, auto&& rule) { return !value.empty() && !rule(value); };
  if (wrong(target.pod, dns_subdomain)) return not_a("a pod name");
  if (wrong(target.ns, dns_label)) return not_a("a namespace");
  if (wrong(target.container, dns_label)) return not_a("a container name");
  if (wrong(target.uid, pod_uid)) return not_a("a uid");
  if (wrong(target.label, label)) return not_a("a label");
  return {};
}

}  // namespace

Result<void> check_target(const Target& target) {
  const bool kubernetes = !target.pod.empty() || !target.label.empty() || !target.uid.empty();
  const bool narrowed = !target.ns.empty() || !target.container.empty() || target.all;
  const bool others[] = {kubernetes, !target.cgroup.empty(), !target.unit.empty(), target.pid != 0};
  const Target::Kind kinds[] = {Target::Kind::pod, Target::Kind::cgroup, Target::Kind::unit, Target::Kind::pid};
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    // A cgroup that was found by a process of it says which.
    const bool known_process = target.kind == Target::Kind::cgroup && kinds[i] == Target::Kind::pid;
    if (others[i] == (target.kind == kinds[i]) || known_process) continue;
    return fail(Errc::invalid_argument, "the target names nothing, or several things",
                "name one pod (by name, label or uid), one cgroup, one unit or one process");
  }
  if (narrowed && !kubernetes) {
    return fail(Errc::invalid_argument, "namespace, container and all go with pods", "leave them out, or name a pod");
  }
  if (!target.cgroup.empty() && !cgroup_path(target.cgroup)) return not_a("a cgroup path");
  if (!target.unit.empty() && !unit_name(target.unit)) return not_a("a unit name");
  if (target.pid < 0 || target.pid > kPidMost) return not_a("a process id");
  return check_pod_fields(target);
}

Result<void> check_weight(std::uint32_t weight) {
  if (weight >= MUS_WEIGHT_MIN && weight <= MUS_WEIGHT_MAX) return {};
  return fail(Errc::invalid_argument, "weight " + std::to_string(weight) + " is off the scale",
              "use " + std::to_string(MUS_WEIGHT_MIN) + " to " + std::to_string(MUS_WEIGHT_MAX) +
                  "; 1024 is what a container has anyway");
}

Result<void> check_ttl(std::chrono::milliseconds ttl) {
  if (ttl > std::chrono::milliseconds{0} && ttl <= kLongestTtl) return {};
  return fail(Errc::invalid_argument, "the ttl is out of range", "use more than nothing and at most 30 days");
}

bool is_fully_named(const Target& target) {
  return target.kind == Target::Kind::pod && (!target.uid.empty() || (!target.ns.empty() && !target.pod.empty()));
}

}  // namespace mus
