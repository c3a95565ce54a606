// SPDX-License-Identifier: Apache-2.0
#include "kernel/btf.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

namespace mus {

void KernelBtf::Free::operator()(btf* types) const {
  btf__free(types);
}

Result<KernelBtf> KernelBtf::load() {
  btf* types = btf__load_vmlinux_btf();
  if (types == nullptr) {
    return fail(Errc::unsupported, std::string("the kernel's type information cannot be read: ") + std::strerror(errno),
                "run a kernel built with CONFIG_DEBUG_INFO_BTF=y (/sys/kernel/btf/vmlinux)");
  }
  return KernelBtf(types);
}

bool KernelBtf::has_function(const char* name) const {
  return btf__find_by_name_kind(types_.get(), name, BTF_KIND_FUNC) > 0;
}

bool KernelBtf::has_struct(const char* name) const {
  return btf__find_by_name_kind(types_.get(), name, BTF_KIND_STRUCT) > 0;
}

bool KernelBtf::has_member(const char* type_name, const char* name) const {
  const __s32 id = btf__find_by_name_kind(types_.get(), type_name, BTF_KIND_STRUCT);
  if (id <= 0) return false;
  const btf_type* type = btf__type_by_id(types_.get(), static_cast<__u32>(id));
  for (__u16 i = 0; i < btf_vlen(type); ++i) {
    if (std::strcmp(btf__name_by_offset(types_.get(), btf_members(type)[i].name_off), name) == 0) return true;
  }
  return false;
}

bool KernelBtf::has_parameter(const char* function, const char* name) const {
  const __s32 id = btf__find_by_name_kind(types_.get(), function, BTF_KIND_FUNC);
  if (id <= 0) return false;
  const btf_type* type = btf__type_by_id(types_.get(), btf__type_by_id(types_.get(), static_cast<__u32>(id))->type);
  for (__u16 i = 0; i < btf_vlen(type); ++i) {
    if (std::strcmp(btf__name_by_offset(types_.get(), btf_params(type)[i].name_off), name) == 0) return true;
  }
  return false;
}

bool KernelBtf::has_enumerator(const char* type_name, const char* name) const {
  // Kernels whose BTF was encoded without 64-bit enums carry this one as a 32-bit enum: look at both.
  for (const auto kind : {__u32{BTF_KIND_ENUM}, __u32{BTF_KIND_ENUM64}}) {
    const __s32 id = btf__find_by_name_kind(types_.get(), type_name, kind);
    if (id <= 0) continue;
    const btf_type* type = btf__type_by_id(types_.get(), static_cast<__u32>(id));
    for (__u16 i = 0; i < btf_vlen(type); ++i) {
      const __u32 offset = kind == BTF_KIND_ENUM ? btf_enum(type)[i].name_off : btf_enum64(type)[i].name_off;
      if (std::strcmp(btf__name_by_offset(types_.get(), offset), name) == 0) return true;
    }
  }
  return false;
}

}  // namespace mus
