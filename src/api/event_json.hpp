// SPDX-License-Identifier: Apache-2.0
// Events as text of a server-sent stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mus/events.hpp"

namespace mus {

[[nodiscard]] std::string_view event_word(EventKind kind);
[[nodiscard]] std::optional<EventKind> event_kind(std::string_view word);
/// All of them: "set, applied, ...".
[[nodiscard]] std::string event_words();

/// Number, name and data, with the empty line that ends them.
[[nodiscard]] std::string event_block(const Event& event);
/// Says that those after `after` and before `next` are missing; whoever resumes from it begins with `next`.
[[nodiscard]] std::string gap_block(std::uint64_t after, std::uint64_t next);
/// Only the number to resume from.
[[nodiscard]] std::string position_block(std::uint64_t id);

}  // namespace mus
