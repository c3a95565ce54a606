// SPDX-License-Identifier: Apache-2.0
// Where desired state is kept across restarts: boosts.json in the state directory.
#pragma once

#include <optional>
#include <string>

#include "core/saved_state.hpp"
#include "mus/result.hpp"

namespace mus {

/// One thread at a time.
class StateStore {
 public:
  struct Loaded {
    std::optional<SavedState> state;  ///< none: there is nothing, or nothing that can be used
    std::string trouble;              ///< what was wrong with what there is, and where it is now; empty as a rule
  };
  virtual ~StateStore() = default;
  virtual Loaded load() = 0;
  /// Returns once it is on the disk; after an error that is what was there before. Errc::capacity: no room;
  /// unavailable: the disk does not take it.
  virtual Result<void> save(const SavedState& saved) = 0;
  [[nodiscard]] virtual std::string path() const = 0;
};

class StateFile final : public StateStore {
 public:
  static constexpr const char* kName = "boosts.json";
  static constexpr int kMostSetAside = 8;

  /// Of a directory that is locked by us.
  explicit StateFile(std::string directory);

  /// A file that is not whole, not ours or not to be read is put aside as boosts.json.damaged-<n>, of which the latest
  /// kMostSetAside are kept.
  Loaded load() override;
  Result<void> save(const SavedState& saved) override;
  [[nodiscard]] std::string path() const override { return directory_ + "/" + kName; }

 private:
  Result<std::string> set_aside();

  std::string directory_;
  bool in_the_way_ = false;  // a damaged file that could not be put aside must not be written over
};

/// What the clocks say now.
[[nodiscard]] Calendar read_calendar();

}  // namespace mus
