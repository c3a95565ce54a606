// SPDX-License-Identifier: Apache-2.0
// What container runtimes and the kubelet leave on the node's disk about its containers, read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mus/result.hpp"
#include "pods/bundle_parser.hpp"
#include "pods/log_link.hpp"

namespace mus {

struct RuntimeLimits {
  std::size_t bundles = 16384;  ///< in one runtime's directory; a full node has about 1000
  std::size_t links = 65536;
};

/// One look at a node.
struct RuntimeFiles {
  std::vector<Bundle> bundles;
  std::vector<LogLink> links;
  std::string runtimes;  ///< whose bundles they are: "containerd", "k3s, CRI-O"; empty: there are none
  std::string missing;   ///< why a container may be missing, as the end of a sentence; empty: none is
};

class RuntimeReader {
 public:
  explicit RuntimeReader(std::string host_root, RuntimeLimits limits = {});

  /// Reads only what it has not seen before: a bundle does not change as long as it is there, and ids are used once.
  /// Errc::unsupported: no runtime has left anything; unavailable: nothing of it can be read. Not for two threads at
  /// once.
  Result<RuntimeFiles> look();

  /// One container's bundle. Errors as ContainerLookup::identify. Thread-safe.
  [[nodiscard]] Result<Bundle> find(std::string_view id) const;

 private:
  struct Seen {
    bool of_a_pod = false;
    Bundle bundle;
  };
  using SeenBundles = std::unordered_map<std::string, Seen>;

  const std::string host_root_;
  const RuntimeLimits limits_;
  SeenBundles seen_;
};

}  // namespace mus
