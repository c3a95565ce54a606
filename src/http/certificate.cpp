// SPDX-License-Identifier: Apache-2.0
#include "http/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

#include "http/socket_address.hpp"

namespace mus {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
using Certificate = std::unique_ptr<X509, Free>;

std::string to_der(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &at);
  return der;
}

Certificate leaf(const ssl_st* session) {
  return Certificate(SSL_get1_peer_certificate(session));
}

/// The names that a certificate is for, as text for a message. They are the server's words: printable ASCII only.
std::string names_of(const X509* certificate) {
  std::string out;
  const auto add = [&out](const unsigned char* text, int size) {
    if (!out.empty()) out += ", ";
    for (int i = 0; i < size && i < 100; ++i) {
      out.push_back(text[i] > 0x20 && text[i] < 0x7f ? static_cast<char>(text[i]) : '?');
    }
  };
  const std::unique_ptr<GENERAL_NAMES, Free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && i < 8; ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add(ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
  }
  if (out.empty()) {
    const auto* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
      const auto* name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
      add(ASN1_STRING_get0_data(name), ASN1_STRING_length(name));
    }
  }
  return out.empty() ? "no name at all" : out;
}

}  // namespace

void start_openssl() {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

Result<std::string> first_certificate_der(const std::string& pem, const std::string& file) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!certificate) {
    return fail(Errc::invalid_argument, file + " holds no certificate in PEM form",
                "It must have a block that starts with -----BEGIN CERTIFICATE-----.");
  }
  return to_der(certificate.get());
}

Result<void> check_pin(const ssl_st* session, const std::string& der) {
  const auto presented = leaf(session);
  if (presented && to_der(presented.get()) == der) return {};
  return fail(
      Errc::unauthorized, "the server's certificate is not the pinned one",
      "If the server's certificate was renewed, pin the new one (--kubelet-pin FILE), or verify it against its CA "
      "(--kubelet-ca FILE and --kubelet-server-name NAME).");
}

Result<void> check_chain_and_name(const ssl_st* session, const std::string& name) {
  const auto presented = leaf(session);
  if (!presented) return fail(Errc::unauthorized, "the server presented no certificate", "");
  if (const long verdict = SSL_get_verify_result(session); verdict != X509_V_OK) {
    return fail(
        Errc::unauthorized,
        std::string("the server's certificate does not lead to the given CA: ") +
            X509_verify_cert_error_string(verdict),
        "Give the CA that signed it (--kubelet-ca FILE), or pin exactly this certificate (--kubelet-pin FILE).");
  }
  const bool matches = is_numeric(name) ? X509_check_ip_asc(presented.get(), name.c_str(), 0) == 1
                                        : X509_check_host(presented.get(), name.c_str(), name.size(), 0, nullptr) == 1;
  if (matches) return {};
  return fail(Errc::unauthorized,
              "the server's certificate is not for " + in_quotes(name) + " but for " + names_of(presented.get()),
              "Say which name to expect (--kubelet-server-name NAME), or pin exactly this certificate (--kubelet-pin "
              "FILE).");
}

}  // namespace mus
