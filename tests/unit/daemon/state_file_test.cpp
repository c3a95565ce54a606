// SPDX-License-Identifier: Apache-2.0
// Boosts on disk: whole or not at all, and nothing that is there is lost without a word.
#include "daemon/state_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "daemon/state_format.hpp"
#include "support/temp_dir.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

SavedState some_state(std::uint64_t version = 3) {
  SavedState saved;
  saved.version = version;
  saved.next = 3;
  saved.written = {1'800'000'000s, 5000s, "boot-1"};
  SavedBoost boost;
  boost.number = 2;
  boost.target.pod = "redis";
  boost.target.ns = "shop";
  boost.weight = 8192;
  boost.ttl = 2h;
  boost.left = 1h;
  saved.boosts.push_back(boost);
  return saved;
}

/// A state directory.
struct StateDir {
  TempDir directory;
  StateFile file{directory.str()};

  [[nodiscard]] fs::path at(const std::string& name) const { return directory.path() / name; }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream in(at(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] long files() const {
    return std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator());
  }
};

/// No file of this process may grow beyond that while it lives, as on a disk that is full.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("what was saved is loaded, by whoever owns the directory alone", "[state]") {
  StateDir dir;
  CHECK_FALSE(dir.file.load().state);
  CHECK(dir.file.load().trouble.empty());
  REQUIRE(dir.file.save(some_state()));
  CHECK(dir.file.load().state == some_state());
  REQUIRE(dir.file.save(some_state(4)));
  CHECK(StateFile(dir.directory.str()).load().state == some_state(4));
  struct stat status = {};
  REQUIRE(stat(dir.file.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(dir.files() == 1);  // nothing is left beside it
}

TEST_CASE("every kind of target comes back, with the characters that a name may have", "[state]") {
  SavedState saved = some_state();
  saved.next = 10;
  SavedBoost boost;
  boost.weight = 512;
  boost.number = 1;
  boost.target.uid = "12345678-aaaa-bbbb-cccc-1234567890ab";
  boost.target.container = "main";
  boost.declared = true;
  saved.boosts.insert(saved.boosts.begin(), boost);  // those that pods declare come first
  boost.number = 4;
  boost.declared = false;
  boost.target = {};
  boost.target.kind = Target::Kind::unit;
  boost.target.unit = R"(dev-disk-by\x2duuid.service)";
  boost.ignore_limit = true;
  saved.boosts.push_back(boost);
  boost.number = 8;
  boost.target = {};
  boost.target.kind = Target::Kind::cgroup;
  boost.target.cgroup = R"(/a "b"/\x2d/{[,]})";
  saved.boosts.push_back(boost);
  const auto back = read_state(write_state(saved));
  INFO((back ? std::string() : back.error().message));
  REQUIRE(back);
  CHECK(*back == saved);
}

TEST_CASE("what a daemon left that died while it wrote is no obstacle, and no state", "[state]") {
  StateDir dir;
  REQUIRE(dir.file.save(some_state()));
  write_file(dir.at("boosts.json.new"), "{\"format\":1,");
  CHECK(dir.file.load().state == some_state());
  REQUIRE(dir.file.save(some_state(4)));
  CHECK(dir.file.load().state == some_state(4));
  CHECK(dir.files() == 1);
}

TEST_CASE("a damaged or foreign file is kept aside and told, and does not come back", "[state]") {
  for (const std::string text : {"", "not json", R"({"format":2})", R"({"format":1,"version":1})", "[]", "null"}) {
    CAPTURE(text);
    StateDir dir;
    write_file(dir.file.path(), text);
    const auto loaded = dir.file.load();
    CHECK_FALSE(loaded.state);
    CHECK(loaded.trouble.find("boosts.json.damaged-1") != std::string::npos);
    CHECK(dir.text_of("boosts.json.damaged-1") == text);
    CHECK(dir.file.load().trouble.empty());
    REQUIRE(dir.file.save(some_state()));
    CHECK(dir.text_of("boosts.json.damaged-1") == text);
  }
}

TEST_CASE("what is no plain file, or too large, is put aside unread", "[state]") {
  StateDir dir;
  const auto path = dir.at("boosts.json");
  SECTION("a directory") {
    fs::create_directory(path);
  }
  SECTION("a link to a good file") {
    REQUIRE(dir.file.save(some_state()));
    fs::rename(path, dir.at("elsewhere"));
    fs::create_symlink("elsewhere", path);
  }
  SECTION("a pipe that nobody writes to") {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  }
  SECTION("too large") {
    write_file(path, std::string(kMostStateBytes + 1, ' '));
  }
  const auto loaded = dir.file.load();
  CHECK_FALSE(loaded.state);
  CHECK(loaded.trouble.find("damaged-1") != std::string::npos);
  CHECK_FALSE(fs::exists(fs::symlink_status(path)));
}

TEST_CASE("the latest damaged files are kept, and not without end", "[state]") {
  StateDir dir;
  for (int i = 1; i <= StateFile::kMostSetAside + 3; ++i) {
    write_file(dir.file.path(), "damage " + std::to_string(i));
    CHECK(dir.file.load().trouble.find("damaged-" + std::to_string(i)) != std::string::npos);
  }
  CHECK(dir.files() == StateFile::kMostSetAside);
  CHECK(dir.text_of("boosts.json.damaged-11") == "damage 11");
  CHECK_FALSE(fs::exists(dir.at("boosts.json.damaged-3")));
}

TEST_CASE("on a disk that is full there is no room, and the file stays as it was", "[state]") {
  StateDir dir;
  REQUIRE(dir.file.save(some_state()));
  {
    const SmallFiles full(10);
    const auto refused = dir.file.save(some_state(4));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::capacity);
    CHECK(refused.error().advice.find("make room") != std::string::npos);
  }
  CHECK(dir.file.load().state == some_state());
  CHECK(dir.files() == 1);
  CHECK(dir.file.save(some_state(4)));
}

TEST_CASE("a directory that takes no file is not available, and what is there stays", "[state]") {
  StateDir dir;
  REQUIRE(dir.file.save(some_state()));
  fs::create_directories(dir.at("boosts.json.new") / "in the way");
  const auto refused = dir.file.save(some_state(4));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(refused.error().message.find(dir.file.path()) != std::string::npos);
  CHECK_FALSE(refused.error().advice.empty());
  CHECK(dir.file.load().state == some_state());
  CHECK(StateFile("/nonexistent/state").save(some_state()).error().code == Errc::unavailable);
  if (geteuid() == 0) return;  // root writes everywhere
  fs::remove_all(dir.at("boosts.json.new"));
  fs::permissions(dir.directory.path(), fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(dir.file.save(some_state(4)).error().code == Errc::unavailable);
  CHECK(dir.file.load().state == some_state());
  fs::permissions(dir.directory.path(), fs::perms::owner_all);
}

TEST_CASE("a damaged file is put beside what is there already", "[state]") {
  StateDir dir;
  write_file(dir.file.path(), "damaged");
  fs::create_directories(dir.at("boosts.json.damaged-1000000000") / "x");  // no number of ours
  fs::create_directories(dir.at("boosts.json.damaged-1") / "in the way");
  CHECK(dir.file.load().trouble.find("damaged-2") != std::string::npos);
  CHECK(dir.text_of("boosts.json.damaged-2") == "damaged");
}

TEST_CASE("the clocks are those of this machine", "[state]") {
  const auto first = read_calendar();
  CHECK(first.wall > std::chrono::hours{24 * 365 * 50});
  CHECK(first.boottime > 0ms);
  CHECK(first.boot.size() == 36);
  CHECK(read_calendar().boot == first.boot);
}
