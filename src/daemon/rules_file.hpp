// SPDX-License-Identifier: Apache-2.0
// Where rules are kept: a file that people and PUT /rules write, and beside the boosts, whether they are paused.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "mus/result.hpp"

namespace mus {

/// One thread at a time.
class RulesStore {
 public:
  virtual ~RulesStore() = default;
  /// Is it another file than at the last load() or save()? True before the first.
  [[nodiscard]] virtual bool changed() const = 0;
  /// Its text; not_found when there is none, io when it cannot be read or is too large.
  virtual Result<std::string> load() = 0;
  /// Whole, or as it was. Errc::unavailable: where it is nobody may write.
  virtual Result<void> save(const std::string& text) = 0;
  [[nodiscard]] virtual bool paused() const = 0;
  virtual Result<void> set_paused(bool paused) = 0;
  [[nodiscard]] virtual std::string path() const = 0;
};

class RulesFile final : public RulesStore {
 public:
  static constexpr const char* kPaused = "rules-paused";

  RulesFile(std::string path, const std::string& state_dir);

  [[nodiscard]] bool changed() const override;
  Result<std::string> load() override;
  Result<void> save(const std::string& text) override;
  [[nodiscard]] bool paused() const override;
  Result<void> set_paused(bool paused) override;
  [[nodiscard]] std::string path() const override { return path_; }

 private:
  /// Which file it is, and when it was written: other rules may be as long, and written within a second.
  struct Seal {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = -1;
    std::int64_t written_ns = 0;

    bool operator==(const Seal&) const = default;
  };
  [[nodiscard]] Seal look() const;

  std::string path_;
  std::string paused_path_;
  std::optional<Seal> seen_;
};

}  // namespace mus
