// SPDX-License-Identifier: Apache-2.0
#include "pods/quantity.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>

using mus::cpu_millis_of;

TEST_CASE("every way in which Kubernetes writes a quantity is understood", "[quantity]") {
  for (const auto& [text, millis] : std::initializer_list<std::pair<const char*, std::uint32_t>>{
           {"250m", 250},        {"1", 1000},      {"1.5", 1500},      {"0.1", 100},
           {"2k", 2'000'000},    {"0", 0},         {"0m", 0},          {"+3", 3000},
           {".5", 500},          {"5.", 5000},     {"1e1", 10'000},    {"1E2", 100'000},
           {"15e-1", 1500},      {"1e+1", 10'000}, {"1Ki", 1'024'000}, {"250000u", 250},
           {"1000000n", 1},      {"64", 64'000},   {"0.057", 57},      {"4.35", 4350},
           {"1M", 1'000'000'000}}) {
    INFO(text);
    CHECK(cpu_millis_of(text) == millis);
  }
}

TEST_CASE("less than a thousandth of a CPU is rounded up, as Kubernetes does", "[quantity]") {
  CHECK(cpu_millis_of("1n") == 1);
  CHECK(cpu_millis_of("100u") == 1);
  CHECK(cpu_millis_of("0.1m") == 1);
  CHECK(cpu_millis_of("1.0001") == 1001);
}

TEST_CASE("what is no quantity of CPUs is none", "[quantity]") {
  for (const std::string text : {"",     "m",     ".",    "-1",   "-250m", "+-1",   "++1", "1 ",  " 1",    "1x",
                                 "1mm",  "1K",    "1ki",  "0x10", "1,5",   "1.2.3", "1e",  "1e+", "1e+-1", "1e1.5",
                                 "1e99", "1e-99", "1e1m", "inf",  "nan",   "1E",    "1M1", "2M",  "1\n",   "\xff"}) {
    INFO(text);
    CHECK_FALSE(cpu_millis_of(text).has_value());
  }
  CHECK_FALSE(cpu_millis_of(std::string(1000, '9')).has_value());
  CHECK_FALSE(cpu_millis_of(std::string(64, '9')).has_value());
  CHECK(cpu_millis_of(std::string(63, '0') + "1") == 1000);
}
