// SPDX-License-Identifier: Apache-2.0
// Whatever is in the state file: an error in plain words, or boosts that the API could have taken, which are written
// and read again as they are and survive any clock.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/saved_state.hpp"
#include "core/target_rules.hpp"
#include "daemon/state_format.hpp"

namespace mus::fuzz {

inline void state_file(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const auto saved = read_state(input);
  if (!saved) {
    const auto& error = saved.error();
    require((error.code == Errc::protocol || error.code == Errc::unsupported) && !error.message.empty());
    for (const char c : error.message) require(c >= ' ' && c <= '~');
    return;
  }
  require(check_saved(*saved).has_value());
  for (const auto& boost : saved->boosts) {
    require(check_target(boost.target).has_value() && check_weight(boost.weight).has_value());
  }
  const auto text = write_state(*saved);
  const auto again = read_state(text);
  require(again.has_value() && *again == *saved);
  const TimePoint now{std::chrono::hours{1}};
  for (const auto wall :
       {std::chrono::milliseconds{0}, std::chrono::milliseconds{std::chrono::hours{24L * 365 * 100}}}) {
    const auto restored = restore(*saved, {wall, std::chrono::seconds{100}, "another"}, now);
    require(restored.desired.size() + restored.ended.size() == saved->boosts.size());
    for (const auto& boost : restored.desired.boosts()) {
      require(!boost.ttl || (*boost.expires > now && *boost.expires <= now + *boost.ttl));
    }
  }
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::state_file({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
