// SPDX-License-Identifier: Apache-2.0
#include "kernel/topology.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "kernel/sysfs.hpp"

namespace mus {
namespace {

constexpr int kMaxNodes = 1024;          // CONFIG_NODES_SHIFT is at most 10
constexpr int kMaxCacheIndexes = 16;     // per CPU; today's have 4 or 5
constexpr std::uint32_t kUnknown = 255;  // a distance that is larger than any real one

std::uint32_t number(const std::string& path, std::uint32_t otherwise) {
  const auto line = read_line(path);
  std::uint32_t value = 0;
  if (!line || std::from_chars(line->data(), line->data() + line->size(), value).ec != std::errc{}) return otherwise;
  return value;
}

struct Nodes {
  std::vector<std::uint16_t> of_cpu;                              // by CPU id
  std::map<std::uint16_t, std::vector<std::uint32_t>> distances;  // by node; to each node in the order of their ids

  [[nodiscard]] std::uint32_t distance(std::uint16_t from, std::uint16_t to) const {
    const auto found = distances.find(from);
    if (found == distances.end()) return from == to ? 0 : kUnknown;
    const auto position = static_cast<std::size_t>(std::distance(distances.begin(), distances.find(to)));
    return position < found->second.size() ? found->second[position] : kUnknown;
  }
};

std::vector<std::uint32_t> numbers(const std::string& line) {
  std::vector<std::uint32_t> all;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at != end) {
    std::uint32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error == std::errc{}) all.push_back(value);
    at = error == std::errc{} ? next : at + 1;
  }
  return all;
}

Nodes read_nodes(const std::string& sys_root, std::uint32_t cpus) {
  Nodes nodes;
  nodes.of_cpu.assign(cpus, 0);
  const std::string dir = sys_root + "/devices/system/node/";
  const auto online = read_line(dir + "online");
  for (const std::uint32_t node : online ? cpu_list(*online) : std::vector<std::uint32_t>{}) {
    if (node >= kMaxNodes) continue;
    const std::string path = dir + "node" + std::to_string(node) + "/";
    const auto id = static_cast<std::uint16_t>(node);
    nodes.distances[id] = numbers(read_line(path + "distance").value_or(""));
    for (const std::uint32_t cpu : cpu_list(read_line(path + "cpulist").value_or(""))) {
      if (cpu < cpus) nodes.of_cpu[cpu] = id;
    }
  }
  return nodes;
}

// What the CPUs of one last-level cache have in common: the text of the list of them.
std::string cache_name(const std::string& sys_root, std::uint32_t cpu) {
  const std::string dir = sys_root + "/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index";
  std::uint32_t highest = 2;
  std::string name;
  for (int index = 0; index < kMaxCacheIndexes; ++index) {
    const std::string path = dir + std::to_string(index) + "/";
    const std::uint32_t level = number(path + "level", 0);
    if (level <= highest || read_line(path + "type").value_or("") == "Instruction") continue;
    const auto shared = read_line(path + "shared_cpu_list");
    if (!shared || shared->empty()) continue;
    highest = level;
    name = *shared;
  }
  return name;
}

// The online CPUs by node and cache; the order of the key is the order of caches.
using Groups = std::map<std::pair<std::uint16_t, std::uint32_t>, std::vector<std::uint16_t>>;

Groups group(const std::string& sys_root, const std::vector<std::uint32_t>& online, const Nodes& nodes,
             QueuePerCache per_cache) {
  Groups groups;
  std::map<std::pair<std::uint16_t, std::string>, std::uint32_t> first_of;
  for (const std::uint32_t cpu : online) {
    const std::uint16_t node = per_cache == QueuePerCache::yes ? nodes.of_cpu[cpu] : std::uint16_t{0};
    const std::string name = per_cache == QueuePerCache::yes ? cache_name(sys_root, cpu) : std::string{};
    const std::uint32_t first = first_of.try_emplace({node, name}, cpu).first->second;
    groups[{node, first}].push_back(static_cast<std::uint16_t>(cpu));
  }
  return groups;
}

std::vector<std::vector<std::uint8_t>> by_distance(const std::vector<mus_cache>& caches, const Nodes& nodes) {
  std::vector<std::vector<std::uint8_t>> near(caches.size());
  for (std::size_t from = 0; from < caches.size(); ++from) {
    for (std::size_t to = 0; to < caches.size(); ++to) {
      if (to != from) near[from].push_back(static_cast<std::uint8_t>(to));
    }
    // Between equally distant ones the next in order, so that not all caches turn to the first.
    std::stable_sort(near[from].begin(), near[from].end(), [&](std::uint8_t a, std::uint8_t b) {
      const auto key = [&](std::uint8_t to) {
        return std::pair{nodes.distance(caches[from].node, caches[to].node),
                         (to + caches.size() - from) % caches.size()};
      };
      return key(a) < key(b);
    });
  }
  return near;
}

}  // namespace

Topology read_topology(const std::string& sys_root, std::uint32_t cpus, QueuePerCache per_cache) {
  auto online = cpu_list(read_line(sys_root + "/devices/system/cpu/online").value_or(""));
  std::erase_if(online, [&](std::uint32_t cpu) { return cpu >= cpus; });
  if (online.empty()) {
    online.resize(cpus);
    std::iota(online.begin(), online.end(), 0U);
  }
  const Nodes nodes = read_nodes(sys_root, cpus);
  Topology topology;
  topology.cpu_caches.assign(cpus, MUS_NO_CACHE);
  for (const auto& [key, members] : group(sys_root, online, nodes, per_cache)) {
    if (topology.caches.size() < MUS_MAX_CACHES) {
      topology.caches.push_back({static_cast<__u16>(topology.cpu_order.size()), 0, key.first, 0});
    }
    const auto cache = static_cast<std::uint16_t>(topology.caches.size() - 1);
    for (const std::uint16_t cpu : members) {
      topology.cpu_caches[cpu] = cache;
      topology.cpu_order.push_back(cpu);
      ++topology.caches.back().cpus;
    }
  }
  topology.near = by_distance(topology.caches, nodes);
  return topology;
}

}  // namespace mus
