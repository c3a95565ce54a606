// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include "http/socket_address.hpp"

namespace mus {

Result<Url> parse_url(std::string_view text) {
  const std::string whole(text);
  Url url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.tls = false;
    text.remove_prefix(7);
  } else {
    return fail(Errc::invalid_argument, in_quotes(whole) + " is not an http or https URL.",
                "Write it like https://127.0.0.1:10250.");
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#@") != std::string_view::npos) {
    return fail(Errc::invalid_argument, in_quotes(whole) + " has more than a host and a port.",
                "Write it like https://127.0.0.1:10250.");
  }
  auto address = split_host_port(text, url.tls ? 443 : 80);
  if (!address) return tl::unexpected(address.error());
  if (auto hosts = numeric_hosts(address->host); !hosts) return tl::unexpected(hosts.error());
  url.host = std::move(address->host);
  url.port = address->port;
  return url;
}

}  // namespace mus
