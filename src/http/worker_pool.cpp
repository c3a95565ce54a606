// SPDX-License-Identifier: Apache-2.0
#include "http/worker_pool.hpp"

#include <utility>

namespace mus {

WorkerPool::WorkerPool(HttpHandler& handler, std::size_t threads, std::size_t queue, Done done)
    : handler_(handler), capacity_(queue), done_(std::move(done)) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool WorkerPool::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= capacity_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::work() {
  RequestParser parser(handler_);
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    done_(job.connection, parser.answer(job.request, job.peer, job.last));
  }
}

}  // namespace mus
