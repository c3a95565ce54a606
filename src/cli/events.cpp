// SPDX-License-Identifier: Apache-2.0
#include "cli/events.hpp"

#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "cli/answer.hpp"
#include "cli/client.hpp"

namespace mus {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestLine = 256UL * 1024;
constexpr std::size_t kKindWidth = 10;

// "shop/redis-0/server", a path, or the boost's id.
std::string whom(const Json& event) {
  std::string text;
  for (const char* part : {"namespace", "pod", "container"}) {
    const auto value = text_of(event, part);
    if (!value.empty()) text.append(text.empty() ? "" : "/").append(value);
  }
  if (text.empty()) text = text_of(event, "cgroup_path");
  const auto boost = text_of(event, "boost");
  if (!boost.empty()) text = text.empty() ? boost : boost + " " + text;
  return text;
}

std::string line_of(const std::string& data) {
  const auto event = Json::parse(data, nullptr, false);
  if (!event.is_object()) return printable(data);
  auto line = text_of(event, "time", "-") + "  " + padded(text_of(event, "kind", "?"), kKindWidth);
  if (const auto subject = whom(event); !subject.empty()) line += subject + ": ";
  return printable(line + text_of(event, "message"));
}

}  // namespace

EventReader::EventReader(std::function<void(const std::string&, const std::string&)> event)
    : event_(std::move(event)) {}

bool EventReader::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > kLongestLine) return false;
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    end_line();
    line_.clear();
  }
  return true;
}

void EventReader::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.empty()) {
    if (!data_.empty()) event_(name_, data_);
    name_.clear();
    data_.clear();
    return;
  }
  const auto colon = line_.find(':');
  const auto field = line_.substr(0, colon);  // empty: a comment, such as a heartbeat
  auto value = colon == std::string::npos ? std::string() : line_.substr(colon + 1);
  if (value.starts_with(' ')) value.erase(0, 1);
  if (field == "event") {
    name_ = std::move(value);
  } else if (field == "id") {
    id_ = std::move(value);
  } else if (field == "data" && data_.size() + value.size() <= kLongestLine) {
    data_.append(data_.empty() ? "" : "\n").append(value);
  }
}

int run_events(const Command& command, HttpStreamClient& client, std::ostream& out, std::ostream& err) {
  EventReader reader([&](const std::string&, const std::string& data) {
    out << (command.json ? data : line_of(data)) << '\n' << std::flush;  // somebody waits for it
  });
  const auto reply =
      client.follow(request_path(command), [&](std::string_view bytes) { return reader.take(bytes) && out.good(); });
  if (!reply && reader.last_id().empty()) return print_unreachable(command, reply.error(), err);
  if (reply && reply->status != 200) return print_problem(*reply, err);
  if (!out.good()) return 0;  // whoever read our output has had enough
  err << "mus-scheduler: " << (reply ? "the daemon ended the stream" : reply.error().message) << '\n';
  if (!reader.last_id().empty()) {
    err << "What follows: mus-scheduler events --since " << printable(reader.last_id()) << '\n';
  }
  return 1;
}

}  // namespace mus
