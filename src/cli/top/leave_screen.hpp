// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mus::top {

/// Writes what ends the alternate screen and shows the cursor, for one who died without doing so.
void leave_screen();

}  // namespace mus::top
