# SPDX-License-Identifier: Apache-2.0
# mus_room(NAME SOURCES a.cpp b.cpp [LIBS lib ...]): one static library per room of src/. A room sees include/mus and
# its own folder, and links privately, so that what it touches stays inside it. tests/imports checks the same by text.
add_library(mus_contracts INTERFACE)
add_library(mus::contracts ALIAS mus_contracts)
target_include_directories(mus_contracts INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(mus_contracts INTERFACE mus_flags mus_deps_expected mus_version)

# Each commit configures again: what a build says of itself is what it was made from.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --path-format=absolute --git-path logs/HEAD
                OUTPUT_VARIABLE MUS_GIT_LOG OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(EXISTS "${MUS_GIT_LOG}")
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MUS_GIT_LOG})
endif()
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE MUS_GIT_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT MUS_GIT_REVISION)
  set(MUS_GIT_REVISION unknown)
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.cpp.in ${PROJECT_BINARY_DIR}/version.cpp @ONLY)
add_library(mus_version STATIC ${PROJECT_BINARY_DIR}/version.cpp)
target_include_directories(mus_version PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(mus_version PRIVATE mus_flags)

function(mus_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBS" ${ARGN})
  add_library(mus_${name} STATIC ${ROOM_SOURCES})
  add_library(mus::${name} ALIAS mus_${name})
  # Headers of a room are included as "<room>/file.hpp", by main and by tests only.
  target_include_directories(mus_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(mus_${name} PUBLIC mus_contracts PRIVATE ${ROOM_LIBS})
endfunction()
