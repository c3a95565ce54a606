// SPDX-License-Identifier: Apache-2.0
// A directory of one's own that is removed with all in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace mus::test {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mus-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string str() const { return path_.string(); }

  /// Writes a file, making the directories before it.
  void write(const std::filesystem::path& relative, const std::string& text) const {
    const auto file = path_ / relative.relative_path();
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
  }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The text of a file below tests/fixtures.
inline std::string fixture(const std::filesystem::path& relative) {
  std::ifstream in{std::filesystem::path{MUS_FIXTURES} / relative, std::ios::binary};
  if (!in) throw std::runtime_error("no fixture " + relative.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace mus::test
