// SPDX-License-Identifier: Apache-2.0
// Between the one thread that looks at the cgroup tree and those who want to know what it saw.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "core/tree_view.hpp"
#include "daemon/fd.hpp"
#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// Thread-safe. A view is immutable and shared.
class TreeWatch {
 public:
  using View = std::shared_ptr<const TreeView>;

  TreeWatch();

  /// The last view if it is at most `age` old; else one of a look that begins after this call, for which it waits at
  /// most `patience`. Errors: unavailable (nobody looked in that time), or why the look failed.
  Result<View> recent(std::chrono::milliseconds age, std::chrono::milliseconds patience);

  /// A look soon, which nobody waits for: something has changed that shares depend on. A view of before is old.
  void ask();

  // For the one who looks.

  /// Until somebody waits for a view, `at_most` has passed (where it is given), `fd` can be read (-1: none) or stop is
  /// asked for; it may also return for nothing. True: somebody waits, and publish() or failed() must follow.
  bool wait(const std::stop_token& stop, std::optional<std::chrono::milliseconds> at_most, int fd = -1);
  void publish(View view);
  void failed(Error error);

 private:
  void answer();
  void ring() const;

  OwnedFd bell_;  ///< an eventfd
  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t asked_ = 0;
  std::uint64_t looking_ = 0;  ///< questions before the present look
  std::uint64_t served_ = 0;
  View view_;
  TimePoint looked_at_{};  ///< when the last view's look began
  TimePoint began_{};
  TimePoint changed_at_{};
  std::optional<Error> error_;  ///< of the last look
};

}  // namespace mus
