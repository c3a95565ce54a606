// SPDX-License-Identifier: Apache-2.0
// The watch on the kernel's own cgroup tree, which is no ordinary file system: a removed directory ends no watch there.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/watch.hpp"
#include "support/cgroup_follower.hpp"
#include "unit/cgroup/names.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

std::string cgroup2_mount() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device;
    std::string where;
    std::string type;
    if (words >> device >> where >> type && type == "cgroup2") return where;
  }
  return {};
}

/// A cgroup of our own with what it is asked for below it; removed with all of it.
class OwnCgroup {
 public:
  OwnCgroup() : root_(cgroup2_mount() + "/mus-test-" + std::to_string(getpid())) {
    made_ = mkdir(root_.c_str(), 0755) == 0;
  }
  ~OwnCgroup() {
    while (!paths_.empty()) remove(std::string(paths_.back()));
    if (made_) rmdir(root_.c_str());
  }
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] const std::string& root() const { return root_; }
  void add(const std::string& path) {
    REQUIRE(mkdir((root_ + path).c_str(), 0755) == 0);
    paths_.push_back(path);
  }
  void remove(const std::string& path) {
    std::erase(paths_, path);
    CHECK(rmdir((root_ + path).c_str()) == 0);
  }

 private:
  std::string root_;
  bool made_ = false;
  std::vector<std::string> paths_;
};

}  // namespace

TEST_CASE("on cgroupfs a container is told at once with the id that the tree says, and its end", "[watch]") {
  OwnCgroup tree;
  if (!tree.made()) SKIP("no cgroup2 is mounted, or we may not make a cgroup in it (not root?)");
  const auto watch = make_cgroup_watch(tree.root());
  CgroupFollower follower(*watch);
  follower.take(watch->refresh());
  CHECK(follower.size() == 0);

  const std::string pods = "/kubepods.slice";
  const auto pod = pods + "/kubepods-pod" + uid_ + ".slice";
  const auto leaf = pod + "/cri-containerd-" + id + ".scope";
  tree.add(pods);
  tree.add(pod);
  follower.follow();
  REQUIRE(follower.at(pod) != nullptr);

  for (int round = 0; round < 3; ++round) {
    const auto before = Clock::now();
    tree.add(leaf);
    follower.follow();
    CHECK(Clock::now() - before < 100ms);
    const auto told = CgroupFs(tree.root(), "/proc").pods();
    REQUIRE(told);
    REQUIRE(told->size() == 1);
    REQUIRE(told->front().containers.size() == 1);
    REQUIRE(follower.at(leaf) != nullptr);
    CHECK(follower.at(leaf)->cgroup == told->front().containers.front().cgroup);
    tree.remove(leaf);
    follower.follow();
    CHECK(follower.at(leaf) == nullptr);
  }

  // The same pod again, as a static pod's is: a watch that was left behind would not tell of what is in it.
  tree.remove(pod);
  tree.add(pod);
  follower.follow();
  tree.add(leaf);
  follower.follow();
  CHECK(follower.size() == 2);
  CHECK(watch->state().watched == 3);
  tree.remove(leaf);
  tree.remove(pod);
  tree.remove(pods);
  follower.follow();
  CHECK(follower.size() == 0);
  CHECK(follower.mistakes() == 0);
  CHECK(watch->state().watched == 1);
}

TEST_CASE("on cgroupfs the end of a service's cgroup is told, and that it is there again", "[watch]") {
  OwnCgroup tree;
  if (!tree.made()) SKIP("no cgroup2 is mounted, or we may not make a cgroup in it (not root?)");
  tree.add("/system.slice");
  tree.add("/system.slice/redis.service");
  const CgroupFs cgroups(tree.root(), "/proc");
  const auto service = cgroups.path("/system.slice/redis.service");
  REQUIRE(service);
  const auto watch = make_cgroup_watch(tree.root());
  CHECK(watch->refresh().empty());
  CHECK(watch->also_watch({*service}).empty());
  tree.remove(service->path);
  tree.add(service->path);
  REQUIRE(readable(watch->fd(), 5s));
  const auto news = watch->read();
  CHECK(news.gone == std::vector{*service});
  REQUIRE(news.made.size() == 1);
  CHECK(news.made.front().cgroup == *cgroups.path(service->path));
  CHECK(news.made.front().cgroup.id != service->id);
}
