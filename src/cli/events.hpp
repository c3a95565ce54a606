// SPDX-License-Identifier: Apache-2.0
// `mus-scheduler events`: what happens, line by line, until interrupted.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "mus/http.hpp"

namespace CLI {
class App;
}

namespace mus {

/// Takes a server-sent stream apart, in whatever pieces it comes.
class EventReader {
 public:
  /// `event` gets each event's name and data.
  explicit EventReader(std::function<void(const std::string& name, const std::string& data)> event);

  /// False when it is no such stream: a line longer than any of the daemon's.
  bool take(std::string_view bytes);
  /// The number to resume from; empty when none was told.
  [[nodiscard]] const std::string& last_id() const { return id_; }

 private:
  void end_line();

  std::function<void(const std::string&, const std::string&)> event_;
  std::string line_, name_, data_, id_;
};

/// 1 when the daemon refused, could not be reached, or ended the stream.
int run_events(const Command& command, HttpStreamClient& client, std::ostream& out, std::ostream& err);

void add_events_options(CLI::App& events, Command& command);

}  // namespace mus
