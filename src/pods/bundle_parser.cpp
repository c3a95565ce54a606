// SPDX-License-Identifier: Apache-2.0
#include "pods/bundle_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "pods/names.hpp"

namespace mus {
namespace {

constexpr std::size_t kDeepest = 64;  // runtime-spec's config reaches about 6

/// What a bundle says, as it says it.
struct Said {
  std::string type, ns, pod, uid, container, attempt;
  std::string cgroups_path;
};

struct Annotation {
  std::string_view key;
  std::string Said::* place;
};

// containerd internal/cri/annotations/annotations.go; sandbox-uid from 1.7 on.
constexpr std::array kContainerd{
    Annotation{"io.kubernetes.cri.container-type", &Said::type},
    Annotation{"io.kubernetes.cri.sandbox-namespace", &Said::ns},
    Annotation{"io.kubernetes.cri.sandbox-name", &Said::pod},
    Annotation{"io.kubernetes.cri.sandbox-uid", &Said::uid},
    Annotation{"io.kubernetes.cri.container-name", &Said::container},
};

// CRI-O writes the kubelet's labels last, over whatever the pod's author wrote (internal/factory/container,
// server/sandbox_run_linux.go), so it is these that count, and not its own KubeName and Namespace.
constexpr std::array kCrio{
    Annotation{"io.kubernetes.cri-o.ContainerType", &Said::type},
    Annotation{"io.kubernetes.pod.namespace", &Said::ns},
    Annotation{"io.kubernetes.pod.name", &Said::pod},
    Annotation{"io.kubernetes.pod.uid", &Said::uid},
    Annotation{"io.kubernetes.container.name", &Said::container},
    Annotation{"io.kubernetes.container.restartCount", &Said::attempt},
};
constexpr std::string_view kCrioSandbox = "POD";  // its container's name; no container's, which are lower case

class BundleHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit BundleHandler(BundleMaker maker) : maker_(maker) {}

  Said said;
  std::string error;

  bool null() override { return other(); }
  bool boolean(bool /*value*/) override { return other(); }
  bool number_integer(number_integer_t /*value*/) override { return other(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return other(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return other(); }
  bool binary(binary_t& /*value*/) override { return other(); }
  bool string(string_t& value) override {
    if (depth_ == 0) return complain("it is no object");
    if (auto* place = place_of_key()) *place = std::move(value);
    return true;
  }
  bool key(string_t& value) override {
    if (depth_ == 1) section_ = value == "annotations" ? In::annotations : value == "linux" ? In::linux : In::other;
    if (depth_ == 2 && section_ != In::other) key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t /*elements*/) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*elements*/) override {
    if (depth_ == 0) return complain("it is no object");
    if (depth_ == 1 && section_ != In::other) return complain("a section of it has the wrong type");
    return open();
  }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*what*/) override {
    return complain("byte " + std::to_string(position) + " is not valid JSON");
  }

 private:
  enum class In : std::uint8_t { other, annotations, linux };

  bool complain(std::string what) {
    error = std::move(what);
    return false;
  }
  bool open() {
    if (place_of_key() != nullptr) return complain("an annotation has the wrong type");
    if (++depth_ > kDeepest) return complain("it is nested deeper than " + std::to_string(kDeepest));
    return true;
  }
  bool close() {
    --depth_;
    key_.clear();
    return true;
  }
  bool other() {
    if (depth_ == 0) return complain("it is no object");
    return place_of_key() == nullptr || complain("an annotation has the wrong type");
  }
  std::string* place_of_key() {
    if (depth_ != 2) return nullptr;
    if (section_ == In::linux) return key_ == "cgroupsPath" ? &said.cgroups_path : nullptr;
    if (section_ != In::annotations) return nullptr;
    const auto find = [&](const auto& annotations) -> std::string* {
      const auto found = std::find_if(annotations.begin(), annotations.end(),
                                      [&](const Annotation& annotation) { return annotation.key == key_; });
      return found == annotations.end() ? nullptr : &(said.*found->place);
    };
    return maker_ == BundleMaker::containerd ? find(kContainerd) : find(kCrio);
  }

  BundleMaker maker_;
  In section_ = In::other;
  std::string key_;  ///< of the section's object
  std::size_t depth_ = 0;
};

tl::unexpected<Error> damaged(const std::string& why) {
  return fail(Errc::protocol, "the container's config.json cannot be used: " + why);
}

Result<Bundle> check(Said said, std::string_view id) {
  Bundle bundle;
  auto& identity = bundle.identity;
  // podman's have CRI-O's type, and no pod.
  if (said.type.empty() || (said.ns.empty() && said.pod.empty())) {
    return fail(Errc::not_found, "it is no container of a pod");
  }
  // A pod's author can overwrite the type in CRI-O's bundle of the pod's sandbox, but not the name.
  identity.sandbox = said.type == "sandbox" || said.container == kCrioSandbox;
  if (!valid_label_name(said.ns)) return damaged("the pod's namespace is missing or not a valid name");
  if (!valid_subdomain(said.pod)) return damaged("the pod's name is missing or not a valid name");
  if (!identity.sandbox && !valid_label_name(said.container)) {
    return damaged("the container's name is missing or not a valid name");
  }
  const auto from_path = pod_uid_in(said.cgroups_path);
  if (said.uid.empty()) said.uid = from_path;
  if (!valid_uid(said.uid)) return damaged("the pod's uid is missing or not a valid uid");
  if (!from_path.empty() && from_path != said.uid) {
    return damaged("its annotations and its cgroup are of different pods");
  }
  // At most 10 digits fit; anything else is as good as not said.
  std::uint32_t attempt = 0;
  const auto* end = said.attempt.data() + said.attempt.size();
  const auto [stop, wrong] = std::from_chars(said.attempt.data(), end, attempt);
  if (wrong == std::errc{} && stop == end) bundle.attempt = attempt;
  identity.id = std::string{id};
  identity.ns = std::move(said.ns);
  identity.pod = std::move(said.pod);
  identity.uid = std::move(said.uid);
  if (!identity.sandbox) identity.container = std::move(said.container);
  return bundle;
}

}  // namespace

std::string pod_uid_in(std::string_view cgroups_path) {
  constexpr std::string_view slice = ".slice";
  std::string uid;
  if (const auto colon = cgroups_path.find(':'); colon != std::string_view::npos) {
    auto name = cgroups_path.substr(0, colon);
    if (!name.ends_with(slice)) return {};
    name.remove_suffix(slice.size());
    // The uid has no "-" left in it, so the last "-pod" is the one before it.
    const auto at = name.rfind("-pod");
    if (at == std::string_view::npos) return {};
    uid = name.substr(at + 4);
    if (uid.find('-') != std::string::npos) return {};
    std::replace(uid.begin(), uid.end(), '_', '-');
  } else {
    const auto last = cgroups_path.rfind('/');
    if (last == std::string_view::npos || last == 0) return {};
    auto name = cgroups_path.substr(0, last);
    name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
    if (!name.starts_with("pod")) return {};
    uid = name.substr(3);
  }
  return valid_uid(uid) ? uid : std::string{};
}

Result<Bundle> parse_bundle(std::string_view json, BundleMaker maker, std::string_view id) {
  if (json.size() > kMostBundleBytes) {
    return damaged("it is larger than " + std::to_string(kMostBundleBytes) + " bytes");
  }
  try {
    BundleHandler handler{maker};
    const bool done = nlohmann::json::sax_parse(json.begin(), json.end(), &handler);
    if (!done || !handler.error.empty()) return damaged(handler.error);
    return check(std::move(handler.said), id);
  } catch (const std::exception&) {
    // Nothing in the handler throws but allocation; numbers out of range are the library's out_of_range.
    return damaged("it holds a number out of range, or memory ran out");
  }
}

}  // namespace mus
