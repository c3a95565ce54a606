// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "cli/answer.hpp"
#include "cli/explain_text.hpp"
#include "cli/top/panels.hpp"

namespace mus::top {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestField = 12;

std::string cpus(const Json& standing, const char* name) {
  return member(standing, name).is_number() ? fixed(number_of(standing, name), 2) : "-";
}

// "gets 0.40 CPUs now, would get 1.60 (entitled to 0.40 and 1.60 of 2)".
std::string gain(const Json& answer) {
  const auto& now = member(answer, "now");
  const auto& then = member(answer, "then");
  if (!now.is_object() || !then.is_object()) {
    const auto why = text_of(answer, "unknown");
    return why.empty() ? "what it would get is not known" : "what it would get is not known: " + why;
  }
  return "gets " + cpus(now, "cpus") + " CPUs now, would get " + cpus(then, "cpus") + " (entitled to " +
         cpus(now, "entitled_cpus") + ", then " + cpus(then, "entitled_cpus") + " of " + cpus(answer, "node_cpus") +
         ")";
}

std::string cost_words(const Json& answer) {
  std::ostringstream out;
  out << gain(answer) << '\n';
  const auto before = out.tellp();
  print_outlook(answer, out);
  if (out.tellp() == before) out << "nobody loses by it\n";
  return out.str();
}

Line field_line(const char* name, const std::string& value, bool chosen, const char* hint) {
  Line line;
  line.push_back({std::string(chosen ? "> " : "  ") + padded(name, 8), chosen ? Style::bold : Style::plain});
  line.push_back({padded(value.empty() ? " " : value, kLongestField + 1), chosen ? Style::selected : Style::plain});
  line.push_back({std::string("  ") + hint, Style::quiet});
  return line;
}

}  // namespace

std::string refusal_words(const Result<HttpReply>& reply) {
  if (!reply) return reply.error().message;
  const auto problem = Json::parse(reply->body, nullptr, false);
  auto words = text_of(problem, "detail", "the daemon answered with status " + std::to_string(reply->status));
  if (const auto advice = text_of(problem, "advice"); !advice.empty()) words += " " + advice;
  return words;
}

BoostPanel::BoostPanel(ContainerRow container)
    : container_(std::move(container)), cost_("asking what it would cost ...") {}

ClientTarget BoostPanel::target() const {
  ClientTarget target;
  target.pod = container_.pod;
  target.ns = container_.ns;
  if (!whole_pod_) target.container = container_.container;
  return target;
}

Command BoostPanel::preview() const {
  auto command = boost();
  command.kind = Command::Kind::explain;
  command.ttl.clear();
  // Without a weight, explain tells about the present alone.
  if (!command.weight) command.weight = 4096;
  return command;
}

Command BoostPanel::boost() const {
  Command command;
  command.kind = Command::Kind::prioritize;
  command.target = target();
  std::uint32_t weight = 0;
  const auto* end = weight_.data() + weight_.size();
  if (std::from_chars(weight_.data(), end, weight).ptr == end && !weight_.empty()) command.weight = weight;
  command.ttl = ttl_;
  return command;
}

void BoostPanel::previewed(const Result<HttpReply>& reply) {
  known_ = reply && reply->status == 200;
  cost_ = known_ ? cost_words(Json::parse(reply->body, nullptr, false)) : refusal_words(reply);
}

std::string* BoostPanel::text() {
  return field_ == Field::weight ? &weight_ : field_ == Field::ttl ? &ttl_ : nullptr;
}

bool BoostPanel::press(const Key& key) {
  const auto go_to = [this](int step) {
    field_ = static_cast<Field>((static_cast<int>(field_) + step + 3) % 3);
    untouched_ = true;
    return false;
  };
  refusal_.clear();
  auto* field = text();
  bool changed = false;
  switch (key.kind) {
    case Key::Kind::up:
      return go_to(-1);
    case Key::Kind::down:
    case Key::Kind::tab:
      return go_to(1);
    case Key::Kind::left:
    case Key::Kind::right:
      if (field != nullptr) return false;
      whole_pod_ = !whole_pod_;
      changed = true;
      break;
    case Key::Kind::backspace:
      if (field == nullptr || field->empty()) return false;
      field->pop_back();
      changed = field_ == Field::weight;
      untouched_ = false;
      break;
    case Key::Kind::character: {
      if (field == nullptr) {
        whole_pod_ = !whole_pod_;
        changed = true;
        break;
      }
      const bool digit = key.character >= '0' && key.character <= '9';
      if (field_ == Field::weight && !digit) return false;
      if (untouched_) field->clear();
      untouched_ = false;
      if (field->size() < (field_ == Field::weight ? 6 : kLongestField)) field->push_back(key.character);
      changed = field_ == Field::weight;
      break;
    }
    default:
      return false;
  }
  if (changed) {
    known_ = false;
    cost_ = "asking what it would cost ...";
  }
  return changed;
}

Page BoostPanel::draw(Size room) const {
  Page page;
  page.push_back({{"Boost " + container_.name, Style::title}});
  const auto pod = std::string(whole_pod_ ? "whole pod" : "container");
  page.push_back(field_line("what", pod, field_ == Field::what, "Space: this container, or its whole pod"));
  page.push_back(field_line("weight", weight_, field_ == Field::weight, "16 to 102400; 1024 is what it has anyway"));
  page.push_back(field_line("ttl", ttl_, field_ == Field::ttl, "90s, 10m, 1h30m; empty: until it is taken back"));
  if (!refusal_.empty()) {
    for (auto& line : wrapped("refused: " + refusal_, room.columns))
      page.push_back({{std::move(line), Style::trouble}});
  }
  for (auto& line : wrapped(cost_, room.columns)) {
    const bool bad = line.starts_with("warning:") || line.starts_with("below its request:");
    page.push_back({{std::move(line), bad ? Style::trouble : Style::plain}});
  }
  const auto most = static_cast<std::size_t>(std::max(room.rows, 2)) - 1;
  if (page.size() > most) {
    page.resize(most);
    page.back() = {{"... more than there is room for: mus-scheduler explain", Style::quiet}};
  }
  page.push_back({{"Enter: boost   Tab: next field   Esc: leave it", Style::bold}});
  return page;
}

}  // namespace mus::top
