// SPDX-License-Identifier: Apache-2.0
// A mutex that nobody waits for without end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mus {

class Gate {
 public:
  /// Through the gate for as long as it lives, if it came through.
  class Pass {
   public:
    Pass(Gate& gate, std::chrono::milliseconds patience) : gate_(gate), through_(gate.enter(patience)) {}
    ~Pass() {
      if (through_) gate_.leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    [[nodiscard]] explicit operator bool() const { return through_; }

   private:
    Gate& gate_;
    const bool through_;
  };

 private:
  bool enter(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (!left_.wait_for(lock, patience, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    left_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  bool taken_ = false;
};

}  // namespace mus
