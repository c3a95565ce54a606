// SPDX-License-Identifier: Apache-2.0
// GET /events: who follows the log of events, from where on, and how many may.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/parameters.hpp"
#include "mus/events.hpp"
#include "mus/http.hpp"
#include "mus/result.hpp"

namespace mus {

struct EventsRequest {
  std::optional<std::uint64_t> since;  ///< none: only what is new
  std::vector<EventKind> kinds;        ///< empty: all
};

[[nodiscard]] const std::vector<std::string_view>& events_parameters();
/// `last_event_id` is the header's value, empty without one. It wins over the parameter `since`: a browser that
/// connects again sends both, and the header is newer.
[[nodiscard]] Result<EventsRequest> to_events_request(const Parameters& parameters, std::string_view last_event_id);

/// Thread-safe.
class EventStreams {
 public:
  /// `log` must outlive the streams.
  EventStreams(EventLog& log, std::size_t most);

  /// The stream, or a 503 when there are `most`.
  [[nodiscard]] HttpResponse open(const EventsRequest& request);

 private:
  EventLog& log_;
  const std::size_t most_;
  std::shared_ptr<std::atomic<std::size_t>> open_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace mus
