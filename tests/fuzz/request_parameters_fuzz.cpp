// SPDX-License-Identifier: Apache-2.0
// Everything between the socket's bytes and a validated command: framing, the HTTP library, query, JSON body, fields.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/events.hpp"
#include "api/parameters.hpp"
#include "api/target_request.hpp"
#include "http/framing.hpp"
#include "http/query.hpp"
#include "http/request_parser.hpp"
#include "mus/abi.h"

namespace mus::fuzz {

inline void check(bool holds) {
  if (!holds) std::abort();
}

inline void try_parameters(const HttpRequest& request) {
  if (const auto all = Parameters::read(request, prioritize_parameters())) {
    if (const auto command = to_prioritize_request(*all)) {
      check(command->weight >= MUS_WEIGHT_MIN && command->weight <= MUS_WEIGHT_MAX);
      check(!command->ttl || (command->ttl->count() >= 1000 && command->ttl->count() <= 30LL * 86'400'000));
      const auto& t = command->target;
      check(!t.pod.empty() || !t.label.empty() || !t.uid.empty() || !t.cgroup.empty() || !t.unit.empty() || t.pid > 0);
      check(t.cgroup.empty() || t.cgroup.front() == '/');
    }
  }
  if (const auto all = Parameters::read(request, reset_parameters())) {
    [[maybe_unused]] const auto command = to_reset_request(*all);
  }
  if (const auto all = Parameters::read(request, explain_parameters())) {
    if (const auto command = to_explain_request(*all); command && command->weight) {
      check(*command->weight >= MUS_WEIGHT_MIN && *command->weight <= MUS_WEIGHT_MAX);
    }
  }
  if (const auto all = Parameters::read(request, events_parameters())) {
    if (const auto command = to_events_request(*all, request.header("last-event-id"))) {
      check(command->kinds.size() <= 13);  // each once
    }
  }
}

class Handler final : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    try_parameters(request);
    return {};
  }
  HttpResponse refuse(int status, std::string_view) override {
    HttpResponse response;
    response.status = status;
    return response;
  }
};

inline void request_parameters(std::string_view bytes) {
  const HttpLimits limits;
  if (const auto frame = frame_request(bytes, limits); frame.state == Frame::State::complete) {
    check(frame.size <= bytes.size() && frame.size >= 4);
    const auto request = bytes.substr(0, frame.size);
    [[maybe_unused]] const auto path = raw_path(request);
    Handler handler;
    RequestParser parser{handler};
    check(parser.answer(request, Peer{}, true).bytes.starts_with("HTTP/1.1 "));
  }

  HttpRequest request;
  request.method = "POST";
  request.path = "/prioritize";
  if (auto query = parse_query(bytes)) {
    request.query = std::move(*query);
    try_parameters(request);
    request.query.clear();
  }
  request.headers = {{"content-type", "application/json"}};
  request.body = bytes;
  try_parameters(request);
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::request_parameters({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
