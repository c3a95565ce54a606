// SPDX-License-Identifier: Apache-2.0
#include "cli/top/model.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "cli/answer.hpp"
#include "cli/explain_text.hpp"
#include "cli/text.hpp"

namespace mus::top {
namespace {

using Json = nlohmann::json;

constexpr const char* kHelp =
    "Up, Down, PgUp, PgDn, Home, End   choose a container (j and k, too)\n"
    "b   boost it: weight and time, and what that costs the others, before it is done\n"
    "r   take a boost of it back\n"
    "e   explain why it gets the CPU time that it gets (Enter, too)\n"
    "/   only containers in whose name a text occurs; Esc shows all again\n"
    "< > sort by another column (, and . too)   i   the other way round\n"
    "q   quit\n"
    "\n"
    "CPU       what it uses, in CPUs, over the last seconds\n"
    "SHARE     what its share gives it of what its runnable threads can use, in CPUs\n"
    "WEIGHT    1024: what it has anyway; larger ones (*) are boosts, smaller ones push down\n"
    "p50 p99   how long its threads waited for a CPU of late, of 100 waits the 50th and the 99th by length\n"
    "LIMIT     its cpu.max, in CPUs\n"
    "THROT     in how many of its periods it had to wait for the next\n"
    "LEFT      until the boost ends by itself\n"
    "-         none, or not known\n";

bool is_done(const Result<HttpReply>& reply) {
  return reply && reply->status >= 200 && reply->status < 300;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

void Model::resize(Size size) {
  size_ = {std::max(size.columns, 1), std::max(size.rows, 1)};
  fit();
}

void Model::fit() {
  list_.fit(static_cast<std::size_t>(std::max(list_rows(), 1)));
}

Request Model::ask(Command command) {
  return {std::move(command), ++asked_};
}

void Model::close() {
  panel_ = std::monostate{};
  awaited_ = 0;
  fit();
}

std::optional<Request> Model::press(const Key& key) {
  std::optional<Request> request;
  const bool reads = std::holds_alternative<TextPanel>(panel_);
  const bool leaves =
      key.kind == Key::Kind::escape || (reads && key.kind == Key::Kind::character && key.character == 'q');
  if (filtering_) {
    press_filter(key);
  } else if (std::holds_alternative<std::monostate>(panel_)) {
    request = press_list(key);
  } else if (leaves) {
    close();
  } else if (std::holds_alternative<BoostPanel>(panel_)) {
    request = press_boost(key);
  } else if (std::holds_alternative<ResetPanel>(panel_)) {
    request = press_reset(key);
  } else {
    std::get<TextPanel>(panel_).press(key, size_);
  }
  fit();
  return request;
}

std::optional<Request> Model::press_list(const Key& key) {
  const auto page = std::max(list_rows() - 1, 1);
  message_.clear();
  switch (key.kind) {
    case Key::Kind::up:
      list_.move(-1);
      break;
    case Key::Kind::down:
      list_.move(1);
      break;
    case Key::Kind::page_up:
      list_.move(-page);
      break;
    case Key::Kind::page_down:
      list_.move(page);
      break;
    case Key::Kind::home:
      list_.to_first();
      break;
    case Key::Kind::end:
      list_.to_last();
      break;
    case Key::Kind::escape:
      list_.filter({});
      break;
    case Key::Kind::enter:
      return open_explain();
    case Key::Kind::character:
      return press_letter(key.character);
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Request> Model::press_letter(char letter) {
  switch (letter) {
    case 'q':
      done_ = true;
      break;
    case 'j':
      list_.move(1);
      break;
    case 'k':
      list_.move(-1);
      break;
    case '<':
    case ',':
      list_.sort_by_next(-1);
      break;
    case '>':
    case '.':
      list_.sort_by_next(1);
      break;
    case 'i':
      list_.invert();
      break;
    case '/':
      filtering_ = true;
      break;
    case 'b':
      return open_boost();
    case 'r':
      open_reset();
      break;
    case 'e':
      return open_explain();
    case '?':
    case 'h':
      panel_ = TextPanel("mus-scheduler top", kHelp);
      break;
    default:
      break;
  }
  return std::nullopt;
}

void Model::press_filter(const Key& key) {
  auto text = list_.filter_text();
  if (key.kind == Key::Kind::enter || key.kind == Key::Kind::escape) {
    filtering_ = false;
    if (key.kind == Key::Kind::enter) return;
    text.clear();
  } else if (key.kind == Key::Kind::backspace) {
    if (!text.empty()) text.pop_back();
  } else if (key.kind == Key::Kind::character && text.size() < 64) {
    text += key.character;
  } else if (key.kind == Key::Kind::up) {
    list_.move(-1);
  } else if (key.kind == Key::Kind::down) {
    list_.move(1);
  }
  list_.filter(text);
}

std::optional<Request> Model::open_boost() {
  const auto* container = list_.chosen();
  if (container == nullptr) return std::nullopt;
  BoostPanel panel(*container);
  auto request = ask(panel.preview());
  awaited_ = request.number;
  panel_ = std::move(panel);
  return request;
}

std::optional<Request> Model::press_boost(const Key& key) {
  auto& panel = std::get<BoostPanel>(panel_);
  if (key.kind == Key::Kind::enter) {
    if (!panel.knows_cost()) return std::nullopt;
    return ask(panel.boost());
  }
  if (!panel.press(key)) return std::nullopt;
  auto request = ask(panel.preview());
  awaited_ = request.number;
  return request;
}

void Model::open_reset() {
  const auto* container = list_.chosen();
  if (container == nullptr) return;
  std::vector<BoostRow> theirs;
  std::ranges::copy_if(node_.boosts, std::back_inserter(theirs),
                       [&](const BoostRow& boost) { return covers(boost, *container); });
  const auto ruled = std::ranges::find_if(theirs, [](const BoostRow& boost) { return !boost.rule.empty(); });
  const auto why_not = ruled != theirs.end() ? "rule " + ruled->rule + " sets the boost of "
                       : theirs.empty()      ? std::string("no boost stands for ")
                                             : std::string("only its pod's annotation takes back the boost of ");
  std::erase_if(theirs, [](const BoostRow& boost) { return boost.declared || !boost.rule.empty(); });
  if (theirs.empty()) {
    message_ = why_not + container->name;
    message_bad_ = false;
    return;
  }
  panel_ = ResetPanel(container->name, std::move(theirs), node_.boosts);
}

std::optional<Request> Model::press_reset(const Key& key) {
  auto& panel = std::get<ResetPanel>(panel_);
  if (key.kind == Key::Kind::enter) return ask(panel.reset());
  panel.press(key);
  return std::nullopt;
}

std::optional<Request> Model::open_explain() {
  const auto* container = list_.chosen();
  if (container == nullptr) return std::nullopt;
  Command command;
  command.kind = Command::Kind::explain;
  command.target.pod = container->pod;
  command.target.ns = container->ns;
  command.target.container = container->container;
  panel_ = TextPanel("Explain " + container->name, "asking ...");
  auto request = ask(std::move(command));
  awaited_ = request.number;
  return request;
}

void Model::polled(const Poll& poll, TimePoint now) {
  if (!is_done(poll.status)) {
    trouble_ = refusal_words(poll.status);
    return;
  }
  trouble_.clear();
  told_ = now;
  const bool listed = is_done(poll.pods);
  pods_trouble_ = listed ? std::string() : refusal_words(poll.pods);
  auto node = read_node(Json::parse(poll.status->body, nullptr, false),
                        listed ? Json::parse(poll.pods->body, nullptr, false) : Json());
  if (listed) {
    rates_.add(node.containers, now);
    list_.set(std::move(node.containers));
  }
  node.containers.clear();
  node_ = std::move(node);
  fit();
}

void Model::answered(const Request& request, const Result<HttpReply>& reply) {
  const bool done = is_done(reply);
  if (request.command.kind == Command::Kind::explain) {
    if (request.number != awaited_) return;
    if (auto* panel = std::get_if<BoostPanel>(&panel_)) {
      panel->previewed(reply);
    } else if (std::holds_alternative<TextPanel>(panel_)) {
      std::ostringstream out;
      if (done) print_explanation(Json::parse(reply->body, nullptr, false), out);
      const auto* container = list_.chosen();
      panel_ = TextPanel(container == nullptr ? "Explain" : "Explain " + container->name,
                         done ? out.str() : refusal_words(reply));
    }
    return;
  }
  std::ostringstream out;
  if (done && request.command.kind == Command::Kind::prioritize)
    print_boosted(Json::parse(reply->body, nullptr, false), out);
  if (done && request.command.kind == Command::Kind::reset)
    print_removed(Json::parse(reply->body, nullptr, false), out);
  message_ = done ? first_line(out.str()) : refusal_words(reply);
  message_bad_ = !done;
  auto* boost = std::get_if<BoostPanel>(&panel_);
  if (!done && boost != nullptr) {
    boost->refused(message_);
  } else {
    close();
  }
}

}  // namespace mus::top
