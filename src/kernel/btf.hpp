// SPDX-License-Identifier: Apache-2.0
// What the running kernel's type information (BTF) says that it has. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mus/result.hpp"

struct btf;

namespace mus {

class KernelBtf {
 public:
  /// Loads /sys/kernel/btf/vmlinux. Errc::unsupported when the kernel was built without it.
  static Result<KernelBtf> load();

  [[nodiscard]] bool has_function(const char* name) const;
  [[nodiscard]] bool has_struct(const char* name) const;
  /// True where `struct type_name` has a direct member of this name.
  [[nodiscard]] bool has_member(const char* type_name, const char* name) const;
  /// True where a function of this name has a parameter of this one.
  [[nodiscard]] bool has_parameter(const char* function, const char* name) const;
  /// True where `enum type_name` has an enumerator of this name.
  [[nodiscard]] bool has_enumerator(const char* type_name, const char* name) const;

 private:
  struct Free {
    void operator()(btf* types) const;
  };
  explicit KernelBtf(btf* types) : types_(types) {}
  std::unique_ptr<btf, Free> types_;
};

}  // namespace mus
