// SPDX-License-Identifier: Apache-2.0
// A SAX handler, because a DOM of a full node's list costs 40 MiB of memory that is never given back. nlohmann's SAX
// parser does not recurse, so depth costs bits, not stack; it is limited all the same.
#include "pods/pod_list_parser.hpp"

#include <array>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "pods/pod_builder.hpp"

namespace mus {
namespace {

/// Where we are. Everything that is not named here is `skipped`, with all below it.
enum class At : std::uint8_t {
  nothing,
  list,
  items,
  pod,
  metadata,
  labels,
  annotations,
  spec,
  status,
  spec_containers,  // array; which one: Frame::kind
  spec_container,   // object
  resources,        // of a container in the spec
  requests,
  status_containers,  // array
  status_container,   // object
  state,
  state_running,
  skipped,
};

struct Frame {
  At at = At::nothing;
  Container::Kind kind = Container::Kind::regular;
};

struct Child {
  At parent;
  std::string_view key;  ///< empty: an element of an array
  At at;
  bool array;
  Container::Kind kind = Container::Kind::regular;
};

constexpr std::array<Child, 20> grammar{{
    {At::nothing, "", At::list, false},
    {At::list, "items", At::items, true},
    {At::items, "", At::pod, false},
    {At::pod, "metadata", At::metadata, false},
    {At::pod, "spec", At::spec, false},
    {At::pod, "status", At::status, false},
    {At::metadata, "labels", At::labels, false},
    {At::metadata, "annotations", At::annotations, false},
    {At::spec, "containers", At::spec_containers, true, Container::Kind::regular},
    {At::spec, "initContainers", At::spec_containers, true, Container::Kind::init},
    {At::spec, "ephemeralContainers", At::spec_containers, true, Container::Kind::ephemeral},
    {At::status, "containerStatuses", At::status_containers, true, Container::Kind::regular},
    {At::status, "initContainerStatuses", At::status_containers, true, Container::Kind::init},
    {At::status, "ephemeralContainerStatuses", At::status_containers, true, Container::Kind::ephemeral},
    {At::spec_containers, "", At::spec_container, false},
    {At::spec_container, "resources", At::resources, false},
    {At::resources, "requests", At::requests, false},
    {At::status_containers, "", At::status_container, false},
    {At::status_container, "state", At::state, false},
    {At::state, "running", At::state_running, false},
}};

constexpr auto kOddRequest = "a container's resources are not in the form that Kubernetes gives them: left out";

class Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Handler(const PodListLimits& limits) : limits_(limits), builder_(limits) { frames_.push_back({}); }

  std::vector<Pod> pods;
  std::string error;
  std::string note;
  bool items_seen = false;

  bool null() override {
    if (top().at == At::list && key_ == "items") items_seen = true;  // a kubelet that knows no pod yet says null
    // Go writes nil for absent, so null is allowed for fields; an entry of a list that we read is another matter.
    if (is_list(top().at)) return complain("null where an object was expected");
    if (top().at == At::nothing) return complain("null instead of a pod list");
    return true;
  }
  bool boolean(bool /*value*/) override { return scalar(); }
  bool number_integer(number_integer_t /*value*/) override { return scalar(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return scalar(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return scalar(); }
  bool binary(binary_t& /*value*/) override { return scalar(); }

  bool string(string_t& value) override {
    if (top().at == At::labels) {
      const auto wrong = builder_.add_label(key_, value, note);
      return wrong.empty() || complain(wrong);
    }
    if (top().at == At::annotations && builder_.add_declared(key_, value, note)) return true;
    if (top().at == At::requests) {
      if (key_ == "cpu") entry_.cpu_request = std::move(value);
      return true;
    }
    if (auto* place = string_place()) {
      *place = std::move(value);
      return true;
    }
    return structured_only();
  }

  bool key(string_t& value) override {
    if (top().at != At::skipped) key_ = std::move(value);
    return true;
  }

  bool start_object(std::size_t /*elements*/) override { return open(false); }
  bool start_array(std::size_t /*elements*/) override { return open(true); }
  bool end_array() override { return close(); }

  bool end_object() override {
    const Frame frame = top();
    std::string wrong;
    if (frame.at == At::pod) {
      auto pod = builder_.finish(wrong);
      if (wrong.empty()) pods.push_back(std::move(pod));
    } else if (frame.at == At::spec_container) {
      wrong = builder_.add_spec(frame.kind, entry_, note);
    } else if (frame.at == At::status_container) {
      wrong = builder_.add_status(frame.kind, entry_, note);
    }
    if (frame.at == At::list && !kind_.empty() && kind_ != "PodList") wrong = "it is not a PodList";
    if (!wrong.empty()) return complain(wrong);
    return close();
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*what*/) override {
    // The library's own words quote the input.
    error = "byte " + std::to_string(position) + " is not valid JSON";
    return false;
  }

 private:
  [[nodiscard]] const Frame& top() const { return frames_.back(); }
  /// What we can do without: of another type than it should be, it is skipped and noted.
  static bool is_optional(At at) { return at == At::resources || at == At::requests; }
  static bool is_list(At at) { return at == At::items || at == At::spec_containers || at == At::status_containers; }

  bool complain(const std::string& what) {
    error = what;
    if (items_seen) error += " (pod " + std::to_string(pods.size()) + " of the list)";
    return false;
  }

  bool open(bool array) {
    if (frames_.size() > limits_.depth) return complain("it is nested deeper than " + std::to_string(limits_.depth));
    Frame next{At::skipped, top().kind};
    if (top().at != At::skipped) {
      const bool element = is_list(top().at) || top().at == At::nothing;
      for (const auto& child : grammar) {
        if (child.parent != top().at || (!element && child.key != key_)) continue;
        if (child.array != array) {
          if (!is_optional(child.at)) return complain(wrong_type());
          note = kOddRequest;
          break;
        }
        next.at = child.at;
        if (!element) next.kind = child.kind;
        break;
      }
      if (top().at == At::requests && key_ == "cpu") note = kOddRequest;
      if (next.at == At::skipped && string_is_due()) return complain(wrong_type());
    }
    switch (next.at) {
      case At::items:
        items_seen = true;
        break;
      case At::pod:
        if (pods.size() >= limits_.pods) return complain("it has more than " + std::to_string(limits_.pods) + " pods");
        builder_ = PodBuilder{limits_};
        break;
      case At::spec_container:
      case At::status_container:
        entry_ = {};
        break;
      case At::state_running:
        entry_.running = true;
        break;
      default:
        break;
    }
    frames_.push_back(next);
    key_.clear();
    return true;
  }

  bool close() {
    frames_.pop_back();
    key_.clear();
    return true;
  }

  /// Neither string nor null where a string or a structure was due?
  bool scalar() {
    if (top().at == At::requests && key_ == "cpu") note = kOddRequest;
    return string_is_due() ? complain(wrong_type()) : structured_only();
  }

  bool structured_only() {
    if (top().at == At::nothing || is_list(top().at)) return complain(wrong_type());
    for (const auto& child : grammar) {
      if (child.parent != top().at || child.key.empty() || child.key != key_) continue;
      if (!is_optional(child.at)) return complain(wrong_type());
      note = kOddRequest;
    }
    return true;
  }

  /// Where a string of the present key belongs; null for fields that we do not read.
  std::string* string_place() {
    auto& pod = builder_.pod;
    const std::string_view key{key_};
    switch (top().at) {
      case At::list:
        return key == "kind" ? &kind_ : nullptr;
      case At::metadata:
        if (key == "name") return &pod.name;
        if (key == "namespace") return &pod.ns;
        if (key == "uid") return &pod.uid;
        return key == "deletionTimestamp" ? &builder_.deletion_timestamp : nullptr;
      case At::annotations:
        if (key == "kubernetes.io/config.hash") return &pod.config_hash;
        return key == "kubernetes.io/config.source" ? &builder_.config_source : nullptr;
      case At::spec:
        return key == "nodeName" ? &pod.node : nullptr;
      case At::spec_container:
        if (key == "restartPolicy") return &entry_.restart_policy;
        return key == "name" ? &entry_.name : nullptr;
      case At::status_container:
        if (key == "containerID") return &entry_.container_id;
        return key == "name" ? &entry_.name : nullptr;
      default:
        return nullptr;
    }
  }

  [[nodiscard]] bool string_is_due() { return top().at == At::labels || string_place() != nullptr; }

  [[nodiscard]] std::string wrong_type() const {
    switch (top().at) {
      case At::nothing:
        return "the answer is not an object";
      case At::labels:
        return "a label has the wrong type";
      case At::items:
      case At::spec_containers:
      case At::status_containers:
        return "an entry of a list has the wrong type";
      default:
        return "\"" + key_ + "\" has the wrong type";  // one of our own words: only known keys get here
    }
  }

  PodListLimits limits_;
  PodBuilder builder_;
  std::string kind_;
  ContainerEntry entry_;
  std::vector<Frame> frames_;
  std::string key_;
};

}  // namespace

Result<ParsedPods> parse_pod_list(std::string_view json, const PodListLimits& limits) {
  if (json.size() > limits.bytes) {
    return fail(Errc::protocol, "the pod list is larger than " + std::to_string(limits.bytes) + " bytes");
  }
  try {
    Handler handler{limits};
    const bool done = nlohmann::json::sax_parse(json.begin(), json.end(), &handler);
    if (!done || !handler.error.empty()) {
      return fail(Errc::protocol, "the pod list cannot be read: " + handler.error);
    }
    if (!handler.items_seen) return fail(Errc::protocol, "the pod list cannot be read: it has no \"items\"");
    return ParsedPods{std::move(handler.pods), std::move(handler.note)};
  } catch (const std::exception&) {
    // Nothing in the handler throws but allocation; numbers out of range are the library's out_of_range.
    return fail(Errc::protocol, "the pod list cannot be read: it holds a number out of range, or memory ran out");
  }
}

}  // namespace mus
