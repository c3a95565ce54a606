// SPDX-License-Identifier: Apache-2.0
// What opens below the list of containers or over it: to boost one, to take a boost back, to read a text. Each takes
// keys and is drawn as lines; none asks the daemon itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/top/node.hpp"
#include "cli/top/page.hpp"
#include "mus/http.hpp"

namespace mus::top {

/// Weight and time of a boost, and what it would cost the others.
class BoostPanel {
 public:
  explicit BoostPanel(ContainerRow container);

  /// Not Enter and not Escape. True: what is asked for has changed.
  bool press(const Key& key);
  /// GET /explain with the weight: changes nothing.
  [[nodiscard]] Command preview() const;
  [[nodiscard]] Command boost() const;
  /// The answer to the latest preview(). Before it has come, Enter would be blind.
  void previewed(const Result<HttpReply>& reply);
  [[nodiscard]] bool knows_cost() const { return known_; }
  /// Why the daemon did not take it.
  void refused(std::string why) { refusal_ = std::move(why); }

  [[nodiscard]] Page draw(Size room) const;

 private:
  enum class Field : std::uint8_t { what, weight, ttl };
  [[nodiscard]] ClientTarget target() const;
  [[nodiscard]] std::string* text();

  ContainerRow container_;
  Field field_ = Field::weight;
  bool whole_pod_ = false;
  std::string weight_ = "4096";
  std::string ttl_ = "10m";
  bool untouched_ = true;  ///< typing replaces a value, as in a form
  bool known_ = false;
  std::string cost_;  ///< in words, or why it is not known
  std::string refusal_;
};

/// Which of the boosts that stand for a container is to be taken back.
class ResetPanel {
 public:
  /// `boosts`: those that cover it, at least one; `all`: those that there are.
  ResetPanel(std::string name, std::vector<BoostRow> boosts, const std::vector<BoostRow>& all);

  void press(const Key& key);
  [[nodiscard]] Command reset() const;
  [[nodiscard]] Page draw(Size room) const;

 private:
  struct Choice {
    BoostRow boost;
    std::vector<std::string> also;  ///< what goes with it: a reset takes back all that agree with what it names
  };
  std::string name_;
  std::vector<Choice> choices_;
  std::size_t chosen_ = 0;
};

/// A text to leaf through.
class TextPanel {
 public:
  TextPanel(std::string title, std::string text) : title_(std::move(title)), text_(std::move(text)) {}

  /// `room`: as draw() has it.
  void press(const Key& key, Size room);
  [[nodiscard]] Page draw(Size room) const;

 private:
  std::string title_, text_;
  std::ptrdiff_t first_ = 0;
};

/// What an answer that is not 2xx, or none, says, with what to do about it.
[[nodiscard]] std::string refusal_words(const Result<HttpReply>& reply);

}  // namespace mus::top
