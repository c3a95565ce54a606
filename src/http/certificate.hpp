// SPDX-License-Identifier: Apache-2.0
// Is the server the one that was meant? OpenSSL behind two questions.
#pragma once

#include <string>

#include "mus/result.hpp"

struct ssl_st;

namespace mus {

/// The first certificate of a PEM text, as DER.
[[nodiscard]] Result<std::string> first_certificate_der(const std::string& pem, const std::string& file);

/// After a handshake: the presented leaf is exactly this certificate. Its dates and issuer do not matter then.
[[nodiscard]] Result<void> check_pin(const ssl_st* session, const std::string& der);

/// After a handshake: OpenSSL found a chain to the given CA, and the leaf is for this name or numeric address.
[[nodiscard]] Result<void> check_chain_and_name(const ssl_st* session, const std::string& name);

/// Starts OpenSSL without its configuration file, which could load modules that a static executable cannot have.
void start_openssl();

}  // namespace mus
