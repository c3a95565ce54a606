# SPDX-License-Identifier: Apache-2.0
# bpf/*.bpf.c -> object (clang, BPF target) -> skeleton header (bpftool), in <build>/include-bpf/mus.skel.h.
find_program(MUS_BPF_CLANG NAMES clang-19 clang-20 clang-21 clang REQUIRED)
set(MUS_BPFTOOL ${MUS_DEPS}/bin/bpftool)
set(MUS_BPF_DIR ${PROJECT_SOURCE_DIR}/bpf)
set(MUS_SKEL_DIR ${PROJECT_BINARY_DIR}/include-bpf)
file(MAKE_DIRECTORY ${MUS_SKEL_DIR})
file(GLOB MUS_BPF_HEADERS CONFIGURE_DEPENDS ${MUS_BPF_DIR}/*.h)

# -fms-extensions: vmlinux.h of 7.x has tagged anonymous members; without it local layouts are silently wrong.
# -mcpu=v3: atomics with a result and 32-bit jumps, in every kernel that has sched_ext.
add_custom_command(
  OUTPUT ${MUS_SKEL_DIR}/mus.bpf.o
  COMMAND ${MUS_BPF_CLANG} -g -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -fdebug-compilation-dir=. -O2 -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations -Werror -fms-extensions
          -Wno-microsoft-anon-tag -target bpf -mcpu=v3 -D__TARGET_ARCH_x86
          -I${MUS_BPF_DIR} -I${PROJECT_SOURCE_DIR}/include -isystem ${MUS_DEPS}/include-bpf -isystem ${MUS_DEPS}/include
          -c ${MUS_BPF_DIR}/mus.bpf.c -o mus.tmp.o
  COMMAND ${MUS_BPFTOOL} gen object mus.bpf.o mus.tmp.o
  DEPENDS ${MUS_BPF_DIR}/mus.bpf.c ${MUS_BPF_HEADERS} ${PROJECT_SOURCE_DIR}/include/mus/abi.h
  WORKING_DIRECTORY ${MUS_SKEL_DIR}
  COMMENT "BPF object mus.bpf.o" VERBATIM)

# bpftool 7.5 writes `map->link = ...` for struct_ops maps, a field that libbpf before 1.5 does not have and that we
# do not use (the link is ours): drop those lines so that either libbpf serves.
add_custom_command(
  OUTPUT ${MUS_SKEL_DIR}/mus.skel.h
  COMMAND sh -c "'${MUS_BPFTOOL}' gen skeleton mus.bpf.o name mus_bpf | sed '/map->link = /d' > mus.skel.h.tmp && mv mus.skel.h.tmp mus.skel.h"
  DEPENDS ${MUS_SKEL_DIR}/mus.bpf.o
  WORKING_DIRECTORY ${MUS_SKEL_DIR}
  COMMENT "BPF skeleton mus.skel.h" VERBATIM)
add_custom_target(mus_skeleton DEPENDS ${MUS_SKEL_DIR}/mus.skel.h)
