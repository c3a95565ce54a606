// SPDX-License-Identifier: Apache-2.0
// How the daemon is, for whoever watches over it: no pod, container or path is named here.
#pragma once

#include <memory>

#include "mus/http.hpp"
#include "mus/service.hpp"

namespace mus {

[[nodiscard]] HttpResponse livez();
[[nodiscard]] HttpResponse readyz(Service& service);
[[nodiscard]] HttpResponse metrics(Service& service);

/// These three and nothing else, for anybody who can connect: GET /livez, /readyz and /metrics. `service` must outlive
/// it.
[[nodiscard]] std::unique_ptr<HttpHandler> make_probes(Service& service);

}  // namespace mus
