// SPDX-License-Identifier: Apache-2.0
#include "daemon/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_dir.hpp"

using namespace mus;
using namespace mus::test;

TEST_CASE("a token is made once, 64 hex digits, 0640, and read afterwards", "[files]") {
  const TempDir dir;
  const auto path = dir.str() + "/token";
  const auto made = load_or_create_token(path, getegid());
  REQUIRE(made);
  CHECK(made->size() == 64);
  CHECK(made->find_first_not_of("0123456789abcdef") == std::string::npos);
  struct stat status = {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  CHECK(status.st_gid == getegid());
  CHECK(read_file(path) == *made + "\n");
  CHECK(load_or_create_token(path, std::nullopt) == *made);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  CHECK(load_or_create_token(dir.str() + "/other", std::nullopt) != *made);
}

TEST_CASE("a token that was put there is taken as it is, without its newline", "[files]") {
  const TempDir dir;
  const auto path = dir.str() + "/token";
  write_file(path, "secret-of-the-operator\r\n");
  CHECK(load_or_create_token(path, std::nullopt) == "secret-of-the-operator");
}

TEST_CASE("a file that holds no token is refused and left alone", "[files]") {
  const TempDir dir;
  const auto path = dir.str() + "/token";
  for (const auto& text : {std::string(), std::string("short"), std::string("a token with blanks in it"),
                           std::string("two-lines-of-text\nmore"), std::string(5000, 'x'), std::string(32, '\0')}) {
    write_file(path, text);
    const auto token = load_or_create_token(path, std::nullopt);
    REQUIRE_FALSE(token);
    CHECK_FALSE(token.error().advice.empty());
    CHECK(read_file(path) == text);
  }
}

TEST_CASE("what a daemon left that died while making a token is no obstacle", "[files]") {
  const TempDir dir;
  write_file(dir.str() + "/token.new", "half");
  CHECK(load_or_create_token(dir.str() + "/token", std::nullopt));
}

TEST_CASE("a token in a directory that is not there is an error that names it", "[files]") {
  const auto token = load_or_create_token("/nonexistent/token", std::nullopt);
  REQUIRE_FALSE(token);
  CHECK(token.error().message.find("/nonexistent/token") != std::string::npos);
}

TEST_CASE("the state directory is made and belongs to one daemon at a time", "[files]") {
  const TempDir dir;
  const auto path = dir.str() + "/state";
  {
    const auto first = lock_state_dir(path);
    REQUIRE(first);
    const auto second = lock_state_dir(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::busy);
  }
  CHECK(lock_state_dir(path));
}

TEST_CASE("groups are found in the text of /etc/group", "[files]") {
  const TempDir dir;
  const auto path = dir.str() + "/group";
  write_file(path, "root:x:0:\nmus:x:5:\nbroken\nmus-scheduler:x:\nmus-scheduler:x:977:alice,bob\nlast:x:12:");
  CHECK(find_group(path, "mus-scheduler") == 977);
  CHECK(find_group(path, "last") == 12);
  CHECK_FALSE(find_group(path, "nobody"));
  CHECK_FALSE(find_group(path, "broken"));
  CHECK_FALSE(find_group(dir.str() + "/absent", "root"));
}
