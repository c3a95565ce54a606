// SPDX-License-Identifier: Apache-2.0
// Certificates made for one test run.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/temp_dir.hpp"

namespace mus::test {

class Identity {
 public:
  /// Signed by `issuer`, or by itself. `san`: "DNS:node-1", "IP:127.0.0.1"; empty: none.
  Identity(const std::string& name, const std::string& san, const Identity* issuer = nullptr)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serial = 0;
    auto* x = certificate_.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const auto& signer = issuer != nullptr ? *issuer : *this;
    X509_set_issuer_name(x, X509_get_subject_name(signer.certificate_.get()));
    if (issuer == nullptr) extend(NID_basic_constraints, "critical,CA:TRUE");
    if (!san.empty()) extend(NID_subject_alt_name, san.c_str());
    if (X509_sign(x, signer.key_.get(), EVP_sha256()) == 0) throw std::runtime_error("X509_sign");
  }

  /// Writes <name>.crt and <name>.key, and returns the first's path.
  std::string write(const TempDir& directory, const std::string& name) const {
    const auto base = directory.str() + "/" + name;
    const std::unique_ptr<BIO, int (*)(BIO*)> crt(BIO_new_file((base + ".crt").c_str(), "w"), BIO_free);
    const std::unique_ptr<BIO, int (*)(BIO*)> key(BIO_new_file((base + ".key").c_str(), "w"), BIO_free);
    PEM_write_bio_X509(crt.get(), certificate_.get());
    PEM_write_bio_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return base + ".crt";
  }

 private:
  void extend(int nid, const char* value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace mus::test
