// SPDX-License-Identifier: Apache-2.0
// What a boost may be, held against what the API lets pass.
#include "core/target_rules.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>

#include "api/fields.hpp"
#include "mus/abi.h"
#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

// Names that are good, that are nearly so, and noise.
std::vector<std::string> names() {
  std::vector<std::string> all{"a",
                               "redis",
                               "redis-0",
                               "a.b-c.d",
                               "-a",
                               "a-",
                               ".a",
                               "a.",
                               "a..b",
                               "A",
                               "a_b",
                               "a b",
                               "a=b",
                               "a/b=c",
                               "x.y/k=",
                               "app=Re.d",
                               "app=-x",
                               "=x",
                               "/a",
                               "/a/../b",
                               "/./a",
                               "/",
                               "//",
                               "/a\n",
                               "x.service",
                               "x@1.slice",
                               "\\x2d",
                               ".hidden",
                               "0f0f8b2e-98a5-4a3b-9f57-52f1f23a9d50",
                               std::string(63, 'a'),
                               std::string(64, 'a'),
                               std::string(253, 'b'),
                               std::string(254, 'b'),
                               "/" + std::string(4094, 'c'),
                               "/" + std::string(4095, 'c'),
                               "app.kubernetes.io/name=redis",
                               "a/b/c=d"};
  std::mt19937 random{5};
  for (int i = 0; i < 3000; ++i) {
    std::string name;
    for (unsigned n = random() % 8; n > 0; --n) name += "aZ0-._/=@:\\ \x01\xc3"[random() % 14];
    all.push_back(name);
  }
  return all;
}

}  // namespace

TEST_CASE("what the API lets pass as a name, a state file may hold, and nothing else", "[rules]") {
  using Member = std::string(Target::*);
  struct Field {
    Member member;
    Result<void> (*api)(std::string_view);
    Target base;
  };
  Target unit;
  unit.kind = Target::Kind::unit;
  Target cgroup;
  cgroup.kind = Target::Kind::cgroup;
  const std::vector<Field> fields{{&Target::pod, check_pod_name, {}},
                                  {&Target::ns, check_namespace, pod_target("p")},
                                  {&Target::container, check_container_name, pod_target("p")},
                                  {&Target::uid, check_uid, {}},
                                  {&Target::label, check_label, {}},
                                  {&Target::unit, check_unit_name, unit},
                                  {&Target::cgroup, check_cgroup_path, cgroup}};
  for (const auto& name : names()) {
    if (name.empty()) continue;  // not given
    for (const auto& field : fields) {
      auto target = field.base;
      target.*field.member = name;
      CAPTURE(name);
      const bool ascii = name.find('\xc3') == std::string::npos;  // cgroups have none that are not
      const bool api = field.api(name).has_value() && (ascii || target.kind != Target::Kind::cgroup);
      CHECK(check_target(target).has_value() == api);
    }
  }
}

TEST_CASE("a target names one thing, and only pods are narrowed", "[rules]") {
  CHECK_FALSE(check_target({}));
  CHECK_FALSE(check_target(pod_target("", "shop")));
  auto both = pod_target("redis");
  both.unit = "x.service";
  CHECK_FALSE(check_target(both));
  auto narrowed = cgroup_target("/a");
  CHECK(check_target(narrowed));
  narrowed.all = true;
  CHECK_FALSE(check_target(narrowed));
  auto process = cgroup_target("/a");
  process.pid = 42;
  CHECK(check_target(process));
  process.pid = -1;
  CHECK_FALSE(check_target(process));
  Target pid;
  pid.kind = Target::Kind::pid;
  CHECK_FALSE(check_target(pid));
  pid.pid = 42;
  CHECK(check_target(pid));
}

TEST_CASE("weights and ttls are those that the API takes", "[rules]") {
  for (const auto weight : {0U, 15U, 16U, 1024U, 102400U, 102401U, 4294967295U}) {
    CHECK(check_weight(weight).has_value() == to_weight(std::to_string(weight)).has_value());
  }
  CHECK_FALSE(check_ttl(0ms));
  CHECK_FALSE(check_ttl(-1ms));
  CHECK(check_ttl(to_ttl("1").value()));
  CHECK(check_ttl(to_ttl("30d").value()));
  CHECK_FALSE(check_ttl(30 * 24h + 1ms));
  CHECK_FALSE(check_ttl(std::chrono::milliseconds::max()));
}

TEST_CASE("a pod is fully named by its uid, or by namespace and name", "[rules]") {
  CHECK(is_fully_named(pod_target("redis", "shop")));
  CHECK_FALSE(is_fully_named(pod_target("redis")));
  CHECK_FALSE(is_fully_named(pod_target("", "shop")));
  CHECK_FALSE(is_fully_named(cgroup_target("/a")));
  Target uid;
  uid.uid = "aa";
  CHECK(is_fully_named(uid));
}
