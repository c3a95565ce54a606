// SPDX-License-Identifier: Apache-2.0
#include "pods/log_link.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "unit/pods/names.hpp"

using namespace mus;
using namespace mus::test;

TEST_CASE("a link to a log says pod, namespace, container, id, uid and restarts") {
  const auto link = parse_log_link("redis-0.a_kube-system_side-car-" + container_id + ".log",
                                   "/var/log/pods/kube-system_redis-0.a_" + pod_uid + "/side-car/12.log");
  REQUIRE(link.has_value());
  CHECK(*link == LogLink{"kube-system", "redis-0.a", pod_uid, "side-car", container_id, 12});
  // podLogsDir may be another, and a static pod's uid has no dashes.
  const auto other = parse_log_link("a_b_c-" + container_id + ".log", "/srv/x/b_a_" + static_uid + "/c/0.log");
  REQUIRE(other.has_value());
  CHECK(other->uid == static_uid);
}

TEST_CASE("links of another form, cut off or at odds with what they point to are none") {
  const std::string target = "/var/log/pods/shop_web_" + pod_uid + "/app/0.log";
  REQUIRE(parse_log_link("web_shop_app-" + container_id + ".log", target));
  for (const std::string& name :
       {std::string{}, std::string{".log"}, "web_shop_app-" + container_id,
        "web_shop_app-" + container_id.substr(1) + ".log", "web_shop_app-" + container_id + "e.log",
        "web_shop_" + container_id + ".log", "shop_app-" + container_id + ".log",
        "web_shop_x_app-" + container_id + ".log", "web_test_app-" + container_id + ".log",
        "Web_shop_app-" + container_id + ".log", "web_shop_other-" + container_id + ".log",
        "web_shop_app-" + std::string(64, 'E') + ".log"}) {
    INFO(name);
    CHECK_FALSE(parse_log_link(name, target));
  }
  for (const std::string& odd :
       {std::string{}, std::string{"/"}, "/var/log/pods/shop_web_" + pod_uid + "/app/x.log",
        "/var/log/pods/shop_web_" + pod_uid + "/app/0.txt", "/var/log/pods/shop_web_" + pod_uid + "/other/0.log",
        "/var/log/pods/test_web_" + pod_uid + "/app/0.log", "/var/log/pods/shop_db_" + pod_uid + "/app/0.log",
        std::string{"/var/log/pods/shop_web_/app/0.log"}, "/var/log/pods/shop_web_" + pod_uid + "/app/4294967296.log",
        "/var/lib/docker/containers/" + container_id + "/" + container_id + "-json.log"}) {
    INFO(odd);
    CHECK_FALSE(parse_log_link("web_shop_app-" + container_id + ".log", odd));
  }
}
