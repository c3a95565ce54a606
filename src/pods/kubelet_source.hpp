// SPDX-License-Identifier: Apache-2.0
// PodSource: GET /pods of the node's kubelet, cached.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mus/http.hpp"
#include "mus/pod_source.hpp"

namespace mus {

struct KubeletOptions {
  std::string url{};         ///< as in --kubelet-url; the client was made for it, here it is for messages and /status
  std::string token_file{};  ///< --kubelet-token-file, or empty: a client certificate or the read-only port
  bool in_cluster = false;   ///< with a service account's token, for messages and /status
  std::chrono::milliseconds cache_ttl{10'000};            ///< `cached` readers ask the kubelet no more often
  std::chrono::milliseconds fresh_interval{1'000};        ///< nor does anybody more often than this
  std::chrono::milliseconds keep_after_failure{300'000};  ///< how old a list `cached` readers get when it is away
};

class KubeletSource final : public PodSource {
 public:
  using Now = std::function<TimePoint()>;

  /// `client` must outlive it. invalid_argument: a token is to go over plain HTTP.
  static Result<std::unique_ptr<KubeletSource>> make(HttpClient& client, KubeletOptions options, Now now = Clock::now);

  Result<PodListPtr> list(Freshness freshness) override;
  [[nodiscard]] PodListPtr known() const override;
  [[nodiscard]] PodSourceState state() const override;

 private:
  KubeletSource(HttpClient& client, KubeletOptions options, Now now);
  Result<PodListPtr> ask();
  [[nodiscard]] std::optional<Result<PodListPtr>> answer_without_asking(Freshness freshness, TimePoint called) const;
  void remember(const Result<PodListPtr>& answer, TimePoint asked);

  HttpClient& client_;
  const KubeletOptions options_;
  const Now now_;

  std::mutex asking_;          ///< held during a request: one at a time, the others take its answer
  mutable std::mutex state_;   ///< guards the rest; never held during a request
  bool slow_failure_ = false;  ///< the last request failed, and took its time
  PodListPtr good_;
  std::optional<TimePoint> last_attempt_;  ///< when the last request ended
  std::optional<Error> last_error_;        ///< of the last request; none after a success
  std::string note_;                       ///< of the last good list
};

}  // namespace mus
