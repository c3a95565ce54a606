// SPDX-License-Identifier: Apache-2.0
// `top` without a terminal and without a daemon: keys and answers go in, requests and a page come out. A plain value
// for one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command.hpp"
#include "cli/top/list.hpp"
#include "cli/top/node.hpp"
#include "cli/top/page.hpp"
#include "cli/top/panels.hpp"
#include "mus/http.hpp"
#include "mus/types.hpp"

namespace mus::top {

/// What to ask the daemon for.
struct Request {
  Command command;
  std::uint64_t number = 0;  ///< counts up; an answer to an old question is told by it
};

/// The answers to GET /status and GET /pods, which are asked for each second.
struct Poll {
  Result<HttpReply> status;
  Result<HttpReply> pods;
};

class Model {
 public:
  void resize(Size size);
  std::optional<Request> press(const Key& key);
  void polled(const Poll& poll, TimePoint now);
  void answered(const Request& request, const Result<HttpReply>& reply);

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] Page draw(TimePoint now) const;

 private:
  std::optional<Request> press_list(const Key& key);
  std::optional<Request> press_letter(char letter);
  std::optional<Request> press_boost(const Key& key);
  std::optional<Request> press_reset(const Key& key);
  void press_filter(const Key& key);
  std::optional<Request> open_boost();
  std::optional<Request> open_explain();
  void open_reset();
  Request ask(Command command);
  void close();
  void fit();

  [[nodiscard]] Line head() const;
  [[nodiscard]] Line second_line(TimePoint now) const;
  [[nodiscard]] Page panel() const;
  [[nodiscard]] int list_rows() const;

  Size size_;
  List list_;
  Node node_;
  Rates rates_;
  std::optional<TimePoint> told_;  ///< when the daemon last answered
  std::string trouble_;            ///< why it does not
  std::string pods_trouble_;       ///< why there is no list of containers
  std::string message_;            ///< what came of the last boost or reset
  bool message_bad_ = false;
  std::variant<std::monostate, BoostPanel, ResetPanel, TextPanel> panel_;
  bool filtering_ = false;
  std::uint64_t asked_ = 0;
  std::uint64_t awaited_ = 0;  ///< the request whose answer is for the panel that is open; 0: none
  bool done_ = false;
};

}  // namespace mus::top
