// SPDX-License-Identifier: Apache-2.0
// PodSource and ContainerLookup from what container runtimes leave on disk: no kubelet, no credential, no labels.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "mus/container_lookup.hpp"
#include "mus/pod_source.hpp"
#include "pods/runtime_files.hpp"

namespace mus {

struct RuntimeOptions {
  std::string host_root = "/";                         ///< as in --host-root
  std::string node;                                    ///< as in --node-name; empty: the host's name
  std::chrono::milliseconds cache_ttl{5'000};          ///< `cached` readers get a look as old as this
  std::chrono::milliseconds fresh_interval{200};       ///< nobody makes us look more often
  std::chrono::milliseconds keep_after_look{300'000};  ///< how old a list known() still gives
  RuntimeLimits limits{};
};

class RuntimeSource final : public PodSource, public ContainerLookup {
 public:
  using Now = std::function<TimePoint()>;

  explicit RuntimeSource(RuntimeOptions options, Now now = Clock::now);

  Result<PodListPtr> list(Freshness freshness) override;
  [[nodiscard]] PodListPtr known() const override;
  [[nodiscard]] PodSourceState state() const override;
  [[nodiscard]] Result<ContainerIdentity> identify(std::string_view container_id) const override;

 private:
  [[nodiscard]] std::optional<Result<PodListPtr>> last_look(Freshness freshness) const;

  const RuntimeOptions options_;
  const std::string node_;
  const Now now_;

  std::mutex looking_;  ///< guards `reader_`'s look(); held during a look
  RuntimeReader reader_;
  mutable std::mutex state_;  ///< guards the rest; never held during a look
  PodListPtr good_;
  std::string found_;  ///< whose files they are, at the last good look
  std::optional<TimePoint> last_attempt_;
  std::optional<Error> last_error_;  ///< of the last look; none after a success
};

}  // namespace mus
