// SPDX-License-Identifier: Apache-2.0
// Pods and containers that come and go, on directories that look like cgroups.
#include "cgroup/watch.hpp"

#include <fcntl.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

#include "support/cgroup_fixture.hpp"
#include "support/cgroup_follower.hpp"
#include "unit/cgroup/names.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

const std::string kSystemdPod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_ + ".slice";
const std::string kSystemdLeaf = kSystemdPod + "/cri-containerd-" + id + ".scope";
const std::string kPlainPod = "/kubepods/besteffort/pod" + uid;
const std::string kPlainLeaf = kPlainPod + "/" + id;

/// A watch on the fixture's tree that has told what is there.
struct Watched : CgroupFixture {
  explicit Watched(const std::vector<std::string>& before = {}, std::size_t most = 16384)
      : watch((add_all(before), make_cgroup_watch(root().string(), most))), follower(*watch) {
    follower.take(watch->refresh());
  }
  void add_all(const std::vector<std::string>& paths) const {
    for (const auto& path : paths) add(path);
  }
  /// Removes a directory and makes it again, with another id: the old one is held, so that its number is not free.
  Cgroup make_again(const std::string& path) const {
    const TreeFd old{::open((root() / path.substr(1)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    remove(path);
    return add(path);
  }

  std::unique_ptr<CgroupWatch> watch;
  CgroupFollower follower;
};

}  // namespace

TEST_CASE("the first look tells every pod and container there is, of both drivers, and nothing else", "[watch]") {
  Watched w({kSystemdLeaf, kPlainLeaf, kPlainPod + "/crio-conmon-" + id + ".scope", "/system.slice/redis.service",
             kPlainLeaf + "/container", "/kubepods/burstable/nonsense"});
  CHECK(w.follower.size() == 4);
  CHECK(w.follower.mistakes() == 0);
  for (const auto& leaf : {kSystemdLeaf, kPlainLeaf}) {
    INFO(leaf);
    const auto* made = w.follower.at(leaf);
    REQUIRE(made != nullptr);
    CHECK(made->cgroup == w.at(leaf));
    CHECK(made->pod_uid == uid);
    CHECK(made->container_id == id);
    const auto* pod = w.follower.at(leaf.substr(0, leaf.rfind('/')));
    REQUIRE(pod != nullptr);
    CHECK(pod->pod_uid == uid);
    CHECK(pod->container_id.empty());
  }
  CHECK_FALSE(w.watch->state().trouble);
  CHECK(w.watch->refresh().empty());
}

TEST_CASE("with nothing going on there is nothing to read", "[watch]") {
  const Watched w({kSystemdLeaf, kPlainLeaf});
  CHECK_FALSE(readable(w.watch->fd(), 50ms));
  CHECK(w.watch->read().empty());
}

TEST_CASE("a container that is made or removed is told at once", "[watch]") {
  for (const auto& leaf : {kSystemdLeaf, kPlainLeaf}) {
    INFO(leaf);
    Watched w({leaf.substr(0, leaf.rfind('/'))});
    const auto cgroup = w.add(leaf);
    w.follower.follow();
    REQUIRE(w.follower.at(leaf) != nullptr);
    CHECK(w.follower.at(leaf)->cgroup == cgroup);
    CHECK(w.follower.at(leaf)->container_id == id);
    CHECK(w.follower.at(leaf)->pod_uid == uid);

    w.remove(leaf);
    w.follower.follow();
    CHECK(w.follower.at(leaf) == nullptr);
    CHECK(w.follower.size() == 1);
    CHECK(w.follower.mistakes() == 0);
  }
}

TEST_CASE("a container under the same name is another one: its end is told with the old id", "[watch]") {
  Watched w({kPlainLeaf});
  const auto old = w.at(kPlainLeaf);
  const auto successor = w.make_again(kPlainLeaf);
  REQUIRE(old.id != successor.id);
  REQUIRE(readable(w.watch->fd(), 5s));
  const auto news = w.watch->read();
  REQUIRE(news.gone.size() == 1);
  CHECK(news.gone.front() == old);
  REQUIRE(news.made.size() == 1);
  CHECK(news.made.front().cgroup == successor);
}

TEST_CASE("a pod that is made again is watched as before", "[watch]") {
  Watched w({kPlainLeaf});
  w.make_again(kPlainPod);
  w.follower.follow();
  CHECK(w.follower.size() == 1);
  w.add(kPlainLeaf);
  w.follower.follow();
  CHECK(w.follower.at(kPlainLeaf) != nullptr);
  w.remove(kPlainPod);
  w.follower.follow();
  CHECK(w.follower.size() == 0);
  CHECK(w.follower.mistakes() == 0);
}

TEST_CASE("what a container makes below itself is not told, whatever it is called", "[watch]") {
  Watched w({kSystemdLeaf});
  w.add(kSystemdLeaf + "/container");  // crun's
  w.add(kSystemdLeaf + "/kubepods/pod" + uid + "/" + id);
  CHECK_FALSE(readable(w.watch->fd(), 50ms));
  CHECK(w.watch->refresh().empty());
  CHECK(w.follower.size() == 2);
}

TEST_CASE("names that no kubelet and no runtime gives are passed over", "[watch]") {
  Watched w({kPlainPod});
  for (const auto& name : {std::string("pod"), std::string("\xff\xfe"), std::string("a\nb"), std::string(255, 'e'),
                           std::string("cri-containerd-zz.scope"), std::string(64, 'E'), id + ".slice"}) {
    w.add(kPlainPod + "/" + name);
  }
  w.add(kPlainLeaf);
  w.follower.follow();
  CHECK(w.follower.size() == 2);
  CHECK(w.watch->refresh().empty());
}

TEST_CASE("a kubelet that starts after us, ends, and starts again is followed", "[watch]") {
  for (const std::string prefix : {"", "/kubelet", "/kubelet.slice"}) {
    INFO(prefix);
    Watched w({"/system.slice"});
    CHECK(w.follower.size() == 0);
    const auto pod = prefix == "/kubelet.slice"
                         ? prefix + "/kubelet-kubepods.slice/kubelet-kubepods-pod" + uid_ + ".slice"
                         : prefix + "/kubepods/pod" + uid;
    for (int round = 0; round < 3; ++round) {
      w.add(pod + "/" + id);
      w.follower.follow();
      CHECK(w.follower.size() == 2);
      w.remove(round == 0 || prefix.empty() ? pod.substr(0, pod.rfind('/')) : prefix);
      w.follower.follow();
      CHECK(w.follower.size() == 0);
    }
    CHECK(w.follower.mistakes() == 0);
  }
}

TEST_CASE("a kubelet's tree in an unusual place is found by the next full look, and watched from then on", "[watch]") {
  const std::string kubepods = "/system.slice/vm.service/node/kubepods";
  Watched w({"/system.slice"});
  w.add(kubepods + "/pod" + uid);
  w.follower.take(w.watch->refresh());
  CHECK(w.follower.size() == 1);
  w.add(kubepods + "/pod" + uid + "/" + id);
  w.follower.follow();
  CHECK(w.follower.size() == 2);
  w.remove("/system.slice/vm.service/node");
  w.follower.follow();
  CHECK(w.follower.size() == 0);
  w.add(kubepods + "/pod" + uid + "/" + id);
  w.follower.follow();
  CHECK(w.follower.size() == 2);
  CHECK(w.follower.mistakes() == 0);
}

TEST_CASE("directories of users never count as a kubelet's", "[watch]") {
  Watched w({"/user.slice/user-1000.slice/kubepods/pod" + uid + "/" + id, "/user.slice/kubepods/pod" + uid});
  CHECK(w.follower.size() == 0);
  w.add("/user.slice/kubepods/burstable/pod" + uid);
  CHECK_FALSE(readable(w.watch->fd(), 50ms));
}

TEST_CASE("no container is lost between a pod's making and its watch", "[watch]") {
  Watched w({"/kubepods/burstable"});
  constexpr int kPods = 300;
  std::atomic<bool> done = false;
  const std::jthread kubelet([&] {
    for (int i = 0; i < kPods; ++i) {
      const auto pod = "/kubepods/burstable/pod" + std::to_string(i);
      for (const char c : {'a', 'b', 'c'}) w.add(pod + "/" + std::string(64, c));
      if (i % 3 == 0) w.remove(pod + "/" + std::string(64, 'a'));
      if (i % 10 == 0) w.remove(pod);
    }
    done = true;
  });
  while (!done) w.follower.follow(10ms);
  w.follower.follow(10ms);
  CHECK(w.follower.mistakes() == 0);
  CHECK_FALSE(w.follower.overflowed());
  const auto pods = w.tree().pods();
  REQUIRE(pods);
  std::size_t there = pods->size();
  for (const auto& pod : *pods) {
    for (const auto& leaf : pod.containers) {
      ++there;
      const auto* told = w.follower.at(leaf.cgroup.path);
      REQUIRE(told != nullptr);
      CHECK(told->cgroup == leaf.cgroup);
      CHECK(told->container_id == leaf.container_id);
    }
  }
  CHECK(w.follower.size() == there);
  CHECK(w.watch->refresh().empty());
}

TEST_CASE("thousands of pods take one watch each, and are let go with it", "[watch]") {
  Watched w({"/kubepods"});
  constexpr int kPods = 3000;
  for (int i = 0; i < kPods; ++i) w.add("/kubepods/pod" + std::to_string(i) + "/" + id);
  w.follower.follow();
  CHECK(w.follower.size() == 2 * kPods);
  CHECK(w.watch->state().watched == kPods + 2);
  w.remove("/kubepods");
  w.follower.follow();
  w.follower.take(w.watch->refresh());
  CHECK(w.follower.size() == 0);
  CHECK(w.follower.mistakes() == 0);
  CHECK(w.watch->state().watched == 1);
}
