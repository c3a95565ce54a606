// SPDX-License-Identifier: Apache-2.0
// `mus-scheduler top`: the node's containers, live; boosts by a key.
#pragma once

#include <iosfwd>

#include "mus/http.hpp"

namespace mus {

/// Until the user quits or a signal asks for it: 0. 1: there is no terminal, or the view died.
int run_top(HttpClient& client, std::ostream& err);

}  // namespace mus
