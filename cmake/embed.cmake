# SPDX-License-Identifier: Apache-2.0
# mus_embed(NAME FILE HEADER): in this folder's build, NAME.cpp with the text of FILE as the constant mus::k<NAME> that
# HEADER declares. Names of CMake variables between @ in it are replaced.
function(mus_embed name file header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  file(READ ${file} text)
  string(CONFIGURE "${text}" text @ONLY)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp @ONLY CONTENT
"// SPDX-License-Identifier: Apache-2.0
#include \"@header@\"

namespace mus {
const std::string_view k@name@ = R\"embedded(@text@)embedded\";
}  // namespace mus
")
endfunction()
