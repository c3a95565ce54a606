// SPDX-License-Identifier: Apache-2.0
#include "pods/log_link.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace mus;

namespace {
const std::string uid = "3f2c9a10-7b6e-4d1e-9c55-0123456789ab";
const std::string id(64, 'e');
}  // namespace

TEST_CASE("a link to a log says pod, namespace, container, id, uid and restarts") {
  const auto link = parse_log_link("redis-0.a_kube-system_side-car-" + id + ".log",
                                   "/var/log/pods/kube-system_redis-0.a_" + uid + "/side-car/12.log");
  REQUIRE(link.has_value());
  CHECK(*link == LogLink{"kube-system", "redis-0.a", uid, "side-car", id, 12});
  // podLogsDir may be another, and a static pod's uid has no dashes.
  const auto other = parse_log_link("a_b_c-" + id + ".log", "/srv/x/b_a_2c8bcf396f1f0616612b8da61fb949d6/c/0.log");
  REQUIRE(other.has_value());
  CHECK(other->uid == "2c8bcf396f1f0616612b8da61fb949d6");
}

TEST_CASE("links of another form, cut off or at odds with what they point to are none") {
  const std::string target = "/var/log/pods/shop_web_" + uid + "/app/0.log";
  REQUIRE(parse_log_link("web_shop_app-" + id + ".log", target));
  for (const std::string& name :
       {std::string{}, std::string{".log"}, "web_shop_app-" + id, "web_shop_app-" + id.substr(1) + ".log",
        "web_shop_app-" + id + "e.log", "web_shop_" + id + ".log", "shop_app-" + id + ".log",
        "web_shop_x_app-" + id + ".log", "web_test_app-" + id + ".log", "Web_shop_app-" + id + ".log",
        "web_shop_other-" + id + ".log", "web_shop_app-" + std::string(64, 'E') + ".log"}) {
    INFO(name);
    CHECK_FALSE(parse_log_link(name, target));
  }
  for (const std::string& odd :
       {std::string{}, std::string{"/"}, "/var/log/pods/shop_web_" + uid + "/app/x.log",
        "/var/log/pods/shop_web_" + uid + "/app/0.txt", "/var/log/pods/shop_web_" + uid + "/other/0.log",
        "/var/log/pods/test_web_" + uid + "/app/0.log", "/var/log/pods/shop_db_" + uid + "/app/0.log",
        std::string{"/var/log/pods/shop_web_/app/0.log"}, "/var/log/pods/shop_web_" + uid + "/app/4294967296.log",
        "/var/lib/docker/containers/" + id + "/" + id + "-json.log"}) {
    INFO(odd);
    CHECK_FALSE(parse_log_link("web_shop_app-" + id + ".log", odd));
  }
}
