// SPDX-License-Identifier: Apache-2.0
#include "http/event_loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "http/framing.hpp"

namespace mus {
namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};

std::optional<PeerCredentials> peer_credentials(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

short awaited(const Connection& connection) {
  switch (connection.state()) {
    case Connection::State::reading:
    case Connection::State::lingering:
      return POLLIN;
    case Connection::State::writing:
      return POLLOUT;
    case Connection::State::streaming:
      return static_cast<short>(connection.has_unsent() ? POLLIN | POLLOUT : POLLIN);
    case Connection::State::handling:
    case Connection::State::closed:
      break;
  }
  return 0;
}

}  // namespace

EventLoop::EventLoop(HttpHandler& handler, std::vector<Listener> listeners, HttpLimits limits,
                     std::vector<std::string> reserved)
    : handler_(handler),
      listeners_(std::move(listeners)),
      limits_(limits),
      reserved_(std::move(reserved)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      workers_(handler, limits.workers, limits.queue,
               [this](std::uint64_t id, Answer answer) { finished(id, std::move(answer)); }),
      reserve_(handler, 1, limits.queue, [this](std::uint64_t id, Answer answer) { finished(id, std::move(answer)); }) {
}

EventLoop::~EventLoop() = default;

void EventLoop::stop() {
  stop_requested_ = true;
  wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  // Only a full counter can fail this, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::finished(std::uint64_t connection, Answer answer) {
  {
    const std::lock_guard lock(answers_mutex_);
    answers_.emplace_back(connection, std::move(answer));
  }
  wake();
}

void EventLoop::run() {
  std::vector<pollfd> polls;
  std::vector<std::uint64_t> ids;
  for (;;) {
    auto now = Clock::now();
    if (stop_requested_ && !stopping_) begin_stop(now);
    if (stopping_) drop_waiting(now);
    if (stopping_ && (connections_.empty() || now >= stop_deadline_)) break;

    polls.assign(1, pollfd{wake_.get(), POLLIN, 0});
    const bool accepting = !stopping_ && now >= accept_again_;
    for (const auto& listener : listeners_) polls.push_back(pollfd{accepting ? listener.fd : -1, POLLIN, 0});
    ids.clear();
    for (const auto& [id, connection] : connections_) {
      ids.push_back(id);
      polls.push_back(pollfd{connection->fd(), awaited(*connection), 0});
      if (polls.back().events == 0) polls.back().fd = -1;  // else a hang-up would spin the loop
    }
    ::poll(polls.data(), polls.size(), next_timeout(now));
    now = Clock::now();

    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    collect_answers(now);
    if (stream_ready_.exchange(false)) pump_streams(now);
    const auto first = 1 + listeners_.size();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (polls[first + i].revents == 0) continue;
      if (const auto it = connections_.find(ids[i]); it != connections_.end()) on_ready(it->first, *it->second, now);
    }
    expire(now);
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (polls[1 + i].revents != 0) accept_from(i, now);
    }
    std::erase_if(connections_, [](const auto& e) { return e.second->state() == Connection::State::closed; });
  }
  connections_.clear();
}

void EventLoop::collect_answers(TimePoint now) {
  std::vector<std::pair<std::uint64_t, Answer>> answers;
  {
    const std::lock_guard lock(answers_mutex_);
    answers.swap(answers_);
  }
  for (auto& [id, answer] : answers) {
    const auto it = connections_.find(id);
    if (it == connections_.end() || it->second->state() != Connection::State::handling) continue;
    if (answer.stream) {
      const auto more = [this] {
        stream_ready_ = true;
        wake();
      };
      it->second->begin_stream(std::move(answer.bytes), std::move(answer.stream), more, now);
      continue;
    }
    it->second->answer(std::move(answer.bytes), answer.close || stopping_, now);
    advance(id, *it->second, now);  // a pipelined request may be waiting in the buffer
  }
}

void EventLoop::pump_streams(TimePoint now) {
  for (const auto& [id, connection] : connections_) {
    if (connection->state() == Connection::State::streaming) connection->pump(now);
  }
}

void EventLoop::accept_from(std::size_t listener, TimePoint now) {
  for (;;) {
    Fd fd(::accept4(listeners_[listener].fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) accept_again_ = now + kAcceptPause;
      return;
    }
    if (!make_room(listener)) {
      turn_away(fd);
      continue;
    }
    Peer peer{listeners_[listener].transport};
    if (peer.transport == HttpRequest::Transport::unix_socket) {
      peer.credentials = peer_credentials(fd.get());
    } else {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const auto id = next_id_++;
    auto& connection =
        *connections_.emplace(id, std::make_unique<Connection>(std::move(fd), peer, listener, limits_, now))
             .first->second;
    // Read at once: a client that has sent its request is then no candidate for make_room().
    on_ready(id, connection, now);
  }
}

/// When the listener's connections are used up, the one that has kept us waiting longest goes: an honest client sends
/// its request, and takes its answer, in milliseconds. False when all of them are in work or streams.
bool EventLoop::make_room(std::size_t listener) {
  std::size_t count = 0;
  Connection* oldest = nullptr;
  for (const auto& [id, connection] : connections_) {
    if (connection->listener() != listener || connection->state() == Connection::State::closed) continue;
    ++count;
    const auto state = connection->state();
    if (state == Connection::State::handling || state == Connection::State::streaming) continue;
    if (oldest == nullptr || connection->waiting_since() < oldest->waiting_since()) oldest = connection.get();
  }
  if (count < limits_.connections) return true;
  if (oldest == nullptr) return false;
  oldest->close();
  return true;
}

void EventLoop::turn_away(const Fd& fd) {
  const auto bytes = write_refusal(handler_, 503, "All connections are in use. Try again in a moment.");
  [[maybe_unused]] const auto sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void EventLoop::on_ready(std::uint64_t id, Connection& connection, TimePoint now) {
  switch (connection.state()) {
    case Connection::State::reading: {
      const bool there = connection.receive(now);
      // A client that half-closed after a whole request still gets its answer.
      advance(id, connection, now);
      if (!there && connection.state() == Connection::State::reading) connection.close();
      break;
    }
    case Connection::State::lingering:
      if (!connection.receive(now)) connection.close();
      break;
    case Connection::State::streaming:
      if (connection.receive(now)) {
        connection.pump(now);
      } else {
        connection.close();
      }
      break;
    case Connection::State::writing:
      connection.send(now);
      advance(id, connection, now);
      break;
    case Connection::State::handling:
    case Connection::State::closed:
      break;
  }
}

void EventLoop::advance(std::uint64_t id, Connection& connection, TimePoint now) {
  if (connection.state() != Connection::State::reading || connection.input().empty()) return;
  const auto frame = frame_request(connection.input(), limits_);
  if (frame.state == Frame::State::incomplete) return;
  if (frame.state == Frame::State::refused) {
    connection.answer(write_refusal(handler_, frame.status, frame.detail), true, now);
    return;
  }
  const bool last = connection.last_request() || stopping_;
  Job job{id, connection.begin_handling(frame.size), connection.peer(), last};
  const bool reserved = std::ranges::find(reserved_, raw_path(job.request)) != reserved_.end();
  if (!(reserved ? reserve_ : workers_).submit(std::move(job))) {
    connection.answer(write_refusal(handler_, 503, "Too many requests are waiting. Try again in a moment."), true, now);
  }
}

void EventLoop::expire(TimePoint now) {
  for (const auto& [id, connection] : connections_) {
    if (now < connection->deadline()) continue;
    if (connection->state() == Connection::State::streaming) {
      connection->beat(now);
    } else if (connection->state() == Connection::State::reading && !connection->input().empty()) {
      connection->answer(write_refusal(handler_, 408, "The request took too long to arrive. Send it in one go."), true,
                         now);
    } else {
      connection->close();
    }
  }
}

int EventLoop::next_timeout(TimePoint now) const {
  auto next = TimePoint::max();
  for (const auto& [id, connection] : connections_) next = std::min(next, connection->deadline());
  if (stopping_) next = std::min(next, stop_deadline_);
  if (accept_again_ > now) next = std::min(next, accept_again_);
  if (next == TimePoint::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void EventLoop::begin_stop(TimePoint now) {
  stopping_ = true;
  stop_deadline_ = now + limits_.stop_grace;
}

/// Nothing more is expected of these; the others have a request in work or an answer on its way. A stream's client is
/// left the time to take what was told until now.
void EventLoop::drop_waiting(TimePoint now) {
  for (const auto& [id, connection] : connections_) {
    if (connection->state() == Connection::State::streaming) {
      connection->pump(now);
      if (!connection->has_unsent()) connection->close();
      continue;
    }
    const auto state = connection->state();
    if (state == Connection::State::reading || state == Connection::State::lingering) connection->close();
  }
  std::erase_if(connections_, [](const auto& e) { return e.second->state() == Connection::State::closed; });
}

}  // namespace mus
