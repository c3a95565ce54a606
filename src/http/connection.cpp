// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace mus {

Connection::Connection(Fd fd, Peer peer, std::size_t listener, const HttpLimits& limits, TimePoint now)
    : fd_(std::move(fd)),
      peer_(peer),
      listener_(listener),
      limits_(limits),
      since_(now),
      first_byte_(now),
      last_byte_(now) {}

bool Connection::receive(TimePoint now) {
  std::array<char, 8192> buffer;
  // One request's worth at most stays buffered; the kernel holds back the rest.
  const auto room = limits_.head_bytes + limits_.body_bytes + 4;
  const bool deaf = state_ == State::lingering || state_ == State::streaming;
  while (deaf || in_.size() < room) {
    const auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0) return false;
    if (deaf) return true;  // thrown away; one read at a time, others wait too
    if (in_.empty()) first_byte_ = now;
    last_byte_ = now;
    in_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return true;
}

/// What the socket takes of the output; false when the client is gone.
bool Connection::send_some() {
  while (sent_ < out_.size()) {
    const auto n = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n <= 0) return false;
    sent_ += static_cast<std::size_t>(n);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

void Connection::send(TimePoint now) {
  if (!send_some()) return close();
  if (has_unsent()) return;
  ++served_;
  if (!close_after_) {
    enter(State::reading, now);
    first_byte_ = last_byte_ = now;
    return;
  }
  // Closing with unread input makes the kernel send a reset, which can overtake the answer.
  if (::shutdown(fd_.get(), SHUT_WR) != 0) return close();
  enter(State::lingering, now);
}

std::string Connection::begin_handling(std::size_t size) {
  auto request = in_.substr(0, size);
  in_.erase(0, size);
  state_ = State::handling;
  return request;
}

void Connection::answer(std::string bytes, bool close_after, TimePoint now) {
  if (bytes.empty()) return close();
  out_ = std::move(bytes);
  close_after_ = close_after;
  enter(State::writing, now);
  send(now);
}

void Connection::begin_stream(std::string head, std::shared_ptr<HttpStream> stream, const std::function<void()>& wake,
                              TimePoint now) {
  // The kernel would take megabytes for a client that reads nothing.
  const int size = static_cast<int>(limits_.stream_bytes);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  in_.clear();
  out_ = std::move(head);
  stream_ = std::move(stream);
  enter(State::streaming, now);
  stream_->start(wake);
  pump(now);
}

void Connection::pump(TimePoint now) {
  // Until the socket takes no more, and the loop waits until it does; or there is no more, and the stream wakes us.
  for (bool dry = false; !dry;) {
    out_.erase(0, sent_);
    sent_ = 0;
    const bool caught_up = out_.empty();
    if (out_.size() < limits_.stream_bytes) {
      const auto piece = stream_->next(limits_.stream_bytes - out_.size());
      if (!piece) return close();
      dry = piece->empty();
      out_ += *piece;
    }
    const auto unsent = out_.size();
    if (!send_some()) return close();
    // What its deadline counts from: the client took something, or there is something to take now.
    if (out_.size() - sent_ < unsent || (caught_up && unsent > 0)) since_ = now;
    if (has_unsent()) return;
  }
}

void Connection::beat(TimePoint now) {
  if (has_unsent()) return close();
  out_ = stream_->heartbeat();
  if (!send_some()) return close();
  since_ = now;
}

void Connection::close() {
  stream_.reset();
  fd_.reset();
  state_ = State::closed;
}

void Connection::enter(State state, TimePoint now) {
  state_ = state;
  since_ = now;
}

TimePoint Connection::deadline() const {
  switch (state_) {
    case State::reading:
      if (!in_.empty()) return std::min(first_byte_ + limits_.request_time, last_byte_ + limits_.read_pause);
      return since_ + (served_ == 0 ? limits_.read_pause : limits_.idle_time);
    case State::writing:
      return since_ + limits_.response_time;
    case State::streaming:
      return since_ + (has_unsent() ? limits_.response_time : limits_.heartbeat);
    case State::lingering:
      return since_ + limits_.linger_time;
    case State::handling:
    case State::closed:
      break;
  }
  return TimePoint::max();
}

}  // namespace mus
