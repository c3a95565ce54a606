// SPDX-License-Identifier: Apache-2.0
#include "api/events.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <utility>

#include "api/event_json.hpp"
#include "api/fields.hpp"

namespace mus {
namespace {

/// Taken from the log at once: few, because what a slow client does not take is kept for it.
constexpr std::size_t kAtOnce = 4;

Result<std::uint64_t> to_event_id(const char* name, std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc{} && end == text.data() + text.size()) return id;
  return fail(Errc::invalid_argument, std::string(name) + " " + shown(text) + " is no event's number.",
              "Write the id of the last event that you have seen, or 0 for all that are kept.");
}

Result<std::vector<EventKind>> to_kinds(std::string_view text) {
  std::vector<EventKind> kinds;
  for (;;) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    const auto kind = event_kind(word);
    if (!kind) {
      return fail(Errc::invalid_argument, "kind=" + shown(word) + " is no kind of event.",
                  "Write one or several of these with commas between them: " + event_words() + ".");
    }
    if (std::ranges::find(kinds, *kind) == kinds.end()) kinds.push_back(*kind);
    if (comma == std::string_view::npos) return kinds;
    text.remove_prefix(comma + 1);
  }
}

/// One reader's place in the log. What it has not taken is not kept for it: the log is, for as long as it lasts.
class EventStream final : public HttpStream {
 public:
  EventStream(EventLog& log, EventsRequest request, std::shared_ptr<void> seat)
      : log_(log),
        kinds_(std::move(request.kinds)),
        seat_(std::move(seat)),
        position_(request.since.value_or(log.last())),
        told_(request.since ? position_ : 0) {}

  void start(std::function<void()> wake) override { listening_ = log_.listen(std::move(wake)); }

  std::optional<std::string> next(std::size_t room) override {
    try {
      return more(room);
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

  std::string heartbeat() override {
    // Events that were not asked for count as seen: whoever resumes has not missed them.
    return told_ == position_ ? ":\n\n" : ":\n" + position();
  }

 private:
  std::optional<std::string> more(std::size_t room) {
    std::string out;
    // A new reader is told from where to resume before anything has happened.
    if (!began_ && told_ != position_) out = position();
    while (out.size() < room) {
      const auto batch = log_.since(position_, kAtOnce);
      if (batch.lost) {
        if (began_) return std::nullopt;  // too slow: the log has overtaken it. It can resume, and is told of the gap
        const auto next = batch.events.empty() ? batch.last + 1 : batch.events.front().id;
        out += gap_block(position_, next);
        told_ = next - 1;
      }
      began_ = true;
      for (const auto& event : batch.events) {
        if (!kinds_.empty() && std::ranges::find(kinds_, event.kind) == kinds_.end()) continue;
        out += event_block(event);
        told_ = event.id;
      }
      position_ = batch.last;
      if (batch.events.empty()) break;
    }
    return out;
  }

  std::string position() {
    told_ = position_;
    return position_block(position_);
  }

  EventLog& log_;
  const std::vector<EventKind> kinds_;
  const std::shared_ptr<void> seat_;
  std::uint64_t position_;  ///< up to here the log has been read
  std::uint64_t told_;      ///< the number that the reader would resume from
  bool began_ = false;
  std::shared_ptr<void> listening_;  // last: no wake-up for a stream that is half gone
};

}  // namespace

const std::vector<std::string_view>& events_parameters() {
  static const std::vector<std::string_view> names{"since", "kind"};
  return names;
}

Result<EventsRequest> to_events_request(const Parameters& parameters, std::string_view last_event_id) {
  EventsRequest request;
  auto since = parameters.number("since");
  if (!since) return tl::unexpected(std::move(since.error()));
  if (*since) {
    const auto id = to_event_id("since", **since);
    if (!id) return tl::unexpected(id.error());
    request.since = *id;
  }
  if (!last_event_id.empty()) {
    const auto id = to_event_id("Last-Event-ID", last_event_id);
    if (!id) return tl::unexpected(id.error());
    request.since = *id;
  }
  auto kind = parameters.text("kind");
  if (!kind) return tl::unexpected(std::move(kind.error()));
  if (*kind) {
    auto kinds = to_kinds(**kind);
    if (!kinds) return tl::unexpected(std::move(kinds.error()));
    request.kinds = std::move(*kinds);
  }
  return request;
}

EventStreams::EventStreams(EventLog& log, std::size_t most) : log_(log), most_(most) {}

HttpResponse EventStreams::open(const EventsRequest& request) {
  std::shared_ptr<void> seat(nullptr, [open = open_](void*) { --*open; });
  if (++*open_ > most_) {
    return respond(http_problem(503, "All " + std::to_string(most_) + " streams of events are in use.",
                                "End one of them, or try again later."));
  }
  HttpResponse response{200, "text/event-stream", {}, {}};
  response.stream = std::make_shared<EventStream>(log_, request, std::move(seat));
  return response;
}

}  // namespace mus
