// SPDX-License-Identifier: Apache-2.0
#include "core/subject_signals.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

namespace mus {
namespace {

using namespace std::chrono_literals;
using Catch::Approx;
using Verdict = DelayWindow::Verdict;

const TimePoint kBegin{1000h};

SignalReading network_at(std::chrono::milliseconds when, std::uint64_t packets) {
  SignalReading reading;
  reading.at = kBegin + when;
  reading.network = NetworkCounters{packets, packets / 2, packets * 100, packets * 10};
  return reading;
}

/// `shorts` waits of about 2 us and `longs` of about 17 ms.
WaitCounts waits(std::uint64_t shorts, std::uint64_t longs = 0) {
  WaitCounts out{};
  out[1] = shorts;
  out[14] = longs;
  return out;
}

TEST_CASE("packets and bytes a second are the difference over the time, and nothing before there are two readings") {
  SubjectSignals signals;
  signals.add(network_at(0ms, 1000));
  CHECK(std::isnan(signals.values()[Signal::received_packets]));
  signals.add(network_at(2000ms, 3000));
  CHECK(signals.values()[Signal::received_packets] == Approx(1000));
  CHECK(signals.values()[Signal::sent_packets] == Approx(500));
  CHECK(signals.values()[Signal::received_bytes] == Approx(100'000));
  CHECK(signals.values()[Signal::sent_bytes] == Approx(10'000));
}

TEST_CASE("counters that begin anew, and those that are gone, tell nothing") {
  SubjectSignals signals;
  signals.add(network_at(0ms, 1000));
  signals.add(network_at(1000ms, 10));
  CHECK(std::isnan(signals.values()[Signal::received_packets]));
  signals.add(network_at(2000ms, 20));
  CHECK(signals.values()[Signal::received_packets] == Approx(10));
  SignalReading nothing;
  nothing.at = kBegin + 3000ms;
  signals.add(nothing);
  CHECK(std::isnan(signals.values()[Signal::received_packets]));
}

TEST_CASE("CPU pressure is the part of the time, CPU use is in CPUs, of its limit and throttled are parts") {
  SubjectSignals signals;
  SignalReading reading;
  reading.at = reading.metered_at = kBegin;
  reading.pressure_us = 5'000'000;
  reading.meters = CgroupStats{};
  reading.limit = LimitStats{CgroupId{1}, 50'000, 100'000};
  reading.threads = 1.5;
  signals.add(reading);
  reading.at = reading.metered_at = kBegin + 1s;
  reading.pressure_us = 5'250'000;
  reading.meters->cpu_time_ns = 400'000'000;
  reading.limit->periods = 10;
  reading.limit->throttled_periods = 3;
  signals.add(reading);
  CHECK(signals.values()[Signal::cpu_pressure] == Approx(0.25));
  CHECK(signals.values()[Signal::cpu_use] == Approx(0.4));
  CHECK(signals.limit_cpus() == Approx(0.5));
  CHECK(signals.values()[Signal::cpu_of_limit] == Approx(0.8));
  CHECK(signals.values()[Signal::throttled] == Approx(0.3));
  CHECK(signals.values()[Signal::runnable_threads] == Approx(1.5));
  // The same reading of the meters once more: no second has passed for them.
  reading.at += 1s;
  signals.add(reading);
  CHECK(signals.values()[Signal::cpu_use] == Approx(0.4));
}

TEST_CASE("percentiles of waits want two hundred of them, however many seconds that takes") {
  SubjectSignals signals;
  SignalReading reading;
  reading.at = reading.metered_at = kBegin;
  reading.meters = CgroupStats{};
  signals.add(reading);
  for (int second = 1; second <= 3; ++second) {
    reading.at = reading.metered_at = kBegin + std::chrono::seconds(second);
    reading.meters->delays = waits(static_cast<std::uint64_t>(second) * 80);
    reading.meters->waits = static_cast<std::uint64_t>(second) * 80;
    signals.add(reading);
    CHECK(std::isnan(signals.values()[Signal::run_delay_p99]) == (second < 3));
  }
  CHECK(signals.values()[Signal::run_delay_p99] < 3);
  CHECK(signals.values()[Signal::run_delay_p50] < signals.values()[Signal::run_delay_p99]);
}

TEST_CASE("the newest waits count: what was late before does not, once two hundred have not been") {
  DelayWindow window;
  window.add(waits(100, 100), kBegin);
  CHECK(window.p99_under(2000) == Verdict::broken);
  window.add(waits(250), kBegin + 1s);
  CHECK(window.p99_under(2000) == Verdict::holds);
}

TEST_CASE("with fewer than two hundred waits a p99 is broken when it would be whatever the others were, else unknown") {
  DelayWindow window;
  window.add(waits(20, 2), kBegin);
  CHECK(window.p99_under(2000) == Verdict::unknown);
  window.add(waits(20, 1), kBegin + 1s);
  CHECK(window.p99_under(2000) == Verdict::broken);
  CHECK_FALSE(window.quantile_us(0.99));
  window.add(waits(0), kBegin + 12s);
  CHECK(window.p99_under(2000) == Verdict::unknown);
}

TEST_CASE("a p99 is told within the bucket that it is in, as the percentiles elsewhere are") {
  DelayWindow window;
  WaitCounts all{};
  all[12] = 1000;  // from 2.1 to 4.2 ms
  window.add(all, kBegin);
  CHECK(window.p99_under(4100) == Verdict::broken);
  CHECK(window.p99_under(4200) == Verdict::holds);
  CHECK(window.latest_p99_us() == Approx(4173).margin(10));
}

}  // namespace
}  // namespace mus
