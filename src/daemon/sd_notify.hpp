// SPDX-License-Identifier: Apache-2.0
// sd_notify(3) without libsystemd: one datagram to the socket that $NOTIFY_SOCKET names.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mus {

class Notifier {
 public:
  /// From $NOTIFY_SOCKET and $WATCHDOG_USEC / $WATCHDOG_PID.
  static Notifier from_environment();

  /// `socket` empty: nobody listens, every send() does nothing. A leading '@' is an abstract address.
  explicit Notifier(std::string socket, std::optional<std::chrono::microseconds> watchdog = {})
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  /// Newline-separated assignments, "READY=1\nSTATUS=...". False when there is nobody or it could not be sent, which
  /// nobody can do anything about.
  bool send(std::string_view assignments) const;
  bool ready(std::string_view status) const { return send(std::string("READY=1\nSTATUS=").append(status)); }
  bool status(std::string_view status) const { return send(std::string("STATUS=").append(status)); }
  bool watchdog() const { return send("WATCHDOG=1"); }
  bool stopping() const { return send("STOPPING=1\nSTATUS=handing the node back"); }

  /// How often systemd wants to hear WATCHDOG=1 at the latest; empty: not at all.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace mus
