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
  while (state_ == State::lingering || in_.size() < room) {
    const auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0) return false;
    if (state_ == State::lingering) return true;  // thrown away; one read at a time, others wait too
    if (in_.empty()) first_byte_ = now;
    last_byte_ = now;
    in_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return true;
}

void Connection::send(TimePoint now) {
  while (sent_ < out_.size()) {
    const auto n = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) return close();
    sent_ += static_cast<std::size_t>(n);
  }
  out_.clear();
  sent_ = 0;
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

void Connection::close() {
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
    case State::lingering:
      return since_ + limits_.linger_time;
    case State::handling:
    case State::closed:
      break;
  }
  return TimePoint::max();
}

}  // namespace mus
