// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "cli/answer.hpp"
#include "cli/cells.hpp"
#include "cli/top/panels.hpp"

namespace mus::top {
namespace {

// Does a reset that names `target` take that boost back, too?
bool agrees(const ClientTarget& target, const ClientTarget& other) {
  const auto same = [](const std::string& named, const std::string& theirs) {
    return named.empty() || named == theirs;
  };
  return same(target.pod, other.pod) && same(target.ns, other.ns) && same(target.container, other.container) &&
         same(target.uid, other.uid) && same(target.label, other.label) && same(target.cgroup, other.cgroup) &&
         same(target.unit, other.unit) && same(target.pid, other.pid);
}

std::string words_of(const BoostRow& boost) {
  auto words = boost.id + "  " + boost.words + "  weight " + boost.weight;
  if (boost.left) words += ", " + duration_text(*boost.left) + " left";
  if (!boost.pending.empty()) words += ", pending";
  return words;
}

}  // namespace

ResetPanel::ResetPanel(std::string name, std::vector<BoostRow> boosts, const std::vector<BoostRow>& all)
    : name_(std::move(name)) {
  choices_.reserve(boosts.size());
  for (auto& boost : boosts) {
    Choice choice{std::move(boost), {}};
    for (const auto& other : all) {
      if (other.id == choice.boost.id || other.declared || !other.rule.empty() ||
          !agrees(choice.boost.target, other.target))
        continue;
      choice.also.push_back(words_of(other));
    }
    choices_.push_back(std::move(choice));
  }
}

void ResetPanel::press(const Key& key) {
  if (key.kind == Key::Kind::up && chosen_ > 0) --chosen_;
  if ((key.kind == Key::Kind::down || key.kind == Key::Kind::tab) && chosen_ + 1 < choices_.size()) ++chosen_;
}

Command ResetPanel::reset() const {
  Command command;
  command.kind = Command::Kind::reset;
  command.target = choices_[chosen_].boost.target;
  return command;
}

Page ResetPanel::draw(Size room) const {
  Page page;
  page.push_back({{"Take back from " + name_, Style::title}});
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const bool chosen = i == chosen_;
    page.push_back({{(chosen ? "> " : "  ") + words_of(choices_[i].boost), chosen ? Style::selected : Style::plain}});
  }
  for (const auto& other : choices_[chosen_].also) page.push_back({{"  with it goes " + other, Style::trouble}});
  const auto most = static_cast<std::size_t>(std::max(room.rows, 2)) - 1;
  if (page.size() > most) page.resize(most);
  page.push_back({{"Enter: take it back   Esc: leave it", Style::bold}});
  return page;
}

}  // namespace mus::top
