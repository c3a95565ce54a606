// SPDX-License-Identifier: Apache-2.0
// What a test does with a daemon.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/daemon_process.hpp"

namespace mus::test {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline void start_and_wait(DaemonProcess& daemon, const std::vector<std::string>& extra = {}) {
  daemon.start(extra);
  const auto ready = daemon.notification();
  INFO(daemon.log());
  REQUIRE(ready);
  REQUIRE(ready->starts_with("READY=1\nSTATUS="));
}

/// Notifications until one begins like this; empty: it never came.
inline std::string await(DaemonProcess& daemon, const std::string& beginning) {
  for (int i = 0; i < 50; ++i) {
    const auto message = daemon.notification();
    if (!message) return {};
    if (message->starts_with(beginning)) return *message;
  }
  return {};
}

inline nlohmann::json status(const DaemonProcess& daemon) {
  const auto answer = daemon.client({"status", "--json"});
  REQUIRE(answer.code == 0);
  return nlohmann::json::parse(answer.out);
}

}  // namespace mus::test
