// SPDX-License-Identifier: Apache-2.0
#include "pods/pod_list_parser.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>

#include "support/temp_dir.hpp"

using namespace mus;
using mus::test::fixture;

namespace {

const Pod& pod_named(const std::vector<Pod>& pods, const std::string& name) {
  const auto found = std::find_if(pods.begin(), pods.end(), [&](const Pod& pod) { return pod.name == name; });
  REQUIRE(found != pods.end());
  return *found;
}

std::string list_of(const std::string& items) {
  return R"({"kind":"PodList","apiVersion":"v1","items":[)" + items + "]}";
}

/// A valid pod with more fields, and a place for what a test wants to try.
std::string pod_with(const std::string& spec, const std::string& status, const std::string& metadata = "") {
  return R"({"metadata":{"name":"p","namespace":"n","uid":"u-1")" + metadata + R"(},"spec":{)" + spec +
         R"(},"status":{)" + status + "}}";
}

std::string error_of(const std::string& json, const PodListLimits& limits = {}) {
  const auto parsed = parse_pod_list(json, limits);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::protocol);
  return parsed.error().message;
}

const std::string id64(64, 'a');

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// Of this thread: the machine may be busy with other things.
std::chrono::milliseconds cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::milliseconds{time.tv_sec * 1000 + time.tv_nsec / 1'000'000};
}

long status_kib(const std::string& key) {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    long value = 0;
    if (word == key && status >> value) return value;
  }
  return 0;
}

}  // namespace

TEST_CASE("both captured kubelets' pods are read with all that we need") {
  struct Capture {
    const char* directory;
    const char* redis_uid;
    const char* redis_id;
  };
  for (const auto& capture : {Capture{"kubelet-1.20.2-cgroupfs-containerd-1.6", "2c8bcf396f1f0616612b8da61fb949d6",
                                      "2162073be9596c2f8625b79ddd0ea33b7243f5e3ea11db8258531ed7e27d7164"},
                              Capture{"kubelet-1.36.2-cgroupfs-containerd-2.1", "81125351397379f72da5125cb0a87cc5",
                                      "08df867832b78a30e23b49878ff02ccd090c6972cd7880bde59a5fb03eaf7d96"}}) {
    INFO(capture.directory);
    const auto parsed = parse_pod_list(fixture(std::string{capture.directory} + "/pods.json"));
    REQUIRE(parsed.has_value());
    CHECK(parsed->note.empty());
    REQUIRE(parsed->pods.size() == 3);

    const auto& redis = pod_named(parsed->pods, "redis-node1");
    CHECK(redis.ns == "default");
    CHECK(redis.uid == capture.redis_uid);
    CHECK(redis.config_hash == capture.redis_uid);
    CHECK(redis.node == "node1");
    CHECK(redis.is_static);
    CHECK_FALSE(redis.terminating);
    CHECK(redis.labels == std::map<std::string, std::string>{{"app", "redis"}, {"tier", "latency"}});
    CHECK(redis.containers == std::vector<Container>{{"redis", capture.redis_id, Container::Kind::regular, true, 500}});

    const auto& web = pod_named(parsed->pods, "web-node1");
    CHECK(web.ns == "prod");
    REQUIRE(web.containers.size() == 3);
    for (const auto& container : web.containers) {
      CHECK(container.id.size() == 64);
      CHECK(container.running == (container.name != "setup"));
      CHECK(container.kind == (container.name == "setup" ? Container::Kind::init : Container::Kind::regular));
      const auto request = container.name == "app" ? std::optional{100U} : std::optional{50U};
      CHECK(container.cpu_request_millis == (container.name == "setup" ? std::nullopt : request));
    }
  }
}

TEST_CASE("a kubelet that knows no pod yet sends null, which is an empty list") {
  for (const std::string directory :
       {"kubelet-1.20.2-cgroupfs-containerd-1.6", "kubelet-1.36.2-cgroupfs-containerd-2.1"}) {
    const auto parsed = parse_pod_list(fixture(directory + "/pods-first.json"));
    REQUIRE(parsed.has_value());
    CHECK(parsed->pods.empty());
  }
  CHECK(parse_pod_list(list_of("")).value().pods.empty());
}

TEST_CASE("sidecars, ephemeral containers and containers without a status are told apart") {
  const auto parsed = parse_pod_list(list_of(pod_with(
      R"("containers":[{"name":"app","env":[{"name":"X","value":"y"}]},{"name":"late"}],
         "initContainers":[{"name":"setup"},{"name":"proxy","restartPolicy":"Always"}],
         "ephemeralContainers":[{"name":"debugger-1"}],"nodeName":"n1.example")",
      R"("containerStatuses":[{"name":"app","containerID":"cri-o://)" + id64 +
          R"(","state":{"running":{"startedAt":"x"}},
         "lastState":{"terminated":{"containerID":"cri-o://)" +
          std::string(64, 'b') + R"("}}}],
         "initContainerStatuses":[{"name":"proxy","containerID":"docker://)" +
          std::string(64, 'c') + R"(","state":{"running":{}}}],
         "ephemeralContainerStatuses":[{"name":"debugger-1","state":{"waiting":{}}}])")));
  REQUIRE(parsed.has_value());
  using Kind = Container::Kind;
  CHECK(parsed->pods.at(0).containers == std::vector<Container>{{"app", id64, Kind::regular, true},
                                                                {"late", "", Kind::regular, false},
                                                                {"setup", "", Kind::init, false},
                                                                {"proxy", std::string(64, 'c'), Kind::sidecar, true},
                                                                {"debugger-1", "", Kind::ephemeral, false}});
}

TEST_CASE("fields may come in any order, be null, or be ones that we do not know") {
  const auto parsed = parse_pod_list(
      R"({"items":[{"future":[[{"items":[{}]}]],"status":{"initContainerStatuses":[{"containerID":null,"name":"i"}],
          "containerStatuses":null},"metadata":{"labels":null,"annotations":{"x":"y"},"uid":"u","namespace":"n","name":"p",
          "deletionTimestamp":"2026-01-01T00:00:00Z","creationTimestamp":null,"managedFields":[{"fieldsV1":{"f:metadata":{}}}]},
          "spec":{"nodeName":null,"initContainers":[{"restartPolicy":"Always","name":"i"}]}}],"kind":"PodList"})");
  REQUIRE(parsed.has_value());
  const auto& pod = parsed->pods.at(0);
  CHECK(pod.terminating);
  CHECK_FALSE(pod.is_static);
  CHECK(pod.containers == std::vector<Container>{{"i", "", Container::Kind::sidecar, false}});
}

TEST_CASE("a container id that is none is treated as not created, and noted") {
  const std::string long_id(65, 'a');
  for (const std::string& id :
       {id64, std::string{"containerd:/"} + id64, "://" + id64, std::string{"containerd://ABCDEF0123456789"},
        std::string{"containerd://"}, "containerd://" + long_id, std::string{"a b://"} + id64,
        std::string{"containerd://../../etc/passwd"}}) {
    INFO(id);
    const auto parsed =
        parse_pod_list(list_of(pod_with("", R"("containerStatuses":[{"name":"c","containerID":")" + id + R"("}])")));
    REQUIRE(parsed.has_value());
    CHECK(parsed->pods.at(0).containers.at(0).id.empty());
    CHECK(parsed->note.find("container c") != std::string::npos);
  }
}

TEST_CASE("CPU requests are read of containers of every kind, and of their spec only") {
  const auto parsed = parse_pod_list(list_of(pod_with(
      R"("containers":[{"resources":{"limits":{"cpu":"9"},"requests":{"memory":"1Mi","cpu":"1500m"}},"name":"app"},
                       {"name":"free","resources":{"claims":[{"name":"x"}],"requests":null}},
                       {"name":"none","resources":null}],
         "initContainers":[{"name":"setup","resources":{"requests":{"cpu":"2"}}}],
         "ephemeralContainers":[{"name":"debug","resources":{"requests":{"cpu":"0"}}}])",
      R"("containerStatuses":[{"name":"app","resources":{"requests":{"cpu":"7"}}},
                              {"name":"free","allocatedResources":{"cpu":"7"}}])")));
  REQUIRE(parsed.has_value());
  CHECK(parsed->note.empty());
  std::map<std::string, std::optional<std::uint32_t>> requests;
  for (const auto& container : parsed->pods.at(0).containers) requests[container.name] = container.cpu_request_millis;
  CHECK(requests == std::map<std::string, std::optional<std::uint32_t>>{
                        {"app", 1500}, {"free", {}}, {"none", {}}, {"setup", 2000}, {"debug", 0}});
}

TEST_CASE("a CPU request that cannot be read is left out and noted, and the list is read all the same") {
  for (const std::string resources :
       {R"({"requests":{"cpu":"lots"}})", R"({"requests":{"cpu":"-1"}})", R"({"requests":{"cpu":"1 000"}})",
        R"({"requests":{"cpu":2}})", R"({"requests":{"cpu":true}})", R"({"requests":{"cpu":{"x":1}}})",
        R"({"requests":{"cpu":["1"]}})", R"({"requests":[{"cpu":"1"}]})", R"({"requests":"1"})", R"({"requests":3})",
        R"([])", R"("x")", R"(3)"}) {
    INFO(resources);
    const auto parsed = parse_pod_list(
        list_of(pod_with(R"("containers":[{"name":"c","resources":)" + resources + R"(},{"name":"d"}])", "")));
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->pods.at(0).containers.size() == 2);
    CHECK_FALSE(parsed->pods[0].containers[0].cpu_request_millis.has_value());
    CHECK_FALSE(parsed->note.empty());
  }
}

TEST_CASE("a value of the wrong type is an error that says where") {
  const auto item = [](const std::string& pod) { return list_of(pod_with("", "") + "," + pod); };
  struct Wrong {
    std::string json, where;
  };
  for (const auto& [json, where] : {
           Wrong{"[]", "not an object"},
           Wrong{"3", "not an object"},
           Wrong{"null", "null"},
           Wrong{"{}", "\"items\""},
           Wrong{R"({"kind":"Status","items":[]})", "not a PodList"},
           Wrong{R"({"items":{}})", "\"items\""},
           Wrong{R"({"items":"x"})", "\"items\""},
           Wrong{R"({"items":[1]})", "entry"},
           Wrong{R"({"items":[null]})", "null"},
           Wrong{R"({"items":[[]]})", "entry"},
           Wrong{item(R"({"metadata":[]})"), "\"metadata\" has the wrong type (pod 1"},
           Wrong{item(R"({"metadata":{"name":5}})"), "\"name\""},
           Wrong{item(R"({"metadata":{"name":{}}})"), "\"name\""},
           Wrong{item(R"({"metadata":{"name":"x","namespace":"n"}})"), "metadata.uid"},
           Wrong{item(R"({"metadata":{"name":"x/../y","namespace":"n","uid":"u"}})"), "metadata.name"},
           Wrong{item(R"({"metadata":{"name":"x","namespace":"n\n","uid":"u"}})"), "metadata.namespace"},
           Wrong{item(R"({"metadata":{"name":"x","namespace":"n","uid":"../u"}})"), "metadata.uid"},
           Wrong{item(pod_with("", "", R"(,"labels":[])")), "\"labels\""},
           Wrong{item(pod_with("", "", R"(,"labels":{"a":1})")), "label"},
           Wrong{item(pod_with("", "", R"(,"labels":{"a":{}})")), "label"},
           Wrong{item(pod_with("", "", R"(,"annotations":{"kubernetes.io/config.hash":7})")), "config.hash"},
           Wrong{item(pod_with("", "", R"(,"annotations":{"kubernetes.io/config.hash":"a/b"})")), "config.hash"},
           Wrong{item(pod_with(R"("nodeName":true)", "")), "nodeName"},
           Wrong{item(pod_with(R"("containers":{})", "")), "\"containers\""},
           Wrong{item(pod_with(R"("containers":[{}])", "")), "container"},
           Wrong{item(pod_with(R"("containers":[{"name":"A B"}])", "")), "container"},
           Wrong{item(pod_with("", R"("containerStatuses":"x")")), "containerStatuses"},
           Wrong{item(pod_with("", R"("containerStatuses":[{"name":"c","state":3}])")), "\"state\""},
           Wrong{item(pod_with("", R"("containerStatuses":[{"name":"c","state":{"running":true}}])")), "\"running\""},
           Wrong{item(pod_with("", R"("containerStatuses":[{"name":"c","containerID":9}])")), "containerID"},
       }) {
    INFO(json);
    const auto message = error_of(json);
    INFO(message);
    CHECK(message.find(where) != std::string::npos);
  }
}

TEST_CASE("text that is not JSON is an error that does not repeat it") {
  const auto whole = fixture("kubelet-1.36.2-cgroupfs-containerd-2.1/pods.json");
  for (const std::string& json : {std::string{}, std::string{"<html>secret</html>"}, std::string{"\xff\xfe{"},
                                  list_of("") + "secret", std::string{"{\"items\":[1e99999]}"}, std::string(3, '\0')}) {
    CHECK(error_of(json).find("secret") == std::string::npos);
  }
  for (std::size_t length = 0; length + 1 < whole.size(); length += 97) {
    CHECK_FALSE(parse_pod_list(std::string_view{whole}.substr(0, length)).has_value());
  }
}

TEST_CASE("size, depth and number are limited") {
  CHECK(error_of(list_of(pod_with("", "")), {.bytes = 10}).find("larger than 10") != std::string::npos);
  const std::size_t million = 1'000'000;
  CHECK(error_of(R"({"x":)" + std::string(million, '[')).find("nested") != std::string::npos);
  CHECK(error_of(std::string(million, '[')).find("not an object") != std::string::npos);
  CHECK(error_of(list_of(pod_with("", "") + "," + pod_with("", "")), {.pods = 1}).find("more than 1 pods") !=
        std::string::npos);
  CHECK(error_of(list_of(pod_with(R"("containers":[{"name":"a"},{"name":"b"}])", "")), {.containers = 1})
            .find("containers") != std::string::npos);
  CHECK(error_of(list_of(pod_with("", "", R"(,"labels":{"a":"1","b":"2"})")), {.labels = 1}).find("labels") !=
        std::string::npos);
}

TEST_CASE("a label that Kubernetes would not allow is left out and noted") {
  const auto parsed = parse_pod_list(list_of(pod_with("", "", R"(,"labels":{"app":"<script>","tier":"ok"})")));
  REQUIRE(parsed.has_value());
  CHECK(parsed->pods.at(0).labels == std::map<std::string, std::string>{{"tier", "ok"}});
  CHECK_FALSE(parsed->note.empty());
}

TEST_CASE("ten thousand pods are read quickly and without a copy of the document in memory") {
  std::string items;
  const std::string ballast = R"("managedFields":[{"fieldsV1":{)" + [] {
    std::string fields;
    for (int i = 0; i < 60; ++i)
      fields.append(i ? "," : "").append(R"("f:field)").append(std::to_string(i)).append(R"(":{".":{}})");
    return fields;
  }() + "}}]";
  for (int i = 0; i < 10'000; ++i) {
    const auto number = std::to_string(i);
    if (i > 0) items += ",";
    items.append(R"({"metadata":{"name":"pod-)").append(number).append(R"(","namespace":"n","uid":"u)").append(number);
    items.append(R"(",)").append(ballast).append(
        R"(},"spec":{"containers":[{"name":"c"}]},"status":{"containerStatuses":[)");
    items.append(R"({"name":"c","containerID":"containerd://)").append(id64).append(R"(","state":{"running":{}}}]}})");
  }
  const auto json = list_of(items);
  items = {};
  std::ofstream{"/proc/self/clear_refs"} << 5;  // VmHWM starts anew (proc(5))
  const auto before = status_kib("VmRSS:");
  const auto start = cpu_time();
  const auto parsed = parse_pod_list(json);
  const auto took = cpu_time() - start;
  const auto grown = (status_kib("VmHWM:") - before) / 1024;
  REQUIRE(parsed.has_value());
  CHECK(parsed->pods.size() == 10'000);
  std::cout << "10,000 pods, " << json.size() / 1024 << " KiB: " << took.count() << " ms, peak memory grew " << grown
            << " MiB\n";
  CHECK(took < (sanitized ? std::chrono::seconds{60} : std::chrono::seconds{2}));
  CHECK(grown < 64);  // what is kept is about 7 MiB; sanitizers hold back freed memory
}

TEST_CASE("annotations of ours are read as they are, bounded, and no others") {
  const auto parsed = parse_pod_list(list_of(pod_with("", "", R"(,"annotations":{"mus-scheduler.io/weight":"2048",
      "mus-scheduler.io/weight.db":"\u001b[2J","example.com/weight":"1"})")));
  REQUIRE(parsed);
  const auto& declared = parsed->pods.at(0).declared;
  CHECK(declared == std::map<std::string, std::string>{{"weight", "2048"}, {"weight.db", "\x1b[2J"}});

  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"("mus-scheduler.io/)") + std::to_string(i) + R"(":")" +
            std::string(1000, 'x') + "\"";
  }
  const auto bounded = parse_pod_list(list_of(pod_with("", "", R"(,"annotations":{)" + many + "}")));
  REQUIRE(bounded);
  CHECK(bounded->pods.at(0).declared.size() == PodListLimits{}.declared);
  CHECK(bounded->pods.at(0).declared.begin()->second.size() == 128);
  CHECK(bounded->note.find("annotations") != std::string::npos);
}
