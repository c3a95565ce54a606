// SPDX-License-Identifier: Apache-2.0
#include "pods/runtime_files.hpp"

#include <array>
#include <optional>
#include <utility>

#include "pods/host_directory.hpp"
#include "pods/names.hpp"

namespace mus {
namespace {

/// Where a runtime keeps a directory for each container, named by its id.
struct BundlePlace {
  const char* runtime;
  const char* path;
  const char* file;  ///< in the container's directory
  BundleMaker maker;
};

// containerd: defaults/defaults_linux.go (state), core/runtime/v2/bundle.go, the CRI plugin's namespace "k8s.io"; k3s
// (RKE2 too) and k0s start it with a state directory of their own. CRI-O: the run directory of containers/storage.
constexpr std::array kPlaces{
    BundlePlace{"containerd", "run/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json",
                BundleMaker::containerd},
    BundlePlace{"k3s", "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json",
                BundleMaker::containerd},
    BundlePlace{"k0s", "run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json",
                BundleMaker::containerd},
    BundlePlace{"CRI-O", "run/containers/storage/overlay-containers", "userdata/config.json", BundleMaker::crio},
};
constexpr const char* kLinks = "var/log/containers";

/// Reasons why containers may be missing: the first one, and how many.
class MissingContainers {
 public:
  void add(const std::string& why) {
    if (count_++ == 0) first_ = why;
  }
  [[nodiscard]] std::string text() const {
    return count_ < 2 ? first_ : first_ + " (and " + std::to_string(count_ - 1) + " more)";
  }

 private:
  std::size_t count_ = 0;
  std::string first_;
};

/// A directory with its names; none when it is not there, or cannot be read, which goes to `missing`.
struct ListedDirectory {
  HostDirectory directory;
  std::vector<std::string> names;
};
std::optional<ListedDirectory> list_directory(const std::string& root, const std::string& path, std::size_t limit,
                                              MissingContainers& missing) {
  auto directory = HostDirectory::open(root, path);
  if (!directory) {
    if (directory.error().code != Errc::not_found) missing.add(directory.error().message);
    return std::nullopt;
  }
  auto names = directory->names(limit);
  if (!names) {
    missing.add("/" + path + ": " + names.error().message);
    return std::nullopt;
  }
  if (!names->all) missing.add("/" + path + " has more than " + std::to_string(limit) + " entries");
  return ListedDirectory{std::move(*directory), std::move(names->names)};
}

Result<Bundle> parse_file(const HostDirectory::File& file, const BundlePlace& place, std::string_view id) {
  auto bundle = parse_bundle(file.text, place.maker, id);
  if (bundle) bundle->modified_ns = file.modified_ns;
  return bundle;
}

std::string file_of(const BundlePlace& place, std::string_view id) {
  return std::string{id} + "/" + place.file;
}

}  // namespace

RuntimeReader::RuntimeReader(std::string host_root, RuntimeLimits limits)
    : host_root_(std::move(host_root)), limits_(limits) {}

Result<RuntimeFiles> RuntimeReader::look() {
  RuntimeFiles out;
  MissingContainers missing;
  SeenBundles seen;
  std::string empty_place;
  for (const auto& place : kPlaces) {
    const auto listed = list_directory(host_root_, place.path, limits_.bundles, missing);
    if (!listed) continue;
    empty_place = place.path;
    const auto before = out.bundles.size();
    for (const auto& id : listed->names) {
      if (!valid_container_id(id)) continue;
      if (auto known = seen_.extract(id)) {
        if (known.mapped().of_a_pod) out.bundles.push_back(known.mapped().bundle);
        seen.insert(std::move(known));
        continue;
      }
      const auto file = listed->directory.read(file_of(place, id), kMostBundleBytes);
      if (!file && file.error().code == Errc::not_found) continue;  // not written yet, or just removed
      auto bundle = file ? parse_file(*file, place, id) : tl::unexpected(file.error());
      if (bundle) {
        out.bundles.push_back(*bundle);
        seen.insert_or_assign(id, Seen{true, std::move(*bundle)});
      } else if (bundle.error().code == Errc::not_found) {
        seen.insert_or_assign(id, Seen{});
      } else {
        missing.add("container " + id + ": " + bundle.error().message);  // again at the next look: half written?
      }
    }
    if (out.bundles.size() != before) out.runtimes.append(out.runtimes.empty() ? "" : ", ").append(place.runtime);
  }
  seen_ = std::move(seen);
  const auto links = list_directory(host_root_, kLinks, limits_.links, missing);
  if (links) {
    for (const auto& name : links->names) {
      if (auto link = parse_log_link(name, links->directory.link(name))) out.links.push_back(std::move(*link));
    }
  }
  // An empty directory is no proof that nothing runs: it may have been made to be mounted.
  if (out.bundles.empty() && !empty_place.empty()) missing.add("there is no container of a pod in /" + empty_place);
  out.missing = missing.text();
  if (!empty_place.empty() || links) return out;
  if (!out.missing.empty()) {
    return fail(Errc::unavailable, "the container runtime's files cannot be read: " + out.missing,
                "run as root, or pass --kubelet-url");
  }
  return fail(
      Errc::unsupported, "no container runtime's files are below " + host_root_,
      "pass --kubelet-url, or --host-root where the node's root directory is elsewhere; cgroup=, unit= and pid= "
      "need neither");
}

Result<Bundle> RuntimeReader::find(std::string_view id) const {
  if (!valid_container_id(id)) return fail(Errc::invalid_argument, "that is no container's id");
  for (const auto& place : kPlaces) {
    const auto directory = HostDirectory::open(host_root_, place.path);
    if (!directory && directory.error().code == Errc::not_found) continue;
    if (!directory) return tl::unexpected(directory.error());
    const auto file = directory->read(file_of(place, id), kMostBundleBytes);
    if (!file && file.error().code == Errc::not_found) continue;
    if (!file) return tl::unexpected(file.error());
    return parse_file(*file, place, id);
  }
  return fail(Errc::not_found, "no runtime has files of container " + std::string{id},
              "it has ended, or its runtime leaves none");
}

}  // namespace mus
