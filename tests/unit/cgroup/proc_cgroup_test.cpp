// SPDX-License-Identifier: Apache-2.0
#include "cgroup/proc_cgroup.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/cgroup_fixture.hpp"

using namespace mus;

TEST_CASE("the v2 line of /proc/<pid>/cgroup is found and read, hybrid or not, relative or not, deleted or not") {
  struct Row {
    const char* text;
    const char* tail;
    bool relative, deleted;
  };
  for (const auto& [text, tail, relative, deleted] : {
           Row{"0::/a.slice/b.service\n", "/a.slice/b.service", false, false},
           Row{"12:cpu:/x\n1:name=systemd:/y\n0::/z\n", "/z", false, false},
           Row{"0::/\n", "/", false, false},
           Row{"0::/../../kubepods.slice/x.scope\n", "/kubepods.slice/x.scope", true, false},
           Row{"0::/..\n", "/", true, false},
           Row{"0::/../..", "/", true, false},
           Row{"0::/a/b (deleted)\n", "/a/b", false, true},
           Row{"0::/a/..b\n", "/a/..b", false, false},
       }) {
    INFO(text);
    const auto said = parse_proc_cgroup(text);
    REQUIRE(said.has_value());
    CHECK(said->tail == tail);
    CHECK(said->relative == relative);
    CHECK(said->deleted == deleted);
  }
  for (const std::string text :
       {"", "\n", "1:cpu:/x\n", "0::x\n", "0::/a/../b\n", "0::/a//b\n", "0::/a\x01\n", "0::/a/.\n"}) {
    INFO(text);
    CHECK_FALSE(parse_proc_cgroup(text).has_value());
  }
}

TEST_CASE("tails are compared by whole components") {
  CHECK(same_tail("/a/b", "/a/b"));
  CHECK(same_tail("/x/a/b", "/a/b"));
  CHECK(same_tail("/b", "/x/a/b"));
  CHECK_FALSE(same_tail("/xa/b", "/a/b"));
  CHECK_FALSE(same_tail("/a/b", "/a/c"));
  CHECK_FALSE(same_tail("/a", "/"));
  CHECK_FALSE(same_tail("", "/a"));
  CHECK(same_tail("/", "/"));
}

TEST_CASE("start time and kernel threads are read past any command name") {
  const auto stat = parse_proc_stat(test::CgroupFixture::stat_line(7, 123456));
  REQUIRE(stat.has_value());
  CHECK(stat->start_time == 123456);
  CHECK_FALSE(stat->kernel_thread);
  CHECK(parse_proc_stat(test::CgroupFixture::stat_line(2, 5, true)).value().kernel_thread);
  for (const std::string text : {"", "1 (x", "1 (x) S 1", "1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 abc 0"}) {
    CHECK_FALSE(parse_proc_stat(text).has_value());
  }
}
