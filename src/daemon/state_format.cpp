// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_format.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace mus {
namespace {

constexpr std::int64_t kFormat = 1;

struct KindWord {
  Target::Kind kind;
  const char* word;
};
constexpr std::array kKindWords{KindWord{Target::Kind::pod, "pod"}, KindWord{Target::Kind::cgroup, "cgroup"},
                                KindWord{Target::Kind::unit, "unit"}};

using TargetText = std::string(Target::*);
struct TextKey {
  const char* name;
  TargetText member;
};
constexpr std::array kTargetTexts{
    TextKey{"pod", &Target::pod},  TextKey{"namespace", &Target::ns}, TextKey{"container", &Target::container},
    TextKey{"uid", &Target::uid},  TextKey{"label", &Target::label},  TextKey{"cgroup", &Target::cgroup},
    TextKey{"unit", &Target::unit}};

// The whole is written with every boost, by whom somebody waits: no document is built for it either.

void append_number(std::string& out, const char* before, std::int64_t number) {
  out.append(before).append(std::to_string(number));
}

void append_flag(std::string& out, const char* before, bool flag) {
  out.append(before).append(flag ? "true" : "false");
}

void append_text(std::string& out, std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (plain) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

void append(std::string& out, const Target& target) {
  out += "{\"kind\":";
  for (const auto& [kind, word] : kKindWords) {
    if (kind == target.kind) append_text(out, word);
  }
  for (const auto& [name, member] : kTargetTexts) {
    if ((target.*member).empty()) continue;
    out.append(",\"").append(name).append("\":");
    append_text(out, target.*member);
  }
  if (target.all) out += ",\"all\":true";
  out += '}';
}

void append(std::string& out, const SavedBoost& boost) {
  append_number(out, "{\"number\":", static_cast<std::int64_t>(boost.number));
  out += ",\"target\":";
  append(out, boost.target);
  append_number(out, ",\"weight\":", boost.weight);
  append_flag(out, ",\"ignore_limit\":", boost.ignore_limit);
  append_flag(out, ",\"declared\":", boost.declared);
  if (boost.ttl) {
    append_number(out, ",\"ttl_ms\":", boost.ttl->count());
    append_number(out, ",\"left_ms\":", boost.left.count());
  }
  out += '}';
}

/// Takes the events of the parser: each fits where it comes, or ends the parse with a complaint. No document is built,
/// so that depth and repetition cost nothing.
class StateReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  SavedState state;
  std::string complaint;
  bool foreign = false;
  bool whole = false;

  bool null() override { return complain("has no value"); }
  bool boolean(bool value) override {
    if (in_ == In::boost && key_ == "ignore_limit") return set(boost_.ignore_limit, value);
    if (in_ == In::boost && key_ == "declared") return set(boost_.declared, value);
    if (in_ == In::target && key_ == "all") return set(boost_.target.all, value);
    return complain("is not expected to be true or false");
  }
  bool number_integer(number_integer_t) override { return complain("is negative"); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return complain("is too large");
    return number(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override { return complain("is no whole number"); }
  bool string(string_t& value) override {
    if (in_ == In::written && key_ == "boot") return set(state.written.boot, std::move(value));
    if (in_ != In::target) return complain("is not expected to be a text");
    if (key_ == "kind") {
      for (const auto& [kind, word] : kKindWords) {
        if (value == word) return set(boost_.target.kind, kind);
      }
      return complain("is no kind of target");
    }
    for (const auto& [name, member] : kTargetTexts) {
      if (key_ == name && !value.empty()) return set(boost_.target.*member, std::move(value));
    }
    return complain("is not expected to be a text, or not to be empty");
  }
  bool binary(binary_t&) override { return complain("is binary"); }
  bool key(string_t& name) override {
    if (!seen_.insert({in_, name}).second) return complain("has something twice");
    key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override {
    if (in_ == In::nothing) return enter(In::top);
    if (in_ == In::top && key_ == "written") return enter(In::written);
    if (in_ == In::boost && key_ == "target") return enter(In::target);
    if (in_ != In::boosts) return complain("is not expected to be an object");
    if (state.boosts.size() >= 2 * DesiredState::kCapacity) return complain("has more boosts than there can be");
    boost_ = {};
    return enter(In::boost);
  }
  bool end_object() override {
    switch (in_) {
      case In::top:
        whole = true;
        return leave(In::nothing, {"format", "version", "next", "written", "boosts"});
      case In::written:
        return leave(In::top, {"wall_ms", "boottime_ms", "boot"});
      case In::target:
        return leave(In::boost, {"kind"});
      case In::boost:
        if (seen_.contains({In::boost, "ttl_ms"}) != seen_.contains({In::boost, "left_ms"})) {
          return complain("has a boost with half an end");
        }
        state.boosts.push_back(std::move(boost_));
        return leave(In::boosts, {"number", "target", "weight", "ignore_limit"});
      default:
        return complain("ends where it should not");
    }
  }
  bool start_array(std::size_t) override {
    if (in_ == In::top && key_ == "boosts") return enter(In::boosts);
    return complain("is not expected to be a list");
  }
  bool end_array() override { return enter(In::top, false); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    complaint = "it is no JSON from byte " + std::to_string(position) + " on";
    return false;
  }

 private:
  enum class In : std::uint8_t { nothing, top, written, boosts, boost, target };

  bool number(std::int64_t value) {
    if (in_ == In::top && key_ == "format") {
      foreign = value != kFormat;
      return foreign ? complain("says format " + std::to_string(value) + ", and this program writes and reads " +
                                std::to_string(kFormat))
                     : true;
    }
    const auto milliseconds = std::chrono::milliseconds{value};
    if (in_ == In::top && key_ == "version") return set(state.version, static_cast<std::uint64_t>(value));
    if (in_ == In::top && key_ == "next") return set(state.next, static_cast<std::uint64_t>(value));
    if (in_ == In::written && key_ == "wall_ms") return set(state.written.wall, milliseconds);
    if (in_ == In::written && key_ == "boottime_ms") return set(state.written.boottime, milliseconds);
    if (in_ == In::boost && key_ == "number") return set(boost_.number, static_cast<std::uint64_t>(value));
    if (in_ == In::boost && key_ == "ttl_ms") return set(boost_.ttl, std::optional(milliseconds));
    if (in_ == In::boost && key_ == "left_ms") return set(boost_.left, milliseconds);
    if (in_ == In::boost && key_ == "weight" && value <= std::numeric_limits<std::uint32_t>::max()) {
      return set(boost_.weight, static_cast<std::uint32_t>(value));
    }
    return complain("is not expected to be a number, or not this one");
  }

  template <class Member, class Value>
  static bool set(Member& member, Value&& value) {
    member = std::forward<Value>(value);
    return true;
  }

  bool enter(In place, bool anew = true) {
    in_ = place;
    if (anew) std::erase_if(seen_, [place](const auto& one) { return one.first == place; });
    return true;
  }

  bool leave(In place, std::initializer_list<const char*> needed) {
    for (const auto* name : needed) {
      if (!seen_.contains({in_, name})) return complain(std::string("lacks ") + name);
    }
    return enter(place, false);
  }

  // Without what is in the file: it may be anything.
  bool complain(const std::string& what) {
    static constexpr std::array names{"the file", "the file", "\"written\"", "\"boosts\"", "a boost", "a target"};
    complaint = std::string("something in ") + names[static_cast<std::size_t>(in_)] + " " + what;
    return false;
  }

  In in_ = In::nothing;
  std::string key_;
  std::set<std::pair<In, std::string>> seen_;  // keys of the objects that are open
  SavedBoost boost_;
};

}  // namespace

std::string write_state(const SavedState& saved) {
  std::string out;
  append_number(out, "{\"format\":", kFormat);
  append_number(out, ",\"version\":", static_cast<std::int64_t>(saved.version));
  append_number(out, ",\"next\":", static_cast<std::int64_t>(saved.next));
  append_number(out, ",\"written\":{\"wall_ms\":", saved.written.wall.count());
  append_number(out, ",\"boottime_ms\":", saved.written.boottime.count());
  out += ",\"boot\":";
  append_text(out, saved.written.boot);
  out += "},\"boosts\":[";
  bool first = true;
  for (const auto& boost : saved.boosts) {
    if (!std::exchange(first, false)) out += ',';
    append(out, boost);
  }
  return out.append("]}\n");
}

Result<SavedState> read_state(std::string_view text) {
  if (text.size() > kMostStateBytes) {
    return fail(Errc::protocol, "it is larger than " + std::to_string(kMostStateBytes) + " bytes");
  }
  StateReader reader;
  try {
    const bool done = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
    if (!done || !reader.whole) {
      if (reader.complaint.empty()) reader.complaint = "it is not whole";
      return fail(reader.foreign ? Errc::unsupported : Errc::protocol, reader.complaint);
    }
  } catch (const std::exception&) {
    return fail(Errc::protocol, "it cannot be read");
  }
  if (auto good = check_saved(reader.state); !good) return tl::unexpected(good.error());
  return std::move(reader.state);
}

}  // namespace mus
