// SPDX-License-Identifier: Apache-2.0
// PodSource over several, asked in their order: the first that can answers.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "mus/pod_source.hpp"

namespace mus {

class SourceChain final : public PodSource {
 public:
  /// At least one; they must outlive it. Those that know labels come before those that do not.
  explicit SourceChain(std::vector<PodSource*> sources);

  /// An error is that of the first source, with what the others said behind it. Where a list without labels is the
  /// answer, its `no_labels` says why the sources that have them gave none.
  Result<PodListPtr> list(Freshness freshness) override;
  [[nodiscard]] PodListPtr known() const override;
  [[nodiscard]] PodSourceState state() const override;
  [[nodiscard]] std::vector<PodSourceState> states() const override;

 private:
  const std::vector<PodSource*> sources_;
  std::atomic<std::size_t> used_;  ///< who gave the last answer; past the end: nobody
};

}  // namespace mus
