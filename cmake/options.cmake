# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags that every target of ours gets.
add_library(mus_flags INTERFACE)
target_compile_options(mus_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           # GCC 12 takes std::string's operator+ for a copy onto itself (GCC bug 105651).
                                           $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                                           -fstack-protector-strong
                                           # The same bytes from every clone: reproducible, and found in the compiler cache.
                                           -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
target_compile_definitions(mus_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> _GNU_SOURCE)

if(MUS_SANITIZE)
  target_compile_options(mus_flags INTERFACE -fsanitize=${MUS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mus_flags INTERFACE -fsanitize=${MUS_SANITIZE})
  set(MUS_STATIC OFF)  # the sanitizers' run-time libraries cannot be linked into a static executable
endif()
if(MUS_FUZZ)
  target_compile_options(mus_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MUS_STATIC)
  target_link_options(mus_flags INTERFACE -static)
endif()
