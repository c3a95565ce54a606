// SPDX-License-Identifier: Apache-2.0
// What this build calls itself. The words are in a file of their own, which the build writes: what includes this is
// not compiled again for each commit. Valid for the whole life of the program, from any thread.
#pragma once

namespace mus {
extern const char* const kVersion;      // "0.1.0"
extern const char* const kGitRevision;  // as `git describe` says it, or "unknown" outside a checkout
}  // namespace mus
