// SPDX-License-Identifier: Apache-2.0
// A pod and a container of it, as directory names have them.
#pragma once

#include <string>

namespace mus::test {

inline const std::string uid = "3f2c9a10-7b6e-4d1e-9c55-0123456789ab";
inline const std::string uid_ = "3f2c9a10_7b6e_4d1e_9c55_0123456789ab";  ///< with systemd's driver
inline const std::string id(64, 'e');                                    ///< of the container

}  // namespace mus::test
