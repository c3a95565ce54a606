// SPDX-License-Identifier: Apache-2.0
#include "core/subject_signals.hpp"

#include <algorithm>

namespace mus {
namespace {

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

double rate(std::uint64_t before, std::uint64_t now, double seconds) {
  return now < before ? kUnknown : static_cast<double>(now - before) / seconds;
}

}  // namespace

void SubjectSignals::add(const SignalReading& reading) {
  const double seconds = last_ ? seconds_between(last_->at, reading.at) : 0;
  add_network(reading, seconds);
  auto& pressure = values_[Signal::cpu_pressure];
  pressure = kUnknown;
  if (seconds > 0 && reading.pressure_us && last_->pressure_us) {
    pressure = std::min(1.0, rate(*last_->pressure_us, *reading.pressure_us, seconds) / 1e6);
  }
  values_[Signal::runnable_threads] = reading.threads.value_or(kUnknown);
  add_meters(reading);
  add_limit(reading.limit);
  last_ = reading;
}

void SubjectSignals::add_network(const SignalReading& reading, double seconds) {
  for (const auto signal :
       {Signal::received_packets, Signal::sent_packets, Signal::received_bytes, Signal::sent_bytes}) {
    values_[signal] = kUnknown;
  }
  if (seconds <= 0 || !reading.network || !last_->network) return;
  const auto& before = *last_->network;
  const auto& now = *reading.network;
  values_[Signal::received_packets] = rate(before.received_packets, now.received_packets, seconds);
  values_[Signal::sent_packets] = rate(before.sent_packets, now.sent_packets, seconds);
  values_[Signal::received_bytes] = rate(before.received_bytes, now.received_bytes, seconds);
  values_[Signal::sent_bytes] = rate(before.sent_bytes, now.sent_bytes, seconds);
}

void SubjectSignals::add_meters(const SignalReading& reading) {
  auto& use = values_[Signal::cpu_use];
  if (!reading.meters) {
    use = values_[Signal::run_delay_p50] = values_[Signal::run_delay_p99] = kUnknown;
    return;
  }
  if (!last_ || !last_->meters) return;
  const double seconds = seconds_between(last_->metered_at, reading.metered_at);
  if (seconds <= 0) return;
  const auto& before = *last_->meters;
  const auto& now = *reading.meters;
  use = rate(before.cpu_time_ns, now.cpu_time_ns, seconds) / 1e9;
  if (now.waits < before.waits) return;
  WaitCounts waits{};
  for (std::size_t i = 0; i < waits.size(); ++i) {
    waits[i] = now.delays[i] > before.delays[i] ? now.delays[i] - before.delays[i] : 0;
  }
  delays_.add(waits, reading.metered_at);
  values_[Signal::run_delay_p50] = delays_.quantile_us(0.5).value_or(kUnknown);
  values_[Signal::run_delay_p99] = delays_.quantile_us(0.99).value_or(kUnknown);
}

void SubjectSignals::add_limit(const std::optional<LimitStats>& limit) {
  auto& of_limit = values_[Signal::cpu_of_limit];
  auto& throttled = values_[Signal::throttled];
  of_limit = throttled = kUnknown;
  limit_cpus_ = 0;
  if (!limit || limit->period_us == 0 || limit->quota_us == 0) return;
  limit_cpus_ = static_cast<double>(limit->quota_us) / static_cast<double>(limit->period_us);
  of_limit = values_[Signal::cpu_use] / limit_cpus_;
  if (!last_ || !last_->limit || limit->periods < last_->limit->periods ||
      limit->throttled_periods < last_->limit->throttled_periods) {
    return;
  }
  const auto periods = limit->periods - last_->limit->periods;
  const auto of_them = limit->throttled_periods - last_->limit->throttled_periods;
  throttled = periods == 0 ? 0 : std::min(1.0, static_cast<double>(of_them) / static_cast<double>(periods));
}

}  // namespace mus
