// SPDX-License-Identifier: Apache-2.0
#include "kernel/topology.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "kernel/sysfs.hpp"
#include "support/temp_dir.hpp"

using namespace mus;

namespace {

class Machine {
 public:
  explicit Machine(const std::string& online) { dir_.write("devices/system/cpu/online", online + "\n"); }

  void cache(int cpu, int index, int level, const std::string& type, const std::string& shared) {
    const auto path = "devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index" + std::to_string(index) + "/";
    dir_.write(path + "level", std::to_string(level) + "\n");
    dir_.write(path + "type", type + "\n");
    dir_.write(path + "shared_cpu_list", shared + "\n");
  }
  void nodes(const std::string& online) { dir_.write("devices/system/node/online", online + "\n"); }
  void node(int id, const std::string& cpus, const std::string& distances) {
    const auto path = "devices/system/node/node" + std::to_string(id) + "/";
    dir_.write(path + "cpulist", cpus + "\n");
    dir_.write(path + "distance", distances + "\n");
  }
  [[nodiscard]] Topology read(std::uint32_t cpus, QueuePerCache per_cache = QueuePerCache::yes) const {
    return read_topology(dir_.str(), cpus, per_cache);
  }

 private:
  test::TempDir dir_;
};

std::vector<int> sizes(const Topology& topology) {
  std::vector<int> all;
  for (const auto& cache : topology.caches) all.push_back(cache.cpus);
  return all;
}

// 2 nodes x 2 caches x 2 cores x 2 threads, numbered as machines do: siblings are eight apart.
void make_sixteen(Machine& machine) {
  for (int cpu = 0; cpu < 16; ++cpu) {
    const int core = cpu % 8, first = core / 2 * 2;
    const auto list = [](int a) {
      return std::to_string(a) + "-" + std::to_string(a + 1) + "," + std::to_string(a + 8) + "-" +
             std::to_string(a + 9);
    };
    machine.cache(cpu, 0, 1, "Data", std::to_string(core) + "," + std::to_string(core + 8));
    machine.cache(cpu, 1, 1, "Instruction", std::to_string(core) + "," + std::to_string(core + 8));
    machine.cache(cpu, 2, 2, "Unified", std::to_string(core) + "," + std::to_string(core + 8));
    machine.cache(cpu, 3, 3, "Unified", list(first));
  }
  machine.nodes("0-1");
  machine.node(0, "0-3,8-11", "10 21");
  machine.node(1, "4-7,12-15", "21 10");
}

Topology sixteen(QueuePerCache per_cache = QueuePerCache::yes) {
  Machine machine{"0-15"};
  make_sixteen(machine);
  return machine.read(16, per_cache);
}

}  // namespace

TEST_CASE("CPUs that share a third-level cache are one cache, and a cache's CPUs are neighbours in the order") {
  const auto topology = sixteen();
  CHECK(sizes(topology) == std::vector{4, 4, 4, 4});
  CHECK(topology.cpu_order == std::vector<std::uint16_t>{0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15});
  for (const int cpu : {4, 5, 12, 13}) CHECK(topology.cpu_caches[static_cast<std::size_t>(cpu)] == 2);
  CHECK(topology.caches[2].first == 8);
  CHECK(topology.caches[1].node == 0);
  CHECK(topology.caches[2].node == 1);
}

TEST_CASE("the other caches come by distance: those of the same node first") {
  const auto near = sixteen().near;
  CHECK(near[0] == std::vector<std::uint8_t>{1, 2, 3});
  CHECK(near[1] == std::vector<std::uint8_t>{0, 2, 3});
  CHECK(near[2] == std::vector<std::uint8_t>{3, 0, 1});
}

TEST_CASE("among three nodes the nearer one comes first") {
  Machine machine{"0-2"};
  machine.nodes("0,2,5");
  machine.node(0, "0", "10 40 20");
  machine.node(2, "1", "40 10 30");
  machine.node(5, "2", "20 30 10");
  const auto near = machine.read(3).near;
  CHECK(near[0] == std::vector<std::uint8_t>{2, 1});
  CHECK(near[1] == std::vector<std::uint8_t>{2, 0});
}

TEST_CASE("without a third-level cache the CPUs of a node count as one") {
  Machine machine{"0-3"};
  for (int cpu = 0; cpu < 4; ++cpu) machine.cache(cpu, 0, 2, "Unified", std::to_string(cpu));
  CHECK(sizes(machine.read(4)) == std::vector{4});
  machine.nodes("0-1");
  machine.node(0, "0-1", "10 20");
  machine.node(1, "2-3", "20 10");
  CHECK(sizes(machine.read(4)) == std::vector{2, 2});
}

TEST_CASE("a CPU that is not online has no cache, so that the scheduler asks to be loaded again when it comes") {
  Machine machine{"0,2-3"};
  const auto topology = machine.read(6);
  CHECK(sizes(topology) == std::vector{3});
  CHECK(topology.cpu_caches == std::vector<std::uint16_t>{0, MUS_NO_CACHE, 0, 0, MUS_NO_CACHE, MUS_NO_CACHE});
  CHECK(topology.cpu_order == std::vector<std::uint16_t>{0, 2, 3});
}

TEST_CASE("one queue for the machine is one cache, whatever sysfs says") {
  const auto topology = sixteen(QueuePerCache::no);
  CHECK(sizes(topology) == std::vector{16});
  CHECK(topology.near == std::vector<std::vector<std::uint8_t>>{{}});
}

TEST_CASE("where sysfs says nothing or nonsense all possible CPUs are one cache") {
  const test::TempDir nothing;
  CHECK(sizes(read_topology(nothing.str(), 4, QueuePerCache::yes)) == std::vector{4});
  Machine machine{"0-3"};
  machine.cache(0, 0, 3, "Unified", "");
  machine.nodes("x");
  CHECK(sizes(machine.read(4)) == std::vector{4});
  CHECK(sizes(Machine{"0-99999999"}.read(4)) == std::vector{4});
}

TEST_CASE("caches beyond the last that the scheduler can tell apart count as that one") {
  Machine machine{"0-69"};
  for (int cpu = 0; cpu < 70; ++cpu) machine.cache(cpu, 0, 3, "Unified", std::to_string(cpu));
  const auto topology = machine.read(70);
  REQUIRE(topology.caches.size() == MUS_MAX_CACHES);
  CHECK(topology.caches.back().cpus == 7);
  CHECK(topology.cpu_caches[69] == MUS_MAX_CACHES - 1);
}

TEST_CASE("lists of CPUs are read as far as they make sense") {
  CHECK(cpu_list("0-2,7") == std::vector<std::uint32_t>{0, 1, 2, 7});
  CHECK(cpu_list("3") == std::vector<std::uint32_t>{3});
  for (const std::string nothing : {"", "x", "-1", "5-2", "1-99999999999", "70000"}) CHECK(cpu_list(nothing).empty());
  CHECK(cpu_list("1,x,3") == std::vector<std::uint32_t>{1});
  CHECK(cpu_list("1,2;3").size() <= 2);
}
