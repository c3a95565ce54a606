// SPDX-License-Identifier: Apache-2.0
// One client's connection: its bytes in and out, and until when it may stay in the state that it is in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/limits.hpp"
#include "http/request_parser.hpp"
#include "http/socket_address.hpp"
#include "mus/types.hpp"

namespace mus {

class Connection {
 public:
  enum class State : std::uint8_t {
    reading,    ///< waiting for a request, or for the rest of one
    handling,   ///< a worker has the request
    writing,    ///< the answer is on its way
    streaming,  ///< the answer goes on; what the client sends is thrown away
    lingering,  ///< answered and half closed; reading on so that the answer is not lost to a reset
    closed,
  };

  Connection(Fd fd, Peer peer, std::size_t listener, const HttpLimits& limits, TimePoint now);

  /// Takes what the socket has. False when the client is gone.
  bool receive(TimePoint now);
  /// Sends what the socket takes, then goes on to reading, lingering or closed.
  void send(TimePoint now);

  /// Removes the framed request from the input and waits for its answer.
  std::string begin_handling(std::size_t size);
  void answer(std::string bytes, bool close, TimePoint now);
  void close();

  // Of a stream. What it gives is asked for as the client takes it: of a slow one no more is kept than the limits say.

  /// Sends `head` and goes on to streaming.
  void begin_stream(std::string head, std::shared_ptr<HttpStream> stream, const std::function<void()>& wake,
                    TimePoint now);
  /// Sends what there is and what the socket takes; closed when the stream has ended or the client has gone.
  void pump(TimePoint now);
  /// At the deadline: a heartbeat, or the end for a client that takes nothing.
  void beat(TimePoint now);
  [[nodiscard]] bool has_unsent() const { return sent_ < out_.size(); }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] std::size_t listener() const { return listener_; }
  [[nodiscard]] std::string_view input() const { return in_; }
  [[nodiscard]] bool last_request() const { return served_ + 1 >= limits_.requests_per_connection; }
  [[nodiscard]] TimePoint waiting_since() const { return since_; }
  /// When to give up on the present state. Meaningless while handling: the handler bounds itself.
  [[nodiscard]] TimePoint deadline() const;

 private:
  void enter(State state, TimePoint now);
  [[nodiscard]] bool send_some();

  Fd fd_;
  Peer peer_;
  std::size_t listener_;
  const HttpLimits& limits_;
  State state_ = State::reading;
  std::string in_, out_;
  std::size_t sent_ = 0;
  std::size_t served_ = 0;
  bool close_after_ = false;
  TimePoint since_;       ///< of the present state
  TimePoint first_byte_;  ///< of the present request
  TimePoint last_byte_;
  std::shared_ptr<HttpStream> stream_;
};

}  // namespace mus
