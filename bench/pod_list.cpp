// SPDX-License-Identifier: Apache-2.0
// How long the parser needs for a kubelet's answer, read from a file, and how much memory the process has used at most,
// the answer included.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "pods/pod_list_parser.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: mus-pod-list FILE LIMIT_MS LIMIT_MB    status 1 when it takes more\n";
    return 2;
  }
  std::string answer;
  {
    std::ifstream in(argv[1], std::ios::binary | std::ios::ate);
    if (!in) {
      std::cerr << "mus-pod-list: cannot read " << argv[1] << '\n';
      return 2;
    }
    answer.resize(static_cast<std::size_t>(in.tellg()));
    in.seekg(0);
    in.read(answer.data(), static_cast<std::streamsize>(answer.size()));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto parsed = mus::parse_pod_list(answer);
  const double took_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (!parsed) {
    std::cerr << "mus-pod-list: " << parsed.error().message << '\n';
    return 1;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double most_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  std::printf("parsing %zu pods, %.1f MB: %.0f ms, %.0f MB at most\n", parsed->pods.size(),
              static_cast<double>(answer.size()) / (1 << 20), took_ms, most_mb);
  if (took_ms <= std::strtod(argv[2], nullptr) && most_mb <= std::strtod(argv[3], nullptr)) return 0;
  std::printf("FAILED: over %s ms or %s MB\n", argv[2], argv[3]);
  return 1;
}
