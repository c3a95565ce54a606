// SPDX-License-Identifier: Apache-2.0
// What one boost gives, and which boost gives how much, while everybody else's stay as they are. Pure arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mus {

/// A cgroup with a boost of this weight is entitled to so many of the node's CPUs. From a share x of the node and the
/// odds x / (1 - x) follow all others: a weight multiplies the cgroup's part and nobody else's, so odds grow as weights
/// do.
struct Entitlement {
  double cpus = 0;
  std::uint32_t weight = 1024;
  double node_cpus = 1;

  /// CPUs that it would be entitled to with another weight.
  [[nodiscard]] double cpus_at(double other) const {
    const double grown = odds(cpus / node_cpus) * other / weight;
    return node_cpus * grown / (1 + grown);
  }
  /// The weight with which it would be entitled to so many.
  [[nodiscard]] double weight_for(double wanted) const {
    return weight * odds(wanted / node_cpus) / odds(cpus / node_cpus);
  }

 private:
  // Beyond these a look at the tree tells nothing: whoever has a node to himself has all of it at any weight.
  static constexpr double kLeast = 0.001;
  static constexpr double kMost = 0.98;
  static double odds(double part) {
    const double x = std::clamp(part, kLeast, kMost);
    return x / (1 - x);
  }
};

}  // namespace mus
