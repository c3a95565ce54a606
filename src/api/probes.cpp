// SPDX-License-Identifier: Apache-2.0
#include "api/probes.hpp"

#include <chrono>
#include <string>

#include "api/answers.hpp"
#include "api/json.hpp"
#include "api/metrics.hpp"
#include "api/problem.hpp"

namespace mus {
namespace {

class Probes final : public ApiHandler {
 public:
  Probes(Service& service, const MetricsOptions& options) : service_(service), options_(options) {}

 private:
  HttpResponse route(const HttpRequest& request) override {
    const bool known = request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics";
    if (!known) {
      return respond(http_problem(404, "There is nothing at this path.",
                                  "Here are /metrics, /livez and /readyz. The rest is on the node alone, at the unix "
                                  "socket and on loopback."));
    }
    if (request.method != "GET" && request.method != "HEAD") {
      auto problem = http_problem(405, "This path has no such method.", "Use GET, HEAD.");
      problem.headers.emplace_back("Allow", "GET, HEAD");
      return respond(problem);
    }
    if (request.path == "/livez") return livez();
    return request.path == "/readyz" ? readyz(service_) : metrics(service_, options_);
  }

  Service& service_;
  const MetricsOptions options_;
};

}  // namespace

// Probes add parameters of their own liking (?verbose); they are let pass.
HttpResponse livez() {
  return plain_answer("ok\n");
}

HttpResponse readyz(Service& service) {
  const auto status = service.status();
  if (status->mode == SchedulerMode::attached) return plain_answer("ok\n");
  auto problem = to_problem(Error{Errc::unavailable, "", "GET /status tells more."});
  problem.slug = "not-ready";
  problem.title = "The scheduler is not attached";
  problem.detail = status->reason.empty() ? std::string("The scheduler's state is ") + mode_word(status->mode) + "."
                                          : status->reason;
  if (status->next_attempt_in) {
    problem.retry_after = std::chrono::ceil<std::chrono::seconds>(*status->next_attempt_in);
  } else if (status->mode != SchedulerMode::fallback) {
    problem.retry_after.reset();  // waiting alone will not change it
  }
  return respond(problem);
}

// Without a list of pods there are the series of the boosted.
HttpResponse metrics(Service& service, const MetricsOptions& options) {
  const auto pods = options.busiest > 0 ? service.pods() : ServiceResult<std::vector<PodRow>>{};
  return plain_answer(
      metrics_text(*service.status(), *service.figures(), pods.value_or(std::vector<PodRow>{}), options),
      kMetricsContentType);
}

std::unique_ptr<HttpHandler> make_probes(Service& service, const MetricsOptions& options) {
  return std::make_unique<Probes>(service, options);
}

}  // namespace mus
