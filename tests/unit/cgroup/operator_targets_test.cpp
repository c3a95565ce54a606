// SPDX-License-Identifier: Apache-2.0
// cgroup=, unit= and pid=.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cgroup/preflight.hpp"
#include "support/cgroup_fixture.hpp"
#include "unit/cgroup/names.hpp"

using namespace mus;
using namespace mus::test;

namespace {
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("a directory is found by its path, with or without slashes at its end") {
  const CgroupFixture node;
  const auto redis = node.add("/system.slice/redis-server.service");
  CHECK(node.tree().path("/system.slice/redis-server.service").value() == redis);
  CHECK(node.tree().path("/system.slice/redis-server.service//").value() == redis);
  CHECK(node.tree().path("/system.slice").value() == node.at("/system.slice"));
  CHECK(node.tree().path("/system.slice/x.service").error().code == Errc::not_found);
  std::ofstream{node.root() / "file"} << "x";
  CHECK(node.tree().path("/file").error().code == Errc::not_found);
}

TEST_CASE("paths that could leave the tree or are none are refused before anything is opened") {
  const CgroupFixture node;
  node.add("/a/b");
  for (const std::string path :
       {"", "a", "a/b", "..", "/..", "/a/..", "/a/../a", "/a/./b", "/a//b", "//a", "/a/b\n", "/\x01", "/\xc3\xa4"}) {
    INFO(path);
    const auto error = node.tree().path(path).error();
    CHECK(error.code == Errc::invalid_argument);
    CHECK_FALSE(has(error.message, "\n"));
  }
  CHECK(node.tree().path(std::string_view{"/a\0b", 4}).error().code == Errc::invalid_argument);
  CHECK(node.tree().path(std::string{"/"}.append(5000, 'a')).error().code == Errc::invalid_argument);
  CHECK(node.tree().path(std::string{"/"}.append(256, 'a')).error().code == Errc::invalid_argument);
}

namespace {

void check_links_refused() {
  const CgroupFixture node;
  const auto below = node.add("/real/below");
  std::ofstream{node.root() / "file"} << "x";
  std::filesystem::create_directory_symlink("real", node.root() / "inside");
  std::filesystem::create_directory_symlink("/", node.root() / "outside");
  for (const std::string path : {"/inside", "/inside/below", "/outside", "/outside/etc"}) {
    INFO(path);
    const auto found = node.tree().path(path);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == Errc::invalid_argument);
    CHECK(has(found.error().message, "link"));
  }
  CHECK(node.tree().path("/real/below").value() == below);
  CHECK(node.tree().path("/real/absent").error().code == Errc::not_found);
  CHECK(node.tree().path("/file/below").error().code == Errc::not_found);
}

/// Makes openat2 fail for the calling thread, as a container runtime's seccomp profile may.
void deny_openat2(unsigned int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, code};
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

}  // namespace

TEST_CASE("links are refused wherever they point") {
  check_links_refused();
}

TEST_CASE("links are refused as well where the openat2 system call is denied") {
  for (const unsigned int error : {ENOSYS, EPERM}) {
    std::thread{[error] {
      deny_openat2(error);
      CHECK(syscall(SYS_openat2, -1, "", nullptr, 0) == -1);
      CHECK(errno == static_cast<int>(error));
      check_links_refused();
    }}.join();
  }
}

TEST_CASE("the root, kubepods roots, QoS levels and what holds them are refused with the reason") {
  const CgroupFixture node;
  node.add("/kubepods/burstable");
  node.add("/kubepods.slice/kubepods-besteffort.slice");
  node.add("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice");
  node.add("/system.slice/docker-x.scope/kubelet/kubepods/besteffort");
  for (const std::string path :
       {"/", "//", "/kubepods", "/kubepods/", "/kubepods/burstable", "/kubepods.slice",
        "/kubepods.slice/kubepods-besteffort.slice", "/kubelet.slice", "/kubelet.slice/kubelet-kubepods.slice",
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice",
        "/system.slice/docker-x.scope/kubelet"}) {
    INFO(path);
    const auto error = node.tree().path(path).error();
    CHECK(error.code == Errc::invalid_argument);
    CHECK_FALSE(error.advice.empty());
  }
  // A pod or a container may be named by its directory, a kind node by its container.
  const std::string pod = "/kubepods.slice/kubepods-pod" + uid_ + ".slice";
  const auto leaf = node.add(pod + "/cri-containerd-" + std::string(64, 'a') + ".scope");
  CHECK(node.tree().path(leaf.path).value() == leaf);
  CHECK(node.tree().path(pod).has_value());
  CHECK(node.tree().path("/system.slice/docker-x.scope").has_value());
}

TEST_CASE("units are found in their slices by name, .service being added where there is no type") {
  const CgroupFixture node;
  const auto redis = node.add("/system.slice/redis-server.service");
  const auto instance = node.add("/system.slice/system-getty.slice/getty@tty1.service");
  const auto scope = node.add("/user.slice/user-1000.slice/session-3.scope");
  const auto dotted = node.add("/system.slice/redis.v2.service");
  CHECK(node.tree().unit("redis-server.service").value() == redis);
  CHECK(node.tree().unit("redis-server").value() == redis);
  CHECK(node.tree().unit("redis.v2").value() == dotted);
  CHECK(node.tree().unit("getty@tty1").value() == instance);
  CHECK(node.tree().unit("session-3.scope").value() == scope);
  CHECK(node.tree().unit("system-getty.slice").value().path == "/system.slice/system-getty.slice");
  CHECK(node.tree().unit("nginx").error().code == Errc::not_found);
}

TEST_CASE("a unit name below somebody else's part of the tree does not count") {
  const CgroupFixture node;
  node.add("/user.slice/user-1000.slice/user@1000.service/app.slice/redis-server.service");
  node.add("/system.slice/docker-x.scope/system.slice/redis-server.service");
  node.add("/kubepods.slice/redis-server.service");
  CHECK(node.tree().unit("redis-server").error().code == Errc::not_found);
}

TEST_CASE("ambiguous, malformed, kubelet's and process-less units are refused") {
  const CgroupFixture node;
  node.add("/a.slice/x.service");
  node.add("/b.slice/x.service");
  node.add("/kubepods.slice/kubepods-burstable.slice");
  const auto twice = node.tree().unit("x").error();
  CHECK(twice.code == Errc::ambiguous);
  CHECK(has(twice.message, "/a.slice/x.service, /b.slice/x.service"));
  for (const std::string name : {"", "a/b", "../x", "a b", "x\n", "redis.timer", "dbus.socket", "-.slice",
                                 "kubepods.slice", "kubepods-burstable.slice", "kubelet-kubepods.slice"}) {
    INFO(name);
    CHECK(node.tree().unit(name).error().code == Errc::invalid_argument);
  }
}

TEST_CASE("a process is followed to its cgroup") {
  const CgroupFixture node;
  const auto redis = node.add("/system.slice/redis-server.service");
  node.process(42, redis.path);
  CHECK(node.tree().pid(42).value() == redis);
  CHECK(node.tree().pid(43).error().code == Errc::not_found);
  CHECK(node.tree().pid(0).error().code == Errc::invalid_argument);
  CHECK(node.tree().pid(-1).error().code == Errc::invalid_argument);
}

TEST_CASE("kernel threads, the root cgroup, all pods' parents and removed cgroups are refused with a clear message") {
  const CgroupFixture node;
  node.add("/kubepods/burstable");
  node.process(2, "/", 0, true);
  node.process(10, "/");
  node.process(11, "/kubepods/burstable");
  node.process(12, "/gone.service (deleted)");
  node.process(13, "/not/here");
  CHECK(has(node.tree().pid(2).error().message, "kernel thread"));
  CHECK(has(node.tree().pid(10).error().message, "root cgroup"));
  CHECK(node.tree().pid(11).error().code == Errc::invalid_argument);
  CHECK(node.tree().pid(12).error().code == Errc::not_found);
  CHECK(node.tree().pid(13).error().code == Errc::not_found);
}

TEST_CASE("a path relative to a private cgroup namespace is found by its tail, twins by cgroup.procs") {
  const CgroupFixture node;
  const auto leaf = node.add("/kubepods/poda/" + std::string(64, 'a'));
  node.process(5, "/../../poda/" + std::string(64, 'a'));
  CHECK(node.tree().pid(5).value() == leaf);

  const auto one = node.add("/a.slice/x.service/payload");
  const auto two = node.add("/b.slice/x.service/payload");
  node.process(6, "/../x.service/payload");
  CHECK(node.tree().pid(6).error().code == Errc::not_found);
  node.procs(two.path, {6});
  CHECK(node.tree().pid(6).value() == two);
  CHECK(one.id != two.id);
}

TEST_CASE("a --cgroup-root below the mount point is no reason to take a stranger of the same name") {
  const CgroupFixture node;
  const auto mine = node.add("/x.service");
  node.process(7, "/sub/tree/x.service");
  CHECK(node.tree().pid(7).error().code == Errc::not_found);
  node.procs(mine.path, {7});
  CHECK(node.tree().pid(7).value() == mine);
}

TEST_CASE("a process id that is reused between two looks is noticed") {
  const CgroupFixture node;
  const auto redis = node.add("/system.slice/redis-server.service");
  node.process(42, redis.path);
  const auto stat = node.proc() / "42" / "stat";
  std::filesystem::remove(stat);
  REQUIRE(mkfifo(stat.c_str(), 0600) == 0);
  // Each opening of the FIFO gets the next process's start time.
  const auto feed = [&](std::uint64_t first, std::uint64_t second) {
    return std::thread{[&stat, first, second] {
      for (const auto start : {first, second}) {
        std::ofstream{stat} << CgroupFixture::stat_line(42, start);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});  // let the reader see the end of this one
      }
    }};
  };
  auto same = feed(100, 100);
  CHECK(node.tree().pid(42).value() == redis);
  same.join();
  auto reused = feed(100, 101);
  const auto error = node.tree().pid(42).error();
  reused.join();
  CHECK(error.code == Errc::not_found);
  CHECK(has(error.message, "another has its number"));
}

TEST_CASE("our own process is found through the real /proc where this machine's cgroup2 tree is in sight") {
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    if (!check_cgroup2(root)) continue;
    const auto found = CgroupFs{root, "/proc"}.pid(getpid());
    if (found) {
      CHECK(CgroupFs{root, "/proc"}.alive(*found));
      struct stat status = {};
      REQUIRE(stat((root + found->path).c_str(), &status) == 0);
      CHECK(CgroupId{status.st_ino} == found->id);  // handle and inode number are the same on 64-bit machines
    } else {
      CHECK_FALSE(found.error().message.empty());
    }
  }
}

TEST_CASE("what is not cgroup v2 is told from it, with what to do") {
  const CgroupFixture node;
  const auto plain = check_cgroup2(node.root().string());
  REQUIRE_FALSE(plain.has_value());
  CHECK(plain.error().code == Errc::unsupported);
  CHECK(has(plain.error().advice, "--cgroup-root"));
  node.add("/cpu");
  CHECK(has(check_cgroup2(node.root().string()).error().message, "v1"));
  CHECK(has(check_cgroup2("/nonexistent").error().message, "no cgroup tree"));
}
