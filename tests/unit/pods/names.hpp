// SPDX-License-Identifier: Apache-2.0
// A pod and a container of it, and what tests say of sentences.
#pragma once

#include <string>

namespace mus::test {

inline const std::string pod_uid = "3f2c9a10-7b6e-4d1e-9c55-0123456789ab";
inline const std::string pod_uid_ = "3f2c9a10_7b6e_4d1e_9c55_0123456789ab";  ///< in names of slices
inline const std::string other_uid = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
inline const std::string static_uid = "2c8bcf396f1f0616612b8da61fb949d6";  ///< of a static pod
inline const std::string container_id(64, 'e');

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace mus::test
