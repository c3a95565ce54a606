// SPDX-License-Identifier: Apache-2.0
#include "daemon/lined_json.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>

namespace mus {
namespace {

std::size_t line_at(std::string_view text, std::size_t position) {
  const auto before = text.substr(0, std::min(position, text.size()));
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

/// What the parser reads: it counts the lines that have gone by.
class CountedText {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  CountedText(const char* at, std::size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  CountedText& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountedText operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountedText& other) const { return at_ == other.at_; }
  bool operator!=(const CountedText& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::size_t& line) : text_(text), line_(line) {}

  LinedJson top;
  std::string complaint;

  bool null() override { return add(make(LinedJson::Kind::null)); }
  bool boolean(bool value) override {
    auto made = make(LinedJson::Kind::boolean);
    made.flag = value;
    return add(std::move(made));
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool string(string_t& value) override {
    auto made = make(LinedJson::Kind::text);
    made.text = std::move(value);
    return add(std::move(made));
  }
  bool binary(binary_t&) override { return complain(line_, "binary values are not taken"); }
  bool start_object(std::size_t) override { return open(LinedJson::Kind::object); }
  bool start_array(std::size_t) override { return open(LinedJson::Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back().find(name) != nullptr) return complain(line_, "something has the same name twice");
    open_.back().members.emplace_back(std::move(name), make(LinedJson::Kind::null));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    // The position is behind what was wrong.
    return complain(line_at(text_, position == 0 ? 0 : position - 1), "this is no JSON");
  }

 private:
  [[nodiscard]] LinedJson make(LinedJson::Kind kind) const {
    LinedJson made;
    made.kind = kind;
    made.line = line_;
    return made;
  }
  bool number(double value) {
    auto made = make(LinedJson::Kind::number);
    made.number = value;
    // Whether a number goes on is seen by what follows, which may be the end of the line: its name was in the right
    // one.
    if (!open_.empty() && open_.back().kind == LinedJson::Kind::object)
      made.line = open_.back().members.back().second.line;
    return add(std::move(made));
  }
  bool open(LinedJson::Kind kind) {
    if (open_.size() >= kDeepestJson) return complain(line_, "this is nested too deeply");
    open_.push_back(make(kind));
    return true;
  }
  bool close() {
    auto made = std::move(open_.back());
    open_.pop_back();
    return add(std::move(made));
  }
  bool add(LinedJson value) {
    if (open_.empty()) {
      top = std::move(value);
    } else if (open_.back().kind == LinedJson::Kind::list) {
      open_.back().items.push_back(std::move(value));
    } else {
      open_.back().members.back().second = std::move(value);
    }
    return true;
  }
  bool complain(std::size_t line, const char* what) {
    complaint = "line " + std::to_string(line) + ": " + what;
    return false;
  }

  std::string_view text_;
  const std::size_t& line_;
  std::vector<LinedJson> open_;
};

}  // namespace

const LinedJson* LinedJson::find(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

const char* kind_text(LinedJson::Kind kind) {
  switch (kind) {
    case LinedJson::Kind::null:
      return "null";
    case LinedJson::Kind::boolean:
      return "true or false";
    case LinedJson::Kind::number:
      return "a number";
    case LinedJson::Kind::text:
      return "a text";
    case LinedJson::Kind::list:
      return "a list";
    case LinedJson::Kind::object:
      break;
  }
  return "an object";
}

Result<LinedJson> parse_lined_json(std::string_view text) {
  std::size_t line = 1;
  Builder builder(text, line);
  try {
    const CountedText begin(std::to_address(text.begin()), &line);
    const CountedText end(std::to_address(text.end()), &line);
    if (nlohmann::json::sax_parse(begin, end, &builder)) return std::move(builder.top);
  } catch (const std::exception&) {
    if (builder.complaint.empty()) builder.complaint = "this is no JSON";
  }
  return fail(Errc::invalid_argument, builder.complaint.empty() ? "this is no JSON" : builder.complaint);
}

}  // namespace mus
