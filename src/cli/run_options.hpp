// SPDX-License-Identifier: Apache-2.0
// The options of `run`, and those that other commands share with it.
#pragma once

#include <cstdint>
#include <string>

#include "mus/options.hpp"

namespace CLI {
class App;
}

namespace mus {

/// What CLI11 fills as words and numbers, and what is something else in Options. Must outlive the parsing.
struct RunWords {
  std::string on_unsupported = "fail";
  std::string wakeup_preemption = "on";
  std::string idle_selection = "on";
  std::string queues = "cache";
  std::string cpu_weight = "on";
  std::string meters = "on";
  std::string allow_unenforced;
  std::string annotation_namespaces;
  std::uint64_t slice_us = 3000;
  std::uint64_t lag_us = 10000;
};

void add_run_options(CLI::App& run, Options& options, RunWords& words);
void add_socket(CLI::App& app, Options& options);
void add_roots(CLI::App& app, Options& options);
void add_pod_sources(CLI::App& app, Options& options);
void add_allow_unenforced(CLI::App& app, RunWords& words);

/// After the parsing.
void take_run_words(const RunWords& words, Options& options);

}  // namespace mus
