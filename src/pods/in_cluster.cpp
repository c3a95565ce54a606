// SPDX-License-Identifier: Apache-2.0
#include "pods/in_cluster.hpp"

#include <unistd.h>

namespace mus {

bool has_service_account(const std::string& directory) {
  return access((directory + "/token").c_str(), F_OK) == 0;
}

std::optional<KubeletSettings> in_cluster_kubelet(const KubeletSettings& given, const std::string& node_ip,
                                                  const std::string& directory) {
  constexpr const char* port = ":10250";
  if (!given.url.empty() || node_ip.empty()) return std::nullopt;
  KubeletSettings kubelet = given;
  if (kubelet.token_file.empty()) {
    if (!has_service_account(directory)) return std::nullopt;
    kubelet.token_file = directory + "/token";
  }
  const bool v6 = node_ip.find(':') != std::string::npos;
  kubelet.url = "https://" + (v6 ? "[" + node_ip + "]" : node_ip) + port;
  if (kubelet.ca_file.empty() && kubelet.pin_file.empty()) kubelet.ca_file = directory + "/ca.crt";
  return kubelet;
}

}  // namespace mus
