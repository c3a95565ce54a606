// SPDX-License-Identifier: Apache-2.0
// Combinations of options that cannot be meant, each answered with a sentence that says what to give instead.
#include <cmath>
#include <string_view>

#include "cli/command.hpp"

namespace mus {
namespace {

// The host of "scheme://host:port/path", without brackets.
std::string_view host_of(std::string_view url) {
  auto rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('/'));
  if (!rest.empty() && rest[0] == '[') return rest.substr(1, rest.find(']') - 1);
  return rest.substr(0, rest.find(':'));
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// How its certificate is known, and who we are.
std::optional<std::string> certificate_contradiction(const KubeletSettings& kubelet) {
  if (kubelet.client_cert.empty() != kubelet.client_key.empty()) {
    return "--kubelet-client-cert and --kubelet-client-key come together: one of them is missing";
  }
  if (!kubelet.ca_file.empty() && !kubelet.pin_file.empty()) {
    return "--kubelet-ca and --kubelet-pin exclude each other: verify by an authority, or pin the leaf";
  }
  return std::nullopt;
}

/// The kubelet at --node-ip: how to know it has a default, the service account's CA.
std::optional<std::string> node_ip_contradiction(const std::string& node_ip, const KubeletSettings& kubelet) {
  if (node_ip.find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos) {
    return "--node-ip needs a numeric address, for example 192.0.2.7 or 2001:db8::7";
  }
  if (kubelet.readonly) return "--kubelet-readonly needs --kubelet-url: its port is not the one behind --node-ip";
  if (!kubelet.server_name.empty() && !kubelet.pin_file.empty()) {
    return "--kubelet-server-name goes with an authority; a pinned certificate needs no name";
  }
  return certificate_contradiction(kubelet);
}

std::optional<std::string> kubelet_contradiction(const std::string& node_ip, const KubeletSettings& kubelet) {
  if (kubelet.url.empty()) {
    if (!node_ip.empty()) return node_ip_contradiction(node_ip, kubelet);
    if (kubelet == KubeletSettings{}) return std::nullopt;
    return "the --kubelet-* options need --kubelet-url, for example https://127.0.0.1:10250, or in a pod --node-ip";
  }
  const bool https = kubelet.url.starts_with("https://");
  if (!https && !kubelet.url.starts_with("http://")) {
    return "--kubelet-url must begin with https:// (or http:// for the read-only port)";
  }
  if (host_of(kubelet.url).empty()) return "--kubelet-url names no host";
  if (auto wrong = certificate_contradiction(kubelet)) return wrong;
  if (https) {
    if (kubelet.readonly) return "--kubelet-readonly is for the plain http:// port; with https:// leave it out";
    if (kubelet.ca_file.empty() && kubelet.pin_file.empty()) {
      return "https:// needs --kubelet-ca or --kubelet-pin: the kubelet's certificate is always verified";
    }
    if (!kubelet.server_name.empty() && kubelet.ca_file.empty()) {
      return "--kubelet-server-name goes with --kubelet-ca; a pinned certificate needs no name";
    }
    return std::nullopt;
  }
  if (!kubelet.readonly) {
    return "plain http:// needs --kubelet-readonly, which says that the kubelet's read-only port is meant";
  }
  if (!is_loopback_host(host_of(kubelet.url))) {
    return "plain http:// is accepted on a loopback address only: anybody in between could name the pods";
  }
  if (!kubelet.token_file.empty()) return "--kubelet-token-file needs https://: a token goes over verified TLS only";
  if (!kubelet.client_cert.empty() || !kubelet.ca_file.empty() || !kubelet.pin_file.empty() ||
      !kubelet.server_name.empty()) {
    return "certificates need https://, but --kubelet-url says http://";
  }
  return std::nullopt;
}

/// "ADDRESS:PORT" by its shape, or nothing at all.
bool is_place(const std::string& text) {
  const auto colon = text.rfind(':');
  return text.empty() || (colon != std::string::npos && colon != 0 && colon + 1 != text.size());
}

}  // namespace

std::optional<std::string> find_contradiction(const Options& options) {
  if (options.socket.empty()) return "--socket needs a path: the command line talks over it";
  if (options.state_dir.empty()) return "--state-dir needs a path";
  if (!is_place(options.listen)) {
    return "--listen needs ADDRESS:PORT, for example 127.0.0.1:9797, or '' to turn TCP off";
  }
  if (!is_place(options.metrics_listen)) return "--metrics-listen needs ADDRESS:PORT, for example 0.0.0.0:9798";
  if (options.host_root.empty()) return "--host-root needs a path: '/', unless the node's root is mounted elsewhere";
  // "nan" is within any range to CLI11.
  if (std::isnan(options.scheduler.boost_ceiling) || std::isnan(options.scheduler.node_floor)) {
    return "--boost-ceiling and --node-floor are parts of the CPUs: give numbers, for example 0.75 and 0.1";
  }
  return kubelet_contradiction(options.node_ip, options.kubelet);
}

}  // namespace mus
