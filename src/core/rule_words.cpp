// SPDX-License-Identifier: Apache-2.0
#include "core/rule_words.hpp"

#include <cmath>

#include "core/figures.hpp"

namespace mus {
namespace {

std::string value_text(Signal signal, double value) {
  switch (signal) {
    case Signal::received_packets:
    case Signal::sent_packets:
    case Signal::received_bytes:
    case Signal::sent_bytes:
      return figure(value) + "/s";
    case Signal::run_delay_p50:
    case Signal::run_delay_p99:
      return delay_text_us(value);
    case Signal::cpu_pressure:
    case Signal::cpu_of_limit:
    case Signal::throttled:
      return percent(value);
    case Signal::cpu_use:
      return figure(value) + " CPUs";
    case Signal::runnable_threads:
      break;
  }
  return figure(value);
}

}  // namespace

std::string delay_text_us(double us) {
  return us < 1000 ? figure(us) + " us" : figure(us / 1000) + " ms";
}

std::string signal_text(Signal signal, double value) {
  const std::string name(signal_word(signal));
  return std::isnan(value) ? name + " is not known" : name + " is " + value_text(signal, value);
}

std::string comparison_text(Signal signal, const Comparison& is) {
  return (is.above ? "above " : "below ") + value_text(signal, is.threshold);
}

std::string subject_text(const std::string& ns, const std::string& pod, const std::string& container,
                         const std::string& path) {
  if (pod.empty()) return path;
  return ns + "/" + pod + (container.empty() ? "" : ", container " + container);
}

}  // namespace mus
