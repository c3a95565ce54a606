// SPDX-License-Identifier: Apache-2.0
// Fuzz target: everything between the socket's bytes and a validated command - framing, query, JSON body, fields.
// With clang: -fsanitize=fuzzer,address. Without, tests/unit/api/fuzz_seeds_test.cpp runs the seeds through it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/parameters.hpp"
#include "api/target_request.hpp"
#include "http/framing.hpp"
#include "http/query.hpp"
#include "mus/abi.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void try_parameters(const mus::HttpRequest& request) {
  if (const auto all = mus::Parameters::read(request, mus::prioritize_parameters())) {
    if (const auto command = mus::to_prioritize_request(*all)) {
      check(command->weight >= MUS_WEIGHT_MIN && command->weight <= MUS_WEIGHT_MAX);
      check(!command->ttl || (command->ttl->count() >= 1000 && command->ttl->count() <= 30LL * 86'400'000));
      const auto& t = command->target;
      check(!t.pod.empty() || !t.label.empty() || !t.uid.empty() || !t.cgroup.empty() || !t.unit.empty() || t.pid > 0);
      check(t.cgroup.empty() || t.cgroup.front() == '/');
    }
  }
  if (const auto all = mus::Parameters::read(request, mus::reset_parameters())) {
    [[maybe_unused]] const auto command = mus::to_reset_request(*all);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const mus::HttpLimits limits;
  if (const auto frame = mus::frame_request(bytes, limits); frame.state == mus::Frame::State::complete) {
    check(frame.size <= size && frame.size >= 4);
    [[maybe_unused]] const auto path = mus::raw_path(bytes.substr(0, frame.size));
  }

  mus::HttpRequest request;
  request.method = "POST";
  request.path = "/prioritize";
  if (auto query = mus::parse_query(bytes)) {
    request.query = std::move(*query);
    try_parameters(request);
    request.query.clear();
  }
  request.headers = {{"content-type", "application/json"}};
  request.body = bytes;
  try_parameters(request);
  return 0;
}
