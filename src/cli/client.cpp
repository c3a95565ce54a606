// SPDX-License-Identifier: Apache-2.0
#include "cli/client.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "cli/answer.hpp"
#include "cli/explain_text.hpp"
#include "cli/rules_text.hpp"
#include "cli/text.hpp"

namespace mus {
namespace {

using Json = nlohmann::json;

std::string encoded(std::string_view text) {
  static constexpr const char* kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || c == '/' || c == ':' || c == '@';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

class Query {
 public:
  void add(const char* name, const std::string& value) {
    if (value.empty()) return;
    text_ += text_.empty() ? '?' : '&';
    text_.append(name).append("=").append(encoded(value));
  }
  void flag(const char* name, bool set) { add(name, set ? "true" : ""); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_target(Query& query, const ClientTarget& target) {
  query.add("pod", target.pod);
  query.add("cgroup", target.cgroup);
  query.add("unit", target.unit);
  query.add("pid", target.pid);
  query.add("namespace", target.ns);
  query.add("container", target.container);
  query.add("uid", target.uid);
  query.add("label", target.label);
  query.flag("all", target.all);
}

}  // namespace

int print_problem(const HttpReply& reply, std::ostream& err) {
  const auto problem = Json::parse(reply.body, nullptr, false);
  if (!problem.is_object()) {
    err << "mus-scheduler: the daemon answered with status " << reply.status << '\n';
    return 1;
  }
  err << "mus-scheduler: " << printable(text_of(problem, "detail", text_of(problem, "title", "refused"))) << '\n';
  if (const auto advice = text_of(problem, "advice"); !advice.empty()) err << printable(advice) << '\n';
  if (const auto found = problem.find("candidates"); found != problem.end() && found->is_array()) {
    for (const auto& candidate : *found) {
      err << "  " << printable(candidate.is_string() ? candidate.get<std::string>() : candidate.dump()) << '\n';
    }
  }
  return 1;
}

int print_unreachable(const Command& command, const Error& error, std::ostream& err) {
  err << "mus-scheduler: the daemon does not answer at " << command.options.socket << ": " << error.message << '\n'
      << "Is it running (systemctl start mus-scheduler), are you root or in the group " << kGroup
      << ", is --socket right?\n";
  return 1;
}

const char* request_method(const Command& command) {
  switch (command.kind) {
    case Command::Kind::prioritize:
      return "POST";
    case Command::Kind::reset:
      return "DELETE";
    case Command::Kind::rules:
      return !command.rules_file.empty() ? "PUT" : command.pause_rules || command.resume_rules ? "POST" : "GET";
    default:
      return "GET";
  }
}

std::string request_path(const Command& command) {
  Query query;
  switch (command.kind) {
    case Command::Kind::status:
      return "/status";
    case Command::Kind::pods:
      return "/pods";
    case Command::Kind::prioritize:
      add_target(query, command.target);
      if (command.weight) query.add("weight", std::to_string(*command.weight));
      query.add("ttl", command.ttl);
      query.add("wait", command.wait);
      query.flag("ignore_limit", command.ignore_limit);
      query.flag("dry_run", command.dry_run);
      return "/prioritize" + query.text();
    case Command::Kind::reset:
      add_target(query, command.target);
      return "/prioritize" + query.text();
    case Command::Kind::explain:
      add_target(query, command.target);
      if (command.weight) query.add("weight", std::to_string(*command.weight));
      return "/explain" + query.text();
    case Command::Kind::events:
      if (command.since) query.add("since", std::to_string(*command.since));
      query.add("kind", command.kinds);
      return "/events" + query.text();
    case Command::Kind::rules:
      if (command.pause_rules) return "/rules/pause";
      if (command.resume_rules) return "/rules/resume";
      query.flag("dry_run", command.dry_run);
      return "/rules" + query.text();
    default:
      return "/";
  }
}

int run_client(const Command& command, HttpClient& client, std::ostream& out, std::ostream& err) {
  std::string body;
  std::map<std::string, std::string> headers;
  if (!command.rules_file.empty()) {
    auto text = read_rules_file(command.rules_file);
    if (!text) {
      err << "mus-scheduler: " << text.error().message << '\n';
      return 1;
    }
    body = std::move(*text);
    headers.emplace("Content-Type", "application/json");
  }
  const auto reply = client.send(request_method(command), request_path(command), headers, body);
  if (!reply) return print_unreachable(command, reply.error(), err);
  const bool done = reply->status >= 200 && reply->status < 300;
  if (command.json) {
    out << reply->body;
    if (!reply->body.ends_with('\n')) out << '\n';
    return done ? 0 : 1;
  }
  if (!done) return print_problem(*reply, err);
  const auto answer = Json::parse(reply->body, nullptr, false);
  if (!answer.is_object()) {
    err << "mus-scheduler: the daemon's answer cannot be understood\n";
    return 1;
  }
  switch (command.kind) {
    case Command::Kind::status:
      print_status(answer, out);
      break;
    case Command::Kind::pods:
      print_pods(answer, out);
      break;
    case Command::Kind::prioritize:
      print_boosted(answer, out);
      print_outlook(answer, out);
      break;
    case Command::Kind::explain:
      print_explanation(answer, out);
      break;
    case Command::Kind::rules:
      if (command.dry_run) {
        out << "these rules are right; nothing was changed\n";
      } else {
        print_rules(answer, out);
      }
      break;
    default:
      print_removed(answer, out);
      break;
  }
  return 0;
}

}  // namespace mus
