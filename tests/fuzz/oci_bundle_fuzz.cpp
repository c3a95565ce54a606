// SPDX-License-Identifier: Apache-2.0
// Whatever stands in a bundle's config.json: an error, or an identity of valid names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pods/bundle_parser.hpp"
#include "pods/names.hpp"

namespace mus::fuzz {

inline void oci_bundle(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const std::string id(64, 'a');
  for (const auto maker : {BundleMaker::containerd, BundleMaker::crio}) {
    const auto bundle = parse_bundle(input, maker, id);
    if (!bundle) {
      require(bundle.error().code == Errc::protocol || bundle.error().code == Errc::not_found);
      require(!bundle.error().message.empty());
      for (const char c : bundle.error().message) require(c >= ' ' && c <= '~');
      continue;
    }
    const auto& identity = bundle->identity;
    require(identity.id == id && valid_label_name(identity.ns) && valid_subdomain(identity.pod));
    require(valid_uid(identity.uid));
    require(identity.sandbox ? identity.container.empty() : valid_label_name(identity.container));
  }
  const auto uid = pod_uid_in(input);
  require(uid.empty() || valid_uid(uid));
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::oci_bundle({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
