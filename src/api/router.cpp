// SPDX-License-Identifier: Apache-2.0
#include "api/router.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "api/access.hpp"
#include "api/events.hpp"
#include "api/explain_json.hpp"
#include "api/json.hpp"
#include "api/metrics.hpp"
#include "api/openapi.hpp"
#include "api/parameters.hpp"
#include "api/problem.hpp"
#include "api/target_request.hpp"

namespace mus {
namespace {

HttpResponse plain(std::string body, const char* type = "text/plain; charset=utf-8") {
  return {200, type, std::move(body), {}};
}
HttpResponse json(std::string body) {
  return {200, "application/json", std::move(body), {}};
}

class Api final : public HttpHandler {
 public:
  Api(Service& service, ApiOptions options)
      : service_(service), rules_{std::move(options.token), std::move(options.token_path), options.open_reads_on_tcp} {
    if (options.events != nullptr) events_.emplace(*options.events, options.event_streams);
  }

  HttpResponse handle(const HttpRequest& request) override {
    try {
      return finish(route(request));
    } catch (const std::exception&) {
      // Its text could tell a stranger about our insides; the daemon's log is the place for such things.
      return refuse(500, "The request failed inside the daemon; its log may say why.");
    }
  }

  HttpResponse refuse(int status, std::string_view detail) override {
    return finish(respond(http_problem(status, std::string(detail))));
  }

 private:
  struct Route {
    std::string_view method;
    std::string_view path;
    Exposure exposure;
    HttpResponse (Api::*call)(const HttpRequest&);
  };
  static const std::array<Route, 14> kRoutes;

  static HttpResponse finish(HttpResponse response) {
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
  }

  HttpResponse route(const HttpRequest& request) {
    // HEAD is GET whose body the server does not send.
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Route* found = nullptr;
    std::string allowed;
    // What does not exist is told only to those who could see what does.
    auto exposure = Exposure::read;
    for (const auto& r : kRoutes) {
      if (r.path != request.path) continue;
      allowed.append(allowed.empty() ? "" : ", ").append(r.method == "GET" ? "GET, HEAD" : r.method);
      exposure = r.exposure;
      if (r.method == method) found = &r;
    }
    if (found != nullptr) exposure = found->exposure;
    if (auto refused = refuse_access(request, exposure, rules_)) return respond(*refused);
    if (found != nullptr) return (this->*found->call)(request);
    if (!allowed.empty()) {
      auto problem = http_problem(405, "This path has no such method.", "Use " + allowed + ".");
      problem.headers.emplace_back("Allow", allowed);
      return respond(problem);
    }
    std::string paths;
    for (const auto& r : kRoutes) {
      if (paths.find(r.path) == std::string::npos) paths.append(paths.empty() ? "" : " ").append(r.path);
    }
    return respond(http_problem(404, "There is nothing at this path.", "These exist: " + paths + "."));
  }

  /// For calls without parameters: empty, or what to answer.
  static std::optional<HttpResponse> no_parameters(const HttpRequest& request) {
    if (auto read = Parameters::read(request, {}); !read) return respond(read.error());
    return std::nullopt;
  }

  HttpResponse prioritize(const HttpRequest& request) {
    auto parameters = Parameters::read(request, prioritize_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_prioritize_request(*parameters);
    if (!command) return respond(to_problem(command.error()));
    const auto reply = service_.prioritize(*command);
    if (!reply) return respond(to_problem(reply.error()));
    auto response = json(prioritize_json(*reply));
    if (reply->boost.state != Boost::State::applied) response.status = 202;
    return response;
  }

  HttpResponse reset(const HttpRequest& request) {
    auto parameters = Parameters::read(request, reset_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_reset_request(*parameters);
    if (!command) return respond(to_problem(command.error()));
    const auto removed = command->everything ? service_.reset_all() : service_.reset(command->target);
    return removed ? json(removed_json(*removed)) : respond(to_problem(removed.error()));
  }

  HttpResponse priorities(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json(priorities_json(service_.boosts()));
  }

  HttpResponse status(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json(status_json(*service_.status()));
  }

  HttpResponse pods(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    const auto rows = service_.pods();
    return rows ? json(pods_json(*rows)) : respond(to_problem(rows.error()));
  }

  HttpResponse explain(const HttpRequest& request) {
    auto parameters = Parameters::read(request, explain_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_explain_request(*parameters);
    if (!command) return respond(to_problem(command.error()));
    const auto explanation = service_.explain(*command);
    return explanation ? json(explain_json(*explanation)) : respond(to_problem(explanation.error()));
  }

  HttpResponse events(const HttpRequest& request) {
    auto parameters = Parameters::read(request, events_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_events_request(*parameters, request.header("last-event-id"));
    if (!command) return respond(to_problem(command.error()));
    if (!events_) return respond(http_problem(503, "This daemon keeps no events."));
    return events_->open(*command);
  }

  HttpResponse metrics(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return plain(metrics_text(*service_.status()), kMetricsContentType);
  }

  HttpResponse version(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json(version_json());
  }

  HttpResponse openapi(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json(std::string(kOpenApi));
  }

  // Probes add parameters of their own liking (?verbose); they are let pass.
  HttpResponse livez(const HttpRequest&) { return plain("ok\n"); }

  HttpResponse readyz(const HttpRequest&) {
    const auto status = service_.status();
    if (status->mode == SchedulerMode::attached) return plain("ok\n");
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

  HttpResponse attach(const HttpRequest& request) { return switch_scheduler(request, &Service::attach); }
  HttpResponse detach(const HttpRequest& request) { return switch_scheduler(request, &Service::detach); }

  HttpResponse switch_scheduler(const HttpRequest& request, ServiceResult<void> (Service::*action)()) {
    if (auto refused = no_parameters(request)) return *refused;
    if (const auto done = (service_.*action)(); !done) return respond(to_problem(done.error()));
    return json(scheduler_json(*service_.status()));
  }

  Service& service_;
  const AccessRules rules_;
  std::optional<EventStreams> events_;
};

const std::array<Api::Route, 14> Api::kRoutes{{
    {"POST", "/prioritize", Exposure::change, &Api::prioritize},
    {"DELETE", "/prioritize", Exposure::change, &Api::reset},
    {"GET", "/priorities", Exposure::read, &Api::priorities},
    {"GET", "/status", Exposure::read, &Api::status},
    {"GET", "/pods", Exposure::read, &Api::pods},
    {"GET", "/explain", Exposure::read, &Api::explain},
    {"GET", "/events", Exposure::read, &Api::events},
    {"GET", "/metrics", Exposure::read, &Api::metrics},
    {"POST", "/attach", Exposure::change, &Api::attach},
    {"POST", "/detach", Exposure::change, &Api::detach},
    {"GET", "/livez", Exposure::open, &Api::livez},
    {"GET", "/readyz", Exposure::open, &Api::readyz},
    {"GET", "/version", Exposure::open, &Api::version},
    {"GET", "/openapi.json", Exposure::open, &Api::openapi},
}};

}  // namespace

std::unique_ptr<HttpHandler> make_api(Service& service, ApiOptions options) {
  return std::make_unique<Api>(service, std::move(options));
}

}  // namespace mus
