// SPDX-License-Identifier: Apache-2.0
// The letters that Kubernetes allows in names. Checked because names reach logs, terminals and JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mus {

/// DNS-1123 subdomain (pods, nodes): lower-case letters, digits, "-" and ".", 1 to 253.
[[nodiscard]] bool valid_subdomain(std::string_view name);
/// DNS-1123 label (namespaces, containers): the same without ".", 1 to 63.
[[nodiscard]] bool valid_label_name(std::string_view name);
/// metadata.uid and config.hash: letters, digits and "-", 1 to 128 (static pods' manifests may set any).
[[nodiscard]] bool valid_uid(std::string_view uid);
/// Label keys ([prefix/]name, up to 317) and values (up to 63, may be empty).
[[nodiscard]] bool valid_label(std::string_view key, std::string_view value);
/// A runtime's: 12 to 64 lower-case hexadecimal digits (all runtimes make 64; 12 are docker's short form).
[[nodiscard]] bool valid_container_id(std::string_view id);
/// "containerd://<hex>" -> "<hex>"; none for anything else.
[[nodiscard]] std::optional<std::string> container_id_of(std::string_view text);

}  // namespace mus
