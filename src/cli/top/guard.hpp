// SPDX-License-Identifier: Apache-2.0
// A terminal that is usable again whatever happens to the program that draws on it.
#pragma once

#include <functional>
#include <iosfwd>

namespace mus::top {

/// Runs `view` in a child process and waits for it. When that dies without having put the terminal in order, killed or
/// crashed, the parent does, and says so; when the parent dies, the child is told to end by a SIGTERM. Signals that ask
/// to end go to the child. Returns in both processes: what `view` returned in the child; its exit status, or 1, in the
/// parent. To be called while there is one thread.
int guarded(const std::function<int()>& view, std::ostream& err);

}  // namespace mus::top
