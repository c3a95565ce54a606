// SPDX-License-Identifier: Apache-2.0
#include "cgroup/kube_layout.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace mus::kube {
namespace {

constexpr std::size_t max_uid = 128;
constexpr std::array<std::string_view, 2> qos_names{"burstable", "besteffort"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

/// "kubepods" or "<prefix>-kubepods": every prefix of a slice's name is a level of the tree, so --cgroup-root=/kubelet
/// (kind) makes kubelet-kubepods.slice.
bool is_root_stem(std::string_view stem) {
  return stem == "kubepods" || stem.ends_with("-kubepods");
}

bool is_qos_stem(std::string_view stem) {
  return std::any_of(qos_names.begin(), qos_names.end(), [&](std::string_view qos) {
    auto rest = stem;
    return take_suffix(rest, qos) && take_suffix(rest, "-") && is_root_stem(rest);
  });
}

bool is_root(std::string_view name) {
  return name == "kubepods" || (take_suffix(name, ".slice") && is_root_stem(name));
}

bool is_qos(std::string_view name) {
  if (std::find(qos_names.begin(), qos_names.end(), name) != qos_names.end()) return true;
  return take_suffix(name, ".slice") && is_qos_stem(name);
}

std::optional<std::string> pod_uid(std::string_view name) {
  if (take_suffix(name, ".slice")) {
    // The uid has no "-" left in it, so the last "-pod" is the one before it.
    const auto at = name.rfind("-pod");
    if (at == std::string_view::npos) return std::nullopt;
    const auto stem = name.substr(0, at);
    if (!is_root_stem(stem) && !is_qos_stem(stem)) return std::nullopt;
    std::string uid{name.substr(at + 4)};
    if (uid.find('-') != std::string::npos) return std::nullopt;
    std::replace(uid.begin(), uid.end(), '_', '-');
    return valid_uid(uid) ? std::optional{std::move(uid)} : std::nullopt;
  }
  if (!name.starts_with("pod")) return std::nullopt;
  name.remove_prefix(3);
  return valid_uid(name) ? std::optional{std::string{name}} : std::nullopt;
}

/// CRI-O's dropped-infra sandboxes are "crio-<id>" without ".scope"; "crio-conmon-<id>.scope" is the monitor.
std::optional<std::string> container_id(std::string_view name) {
  take_suffix(name, ".scope");
  for (const std::string_view runtime : {"cri-containerd-", "crio-", "docker-", "libpod-"}) {
    if (name.starts_with(runtime)) {
      name.remove_prefix(runtime.size());
      break;
    }
  }
  // All runtimes make 64 digits; 12 are docker's short form.
  if (name.size() < 12 || name.size() > 64) return std::nullopt;
  const auto hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(name.begin(), name.end(), hex)) return std::nullopt;
  return std::string{name};
}

}  // namespace

bool valid_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= max_uid &&
         std::all_of(uid.begin(), uid.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

Step step(Place parent, std::string_view name) {
  switch (parent) {
    case Place::outside:
      return {is_root(name) ? Place::kubepods : Place::outside, {}};
    case Place::kubepods:
      if (is_qos(name)) return {Place::qos, {}};
      [[fallthrough]];
    case Place::qos:
      if (auto uid = pod_uid(name)) return {Place::pod, std::move(*uid)};
      break;
    case Place::pod:
      if (auto id = container_id(name)) return {Place::container, std::move(*id)};
      break;
    case Place::container:
    case Place::beyond:
      break;
  }
  return {Place::beyond, {}};
}

Step place_of(std::string_view path) {
  Step at;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    if (!name.empty()) at = step(at.place, name);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return at;
}

std::vector<std::string> usual_pod_paths(std::string_view uid) {
  if (!valid_uid(uid)) return {};
  const std::string plain{uid};
  std::string escaped{uid};
  std::replace(escaped.begin(), escaped.end(), '-', '_');
  std::vector<std::string> paths{"/kubepods.slice/kubepods-pod" + escaped + ".slice", "/kubepods/pod" + plain};
  for (const auto qos_name : qos_names) {
    const std::string qos{qos_name};
    const std::string stem = "kubepods-" + qos;
    std::string slice{"/kubepods.slice/"};
    slice.append(stem).append(".slice/").append(stem).append("-pod").append(escaped).append(".slice");
    paths.push_back(std::move(slice));
    std::string directory{"/kubepods/"};
    paths.push_back(std::move(directory.append(qos).append("/pod").append(plain)));
  }
  return paths;
}

}  // namespace mus::kube
