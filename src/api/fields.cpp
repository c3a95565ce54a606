// SPDX-License-Identifier: Apache-2.0
#include "api/fields.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "api/characters.hpp"
#include "mus/abi.h"
#include "mus/duration.hpp"

namespace mus {
namespace {

constexpr std::size_t kShown = 64;
constexpr std::size_t kLabelLength = 63;       // DNS-1123 label, label names and values
constexpr std::size_t kSubdomainLength = 253;  // DNS-1123 subdomain
constexpr std::size_t kUnitLength = 255;       // UNIT_NAME_MAX of systemd
constexpr std::size_t kPathLength = 4095;
constexpr std::int64_t kPidMost = 4'194'304;  // PID_MAX_LIMIT of the kernel
constexpr std::chrono::milliseconds kTtlLeast{1000};
constexpr std::chrono::milliseconds kTtlMost = std::chrono::hours{24 * 30};
constexpr std::chrono::milliseconds kWaitMost = std::chrono::seconds{30};

bool is_dns_label(std::string_view s) {
  const auto inner = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return !s.empty() && s.size() <= kLabelLength && s.front() != '-' && s.back() != '-' && std::ranges::all_of(s, inner);
}

bool is_dns_subdomain(std::string_view s) {
  if (s.empty() || s.size() > kSubdomainLength) return false;
  const auto inner = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  for (;;) {
    const auto dot = s.find('.');
    const auto part = s.substr(0, dot);
    if (part.empty() || part.front() == '-' || part.back() == '-' || !std::ranges::all_of(part, inner)) {
      return false;
    }
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}

/// The name part of a label's key, and its value when not empty.
bool is_label_word(std::string_view s) {
  const auto inner = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  return !s.empty() && s.size() <= kLabelLength && is_alnum(s.front()) && is_alnum(s.back()) &&
         std::ranges::all_of(s, inner);
}

tl::unexpected<Error> wrong(std::string_view name, std::string_view value, std::string_view what, std::string advice) {
  std::string message(name);
  message.append("=").append(shown(value)).append(" ").append(what);
  return fail(Errc::invalid_argument, std::move(message), std::move(advice));
}

std::optional<std::int64_t> to_integer(std::string_view value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc::result_out_of_range) return value.starts_with('-') ? INT64_MIN : INT64_MAX;
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string shown(std::string_view value) {
  std::string out = "\"";
  out.append(value.substr(0, kShown));
  if (value.size() > kShown) out.append("...");
  return out.append("\"");
}

Result<void> check_pod_name(std::string_view value) {
  if (is_dns_subdomain(value)) return {};
  return wrong("pod", value, "is no name that a pod can have.",
               "Write lower-case letters, digits, - and ., at most 253 characters, e.g. pod=redis.");
}

Result<void> check_namespace(std::string_view value) {
  if (is_dns_label(value)) return {};
  return wrong("namespace", value, "is no name that a namespace can have.",
               "Write lower-case letters, digits and -, at most 63 characters, e.g. namespace=default.");
}

Result<void> check_container_name(std::string_view value) {
  if (is_dns_label(value)) return {};
  return wrong("container", value, "is no name that a container can have.",
               "Write lower-case letters, digits and -, at most 63 characters, e.g. container=redis.");
}

Result<void> check_uid(std::string_view value) {
  const auto inner = [](char c) { return is_alnum(c) || c == '-'; };
  if (!value.empty() && value.size() <= kLabelLength && std::ranges::all_of(value, inner)) return {};
  return wrong("uid", value, "is no pod's uid.",
               "Write metadata.uid of the pod, as in 0f0f8b2e-98a5-4a3b-9f57-52f1f23a9d50.");
}

Result<void> check_label(std::string_view value) {
  const auto equals = value.find('=');
  const auto key = value.substr(0, equals);
  const auto slash = key.find('/');
  const bool good_prefix = slash == std::string_view::npos || is_dns_subdomain(key.substr(0, slash));
  const auto name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  const auto text = equals == std::string_view::npos ? std::string_view{} : value.substr(equals + 1);
  if (equals != std::string_view::npos && good_prefix && is_label_word(name) && (text.empty() || is_label_word(text))) {
    return {};
  }
  return wrong("label", value, "is no label.",
               "Write key=value as Kubernetes has it, e.g. label=app%3Dredis in a query.");
}

Result<void> check_cgroup_path(std::string_view value) {
  const bool printable = std::ranges::all_of(value, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && u != 0x7f;
  });
  const auto padded = std::string(value) + "/";
  if (printable && value.starts_with('/') && value.size() <= kPathLength && padded.find("/../") == std::string::npos &&
      padded.find("/./") == std::string::npos) {
    return {};
  }
  return wrong("cgroup", value, "is no path below the cgroup root.",
               "Write it from that root on, without . and .. parts, e.g. cgroup=/system.slice/redis.service.");
}

Result<void> check_unit_name(std::string_view value) {
  const auto inner = [](char c) {
    return is_alnum(c) || c == ':' || c == '_' || c == '.' || c == '\\' || c == '@' || c == '-';
  };
  if (!value.empty() && value.size() <= kUnitLength && value.front() != '.' && std::ranges::all_of(value, inner)) {
    return {};
  }
  return wrong("unit", value, "is no name of a systemd unit.",
               "Write it as systemctl shows it, e.g. unit=redis-server.service.");
}

Result<std::int64_t> to_pid(std::string_view value) {
  const auto number = to_integer(value);
  if (number && *number >= 1 && *number <= kPidMost) return *number;
  return wrong("pid", value, "is no process id.", "Write a whole number from 1 to 4194304.");
}

Result<std::uint32_t> to_weight(std::string_view value) {
  const auto number = to_integer(value);
  constexpr auto kAdvice = "Write a whole number from 16 to 102400: 1024 changes nothing, 4096 is the usual boost.";
  if (!number) return wrong("weight", value, "is not a whole number.", kAdvice);
  if (*number < MUS_WEIGHT_MIN || *number > MUS_WEIGHT_MAX) return wrong("weight", value, "is out of range.", kAdvice);
  return static_cast<std::uint32_t>(*number);
}

Result<std::chrono::milliseconds> to_ttl(std::string_view value) {
  const auto ttl = parse_duration(value);
  if (!ttl) {
    return wrong("ttl", value, "is not a duration.", "Write seconds, or numbers with units: 90s, 15m, 1h30m, 7d.");
  }
  if (*ttl < kTtlLeast || *ttl > kTtlMost) {
    return wrong("ttl", value, "is out of range.",
                 "Write at least 1s and at most 30d, or leave it out for a boost without end.");
  }
  return *ttl;
}

Result<std::chrono::milliseconds> to_wait(std::string_view value) {
  const auto wait = parse_duration(value);
  if (!wait) return wrong("wait", value, "is not a duration.", "Write seconds, or numbers with units: 500ms, 10s.");
  if (*wait > kWaitMost) return wrong("wait", value, "is out of range.", "Write at most 30s, and ask again then.");
  return *wait;
}

}  // namespace mus
