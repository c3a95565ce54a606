// SPDX-License-Identifier: Apache-2.0
#include "cgroup/signal_files.hpp"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace mus {
namespace {

constexpr const char* kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n"
    "    lo: 9000 90 0 0 0 0 0 0 9000 90 0 0 0 0 0 0\n"
    "  eth0:1000 10 1 2 0 0 0 0 2000 20 0 0 0 0 0 0\n"
    "net1.5@x: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n";

TEST_CASE("net/dev: all devices but loopback are summed up, with and without a blank after the name") {
  const auto read = parse_net_dev(kNetDev);
  REQUIRE(read);
  CHECK(*read == NetworkCounters{12, 24, 1001, 2003});
}

TEST_CASE("net/dev: what is cut off, or is something else, is refused") {
  CHECK_FALSE(parse_net_dev(""));
  CHECK_FALSE(parse_net_dev("hello\nworld\n"));
  const std::string whole(kNetDev);
  CHECK_FALSE(parse_net_dev(whole.substr(0, whole.size() - 8)));
  CHECK_FALSE(parse_net_dev(whole + "eth1 1 2\n"));
}

TEST_CASE("cpu.pressure: the total of some, in microseconds") {
  CHECK(parse_pressure(
            "some avg10=0.00 avg60=1.20 avg300=0.50 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n") ==
        123456);
  CHECK_FALSE(parse_pressure("full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"));
  CHECK_FALSE(parse_pressure("some total=x\n"));
  CHECK_FALSE(parse_pressure(""));
}

/// A cgroup tree and a /proc of plain directories.
struct Place {
  test::TempDir dir;
  std::string cgroups = dir.path().string() + "/cgroup";
  std::string proc = dir.path().string() + "/proc";
  CgroupSignalFiles files{cgroups, proc};

  Place() { write(proc + "/1/net/dev", kNetDev); }
  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  Cgroup cgroup(const std::string& path, const std::string& processes) {
    write(cgroups + path + "/cgroup.procs", processes);
    struct stat status = {};
    stat((cgroups + path).c_str(), &status);
    return {CgroupId{status.st_ino}, path};
  }
};

TEST_CASE("a pod's network is that of any process in it or below") {
  Place place;
  const auto pod = place.cgroup("/pod", "");
  (void)place.cgroup("/pod/a", "41\n42\n");  // 41 has ended
  Place::write(place.proc + "/42/net/dev", kNetDev);
  const auto read = place.files.network(pod);
  REQUIRE(read);
  CHECK(read->received_packets == 12);
  Place::write(place.proc + "/42/net/dev", std::string(kNetDev) + "eth9: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n");
  CHECK(place.files.network(pod)->received_packets == 17);
}

TEST_CASE("who uses the host's network has no packets of its own") {
  Place place;
  const auto pod = place.cgroup("/pod", "42\n");
  std::filesystem::create_directories(place.proc + "/42/net");
  std::filesystem::create_hard_link(place.proc + "/1/net/dev", place.proc + "/42/net/dev");
  const auto read = place.files.network(pod);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::unsupported);
  CHECK(read.error().message.find("host's network") != std::string::npos);
}

TEST_CASE("a cgroup without visible processes, and one that has gone, are told apart from silence") {
  Place place;
  const auto pod = place.cgroup("/pod", "");
  CHECK(place.files.network(pod).error().code == Errc::not_found);
  CHECK(place.files.network({CgroupId{1}, "/pod"}).error().code == Errc::not_found);
  CHECK(place.files.pressure_us({CgroupId{1}, "/pod"}).error().code == Errc::not_found);
}

TEST_CASE("cpu.pressure is read anew each time; where the kernel keeps none, that is told") {
  Place place;
  const auto pod = place.cgroup("/pod", "");
  CHECK(place.files.pressure_us(pod).error().code == Errc::unsupported);
  Place::write(place.cgroups + "/pod/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=100\n");
  CHECK(place.files.pressure_us(pod) == 100);
  Place::write(place.cgroups + "/pod/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=250\n");
  CHECK(place.files.pressure_us(pod) == 250);
}

TEST_CASE("files that nobody asks for any more are closed, and those that are asked for stay open") {
  Place place;
  const auto open_files = [] {
    std::size_t count = 0;
    for (auto entry = std::filesystem::directory_iterator("/proc/self/fd");
         entry != std::filesystem::directory_iterator(); ++entry) {
      ++count;
    }
    return count;
  };
  const auto pod = place.cgroup("/pod", "42\n");
  Place::write(place.proc + "/42/net/dev", kNetDev);
  const auto before = open_files();
  REQUIRE(place.files.network(pod));
  CHECK(open_files() == before + 1);
  place.files.close_unused();
  CHECK(open_files() == before + 1);
  place.files.close_unused();
  CHECK(open_files() == before);
}

}  // namespace
}  // namespace mus
