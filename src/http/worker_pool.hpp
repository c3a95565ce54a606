// SPDX-License-Identifier: Apache-2.0
// A fixed number of threads and a bounded queue of requests that are complete in memory.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/request_parser.hpp"

namespace mus {

struct Job {
  std::uint64_t connection = 0;
  std::string request;
  Peer peer;
  bool last = false;
};

class WorkerPool {
 public:
  using Done = std::function<void(std::uint64_t connection, Answer answer)>;

  /// `done` is called on the workers' threads.
  WorkerPool(HttpHandler& handler, std::size_t threads, std::size_t queue, Done done);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False: the queue is full, and nothing was taken.
  [[nodiscard]] bool submit(Job job);

 private:
  void work();

  HttpHandler& handler_;
  const std::size_t capacity_;
  const Done done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mus
