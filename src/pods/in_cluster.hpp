// SPDX-License-Identifier: Apache-2.0
// The kubelet of the node on whose pod we are.
#pragma once

#include <optional>
#include <string>

#include "mus/options.hpp"

namespace mus {

/// Where Kubernetes mounts a pod's service account.
inline constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

[[nodiscard]] bool has_service_account(const std::string& directory = kServiceAccount);

/// How to ask the kubelet at `node_ip`: with the service account's token, and its CA unless `given` says how to know
/// the kubelet's certificate. None when `given` has a URL, there is no address, or no token.
[[nodiscard]] std::optional<KubeletSettings> in_cluster_kubelet(const KubeletSettings& given,
                                                                const std::string& node_ip,
                                                                const std::string& directory = kServiceAccount);

}  // namespace mus
