// SPDX-License-Identifier: Apache-2.0
// The watch when the kernel does not go along, and the directories that somebody else asked for.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>

#include "cgroup/watch.hpp"
#include "support/cgroup_fixture.hpp"
#include "support/cgroup_follower.hpp"
#include "unit/cgroup/names.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

const std::string kPod = "/kubepods/pod" + uid;
const std::string kLeaf = kPod + "/" + id;
const std::string kService = "/system.slice/redis.service";

CgroupId none() {
  return {};
}

}  // namespace

TEST_CASE("when changes were dropped everything is looked at again, and the caller is told so", "[watch]") {
  long most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most <= 0 || most > 100'000) SKIP("fs.inotify.max_queued_events cannot be read, or is too large to reach");
  const CgroupFixture tree;
  tree.add(kPod);
  const auto watch = make_cgroup_watch(tree.root().string());
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  const auto flapping = (tree.root() / kPod.substr(1) / "x").string();
  for (long i = 0; i <= most / 2 + 1; ++i) {
    std::filesystem::create_directory(flapping);
    std::filesystem::remove(flapping);
  }
  tree.add(kLeaf);  // nobody will tell of this one
  follower.follow();
  CHECK(follower.overflowed());
  CHECK(follower.at(kLeaf) != nullptr);
  CHECK(watch->state().overflows == 1);
  CHECK(follower.mistakes() == 0);
}

TEST_CASE("without watches left it says so, and a full look still finds everything", "[watch]") {
  const CgroupFixture tree;
  for (const char c : {'a', 'b', 'c', 'd'}) tree.add("/kubepods/pod" + std::string(3, c));
  const auto watch = make_cgroup_watch(tree.root().string(), 4);  // the root, kubepods and two pods
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  CHECK(follower.size() == 4);
  const auto state = watch->state();
  CHECK(state.directories == 6);
  CHECK(state.watched == 4);
  REQUIRE(state.trouble);
  CHECK(state.trouble->code == Errc::capacity);
  CHECK(state.trouble->message == "there are no more watches for 2 cgroup directories");
  CHECK(state.trouble->advice.find("fs.inotify.max_user_watches") != std::string::npos);

  tree.add("/kubepods/podddd/" + id);
  CHECK_FALSE(readable(watch->fd(), 20ms));
  follower.take(watch->refresh());
  CHECK(follower.at("/kubepods/podddd/" + id) != nullptr);
  tree.remove("/kubepods/podddd/" + id);
  follower.take(watch->refresh());
  CHECK(follower.at("/kubepods/podddd/" + id) == nullptr);

  tree.remove("/kubepods/podaaa");
  tree.remove("/kubepods/podbbb");
  follower.follow();
  follower.take(watch->refresh());
  CHECK_FALSE(watch->state().trouble);
  tree.add("/kubepods/podddd/" + id);
  follower.follow();
  CHECK(follower.at("/kubepods/podddd/" + id) != nullptr);
  CHECK(follower.mistakes() == 0);
}

TEST_CASE("a cgroup root that is not there is trouble, not the end of all pods", "[watch]") {
  const CgroupFixture tree;
  tree.add(kLeaf);
  const auto watch = make_cgroup_watch(tree.root().string());
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  std::filesystem::rename(tree.root(), tree.root().string() + "-away");
  CHECK(watch->refresh().empty());
  REQUIRE(watch->state().trouble);
  CHECK(watch->state().trouble->message.find(tree.root().string()) != std::string::npos);
  std::filesystem::rename(tree.root().string() + "-away", tree.root());
  CHECK(watch->refresh().empty());
  CHECK_FALSE(watch->state().trouble);
  CHECK(follower.size() == 2);
}

TEST_CASE("the end of a boosted service is told at once, and its restart under another id", "[watch]") {
  const CgroupFixture tree;
  const auto service = tree.add(kService);
  const auto watch = make_cgroup_watch(tree.root().string());
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  CHECK(follower.size() == 0);
  CHECK(watch->also_watch({service}).empty());
  CHECK(watch->also_watch({service}).empty());

  tree.add("/system.slice/other.service");
  tree.remove("/system.slice/other.service");
  CHECK(watch->read().empty());

  tree.remove(kService);
  REQUIRE(readable(watch->fd(), 5s));
  auto news = watch->read();
  REQUIRE(news.gone.size() == 1);
  CHECK(news.gone.front() == service);
  const auto successor = tree.add(kService);
  REQUIRE(readable(watch->fd(), 5s));
  news = watch->read();
  REQUIRE(news.made.size() == 1);
  CHECK(news.made.front() == CgroupMade{successor, "", ""});

  CHECK(watch->also_watch({}).empty());
  CHECK(watch->state().watched == 1);
  CHECK(watch->read().empty());
  tree.remove(kService);
  CHECK_FALSE(readable(watch->fd(), 20ms));
}

TEST_CASE("what the caller believes of other directories is set right", "[watch]") {
  const CgroupFixture tree;
  const auto service = tree.add(kService);
  const auto leaf = tree.add(kLeaf);
  const auto watch = make_cgroup_watch(tree.root().string());
  CHECK(watch->also_watch({{none(), kService}}).empty());  // nothing is looked at before the first full look
  auto first = watch->refresh();
  REQUIRE(first.made.size() == 3);
  CHECK(first.made.back().cgroup == service);

  static_cast<void>(watch->also_watch({}));
  const Cgroup predecessor{CgroupId{1}, kService};
  auto news = watch->also_watch({predecessor,
                                 {none(), "/a.slice/b.slice/c.service"},
                                 leaf,
                                 {CgroupId{7}, "/gone"},
                                 {CgroupId{8}, "../up"},
                                 {CgroupId{8}, "/"},
                                 {CgroupId{8}, "/a//b"}});
  REQUIRE(news.gone.size() == 2);
  CHECK(news.gone[0] == predecessor);
  CHECK(news.gone[1] == Cgroup{CgroupId{7}, "/gone"});
  REQUIRE(news.made.size() == 1);
  CHECK(news.made.front().cgroup == service);

  // Appears with all that is above it.
  const auto late = tree.add("/a.slice/b.slice/c.service");
  CgroupFollower follower(*watch);
  follower.follow();
  REQUIRE(follower.at(late.path) != nullptr);
  CHECK(follower.at(late.path)->cgroup == late);
  tree.remove("/a.slice");
  follower.follow();
  CHECK(follower.size() == 0);
  CHECK(follower.mistakes() == 0);
}

TEST_CASE("a pod's container that is no longer asked for is still told as a container", "[watch]") {
  const CgroupFixture tree;
  const auto leaf = tree.add(kLeaf);
  const auto inner = tree.add(kLeaf + "/container");
  const auto watch = make_cgroup_watch(tree.root().string());
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  CHECK(watch->also_watch({leaf, inner}).empty());
  tree.remove(inner.path);
  REQUIRE(readable(watch->fd(), 5s));
  CHECK(watch->read().gone == std::vector{inner});
  CHECK(watch->also_watch({}).empty());
  CHECK(watch->read().empty());
  tree.add(inner.path);
  CHECK_FALSE(readable(watch->fd(), 20ms));
  tree.remove(kLeaf);
  follower.follow();
  CHECK(follower.size() == 1);
  CHECK(follower.mistakes() == 0);
}
