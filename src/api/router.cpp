// SPDX-License-Identifier: Apache-2.0
#include "api/router.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/events.hpp"
#include "api/explain_json.hpp"
#include "api/json.hpp"
#include "api/openapi.hpp"
#include "api/parameters.hpp"
#include "api/probes.hpp"
#include "api/problem.hpp"
#include "api/rules_json.hpp"
#include "api/target_request.hpp"

namespace mus {
namespace {

class Api final : public ApiHandler {
 public:
  Api(Service& service, ApiOptions options)
      : service_(service),
        rules_{std::move(options.token), std::move(options.token_path)},
        metrics_(options.metrics),
        page_(options.page) {
    if (options.events != nullptr) events_.emplace(*options.events, options.event_streams);
  }

 private:
  struct Route {
    std::string_view method;
    std::string_view path;
    Exposure exposure;
    HttpResponse (Api::*call)(const HttpRequest&);
  };
  static const std::array<Route, 20> kRoutes;

  HttpResponse route(const HttpRequest& request) override {
    // HEAD is GET whose body the server does not send.
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Route* found = nullptr;
    std::string allowed;
    // What does not exist is told only to those who could see what does.
    auto exposure = Exposure::guarded;
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
    auto response = json_answer(prioritize_json(*reply));
    if (reply->boost.state != Boost::State::applied) response.status = 202;
    return response;
  }

  HttpResponse reset(const HttpRequest& request) {
    auto parameters = Parameters::read(request, reset_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_reset_request(*parameters);
    if (!command) return respond(to_problem(command.error()));
    const auto removed = command->everything ? service_.reset_all() : service_.reset(command->target);
    return removed ? json_answer(removed_json(*removed)) : respond(to_problem(removed.error()));
  }

  HttpResponse priorities(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(priorities_json(service_.boosts()));
  }

  HttpResponse status(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(status_json(*service_.status(), *service_.figures()));
  }

  HttpResponse pods(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    const auto rows = service_.pods();
    return rows ? json_answer(pods_json(*rows)) : respond(to_problem(rows.error()));
  }

  HttpResponse explain(const HttpRequest& request) {
    auto parameters = Parameters::read(request, explain_parameters());
    if (!parameters) return respond(parameters.error());
    const auto command = to_explain_request(*parameters);
    if (!command) return respond(to_problem(command.error()));
    const auto explanation = service_.explain(*command);
    return explanation ? json_answer(explain_json(*explanation)) : respond(to_problem(explanation.error()));
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
    return mus::metrics(service_, metrics_);
  }

  HttpResponse rules(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(rules_json(*service_.rules()));
  }

  HttpResponse set_rules(const HttpRequest& request) {
    const auto parameters = Parameters::read_query(request, {"dry_run"});
    if (!parameters) return respond(parameters.error());
    const auto dry_run = parameters->flag("dry_run");
    if (!dry_run) return respond(to_problem(dry_run.error()));
    if (const auto document = Parameters::check_document(request); !document) return respond(document.error());
    if (const auto done = service_.set_rules(request.body, *dry_run); !done) return respond(to_problem(done.error()));
    return json_answer(rules_json(*service_.rules()));
  }

  HttpResponse pause(const HttpRequest& request) { return switch_rules(request, true); }
  HttpResponse resume(const HttpRequest& request) { return switch_rules(request, false); }

  HttpResponse switch_rules(const HttpRequest& request, bool paused) {
    if (auto refused = no_parameters(request)) return *refused;
    if (const auto done = service_.pause_rules(paused); !done) return respond(to_problem(done.error()));
    return json_answer(rules_json(*service_.rules()));
  }

  HttpResponse rules_schema(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(std::string(kRulesSchema));
  }

  HttpResponse version(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(version_json());
  }

  HttpResponse openapi(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    return json_answer(std::string(kOpenApi));
  }

  HttpResponse page(const HttpRequest& request) {
    if (auto refused = no_parameters(request)) return *refused;
    if (page_.html.empty()) return respond(http_problem(404, "This daemon has no page."));
    auto response = plain_answer(std::string(page_.html), "text/html; charset=utf-8");
    response.headers.emplace_back("Content-Security-Policy", page_.policy);
    // Not "no-referrer": with that, browsers leave the origin out of what changes state, and it is refused.
    response.headers.emplace_back("Referrer-Policy", "same-origin");
    return response;
  }

  HttpResponse livez(const HttpRequest&) { return mus::livez(); }
  HttpResponse readyz(const HttpRequest&) { return mus::readyz(service_); }

  HttpResponse attach(const HttpRequest& request) { return switch_scheduler(request, &Service::attach); }
  HttpResponse detach(const HttpRequest& request) { return switch_scheduler(request, &Service::detach); }

  HttpResponse switch_scheduler(const HttpRequest& request, ServiceResult<void> (Service::*action)()) {
    if (auto refused = no_parameters(request)) return *refused;
    if (const auto done = (service_.*action)(); !done) return respond(to_problem(done.error()));
    return json_answer(scheduler_json(*service_.status()));
  }

  Service& service_;
  const AccessRules rules_;
  const MetricsOptions metrics_;
  const ApiPage page_;
  std::optional<EventStreams> events_;
};

const std::array<Api::Route, 20> Api::kRoutes{{
    {"GET", "/", Exposure::open, &Api::page},
    {"POST", "/prioritize", Exposure::guarded, &Api::prioritize},
    {"DELETE", "/prioritize", Exposure::guarded, &Api::reset},
    {"GET", "/priorities", Exposure::guarded, &Api::priorities},
    {"GET", "/status", Exposure::guarded, &Api::status},
    {"GET", "/pods", Exposure::guarded, &Api::pods},
    {"GET", "/explain", Exposure::guarded, &Api::explain},
    {"GET", "/events", Exposure::guarded, &Api::events},
    {"GET", "/metrics", Exposure::guarded, &Api::metrics},
    {"GET", "/rules", Exposure::guarded, &Api::rules},
    {"PUT", "/rules", Exposure::guarded, &Api::set_rules},
    {"POST", "/rules/pause", Exposure::guarded, &Api::pause},
    {"POST", "/rules/resume", Exposure::guarded, &Api::resume},
    {"GET", "/rules/schema.json", Exposure::open, &Api::rules_schema},
    {"POST", "/attach", Exposure::guarded, &Api::attach},
    {"POST", "/detach", Exposure::guarded, &Api::detach},
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
