// SPDX-License-Identifier: Apache-2.0
// The PodSource of a machine without Kubernetes, or without a --kubelet-url.
#pragma once

#include "mus/pod_source.hpp"

namespace mus {

class NoSource final : public PodSource {
 public:
  Result<PodList> list(Freshness /*freshness*/) override {
    return fail(Errc::unsupported, "no kubelet configured, so pods are not known by name",
                "pass --kubelet-url, or use cgroup=, unit= or pid=");
  }
  [[nodiscard]] std::shared_ptr<const PodList> known() const override { return nullptr; }
  [[nodiscard]] PodSourceState state() const override {
    return {"none", {}, "no kubelet configured: pass --kubelet-url, or use cgroup=, unit= or pid="};
  }
};

}  // namespace mus
