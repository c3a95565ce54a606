# SPDX-License-Identifier: Apache-2.0
# Third-party libraries as targets mus_deps_*. Those under MUS_DEPS come from the prefix that ./dev setup fills (see
# scripts/deps.sh for why each is not simply the distribution's); the others are the distribution's own.
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL 3.0 REQUIRED)

function(mus_imported name)
  add_library(mus_deps_${name} INTERFACE)
endfunction()

# tl::expected, header only (libexpected-dev).
mus_imported(expected)

# libbpf, static, with the libelf that links statically.
mus_imported(bpf)
target_include_directories(mus_deps_bpf SYSTEM INTERFACE ${MUS_DEPS}/include)
find_library(MUS_ZSTD NAMES libzstd.a REQUIRED)
find_library(MUS_ZLIB NAMES libz.a REQUIRED)
target_link_libraries(mus_deps_bpf INTERFACE ${MUS_DEPS}/lib/libbpf.a ${MUS_DEPS}/lib/libelf.a ${MUS_ZLIB} ${MUS_ZSTD})

# cpp-httplib, the single header.
mus_imported(httplib)
target_include_directories(mus_deps_httplib SYSTEM INTERFACE ${MUS_DEPS}/include)
# MSG_NOSIGNAL: a client whose server goes away gets an error, not a deadly SIGPIPE.
target_compile_definitions(mus_deps_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_SEND_FLAGS=MSG_NOSIGNAL)
target_link_libraries(mus_deps_httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

mus_imported(json)
target_link_libraries(mus_deps_json INTERFACE nlohmann_json::nlohmann_json)

mus_imported(cli11)
target_link_libraries(mus_deps_cli11 INTERFACE CLI11::CLI11)

# ncurses without wide characters: what is drawn is ASCII.
mus_imported(ncurses)
find_library(MUS_NCURSES NAMES libncurses.a REQUIRED)
find_library(MUS_TINFO NAMES libtinfo.a REQUIRED)
target_link_libraries(mus_deps_ncurses INTERFACE ${MUS_NCURSES} ${MUS_TINFO})

# spdlog and fmt, both header-only: Debian 12's libfmt-dev has no static library.
mus_imported(spdlog)
target_compile_definitions(mus_deps_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
target_link_libraries(mus_deps_spdlog INTERFACE Threads::Threads)

mus_imported(catch2)
target_include_directories(mus_deps_catch2 SYSTEM INTERFACE ${MUS_DEPS}/include)
target_link_libraries(mus_deps_catch2 INTERFACE ${MUS_DEPS}/lib/libCatch2Main.a ${MUS_DEPS}/lib/libCatch2.a)
