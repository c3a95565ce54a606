// SPDX-License-Identifier: Apache-2.0
// Which kind of terminal this is, and what that understands.
#pragma once

#include <functional>
#include <string_view>

namespace mus::top {

/// Offers kinds to `take`, by name, until it takes one: that of TERM, then xterm, which nearly all are like, then xterm
/// as it is described here, for where there is no database. False: it takes none.
bool with_terminfo(const std::function<bool(const char* type)>& take);

/// The description of xterm-256color, compiled, as the variable TERMINFO may have it (term(7)): "b64:...". Made from
/// the build machine's database.
extern const std::string_view kXterm;

}  // namespace mus::top
