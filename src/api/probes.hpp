// SPDX-License-Identifier: Apache-2.0
// How the daemon is, for whoever watches over it: no pod or container is named here unless MetricsOptions says so, and
// no path.
#pragma once

#include <memory>

#include "api/metrics.hpp"
#include "mus/http.hpp"
#include "mus/service.hpp"

namespace mus {

[[nodiscard]] HttpResponse livez();
[[nodiscard]] HttpResponse readyz(Service& service);
[[nodiscard]] HttpResponse metrics(Service& service, const MetricsOptions& options);

/// These three and nothing else, for anybody who can connect: GET /livez, /readyz and /metrics. `service` must outlive
/// it.
[[nodiscard]] std::unique_ptr<HttpHandler> make_probes(Service& service, const MetricsOptions& options = {});

}  // namespace mus
