// SPDX-License-Identifier: Apache-2.0
#include "daemon/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "daemon/fd.hpp"
#include "support/temp_dir.hpp"

using namespace mus;

namespace {

// Bound as systemd binds its own: exact length, zero byte first when abstract.
OwnedFd listen_at(const std::string& name) {
  OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  return fd;
}

std::string received(const OwnedFd& fd) {
  char text[256];
  const auto got = recv(fd.get(), text, sizeof text, 0);
  return got < 0 ? "" : std::string(text, static_cast<std::size_t>(got));
}

}  // namespace

TEST_CASE("notifications reach a socket in the file system and an abstract one", "[sd_notify]") {
  const test::TempDir dir;
  for (const auto& name : {dir.str() + "/notify", "@mus-test-" + std::to_string(getpid())}) {
    CAPTURE(name);
    const auto fd = listen_at(name);
    const Notifier notifier(name);
    CHECK(notifier.ready("attached"));
    CHECK(received(fd) == "READY=1\nSTATUS=attached");
    CHECK(notifier.watchdog());
    CHECK(received(fd) == "WATCHDOG=1");
    CHECK(notifier.stopping());
    CHECK(received(fd).starts_with("STOPPING=1\n"));
  }
}

TEST_CASE("without a listener notifications go nowhere and do no harm", "[sd_notify]") {
  CHECK_FALSE(Notifier("").watchdog());
  CHECK_FALSE(Notifier("/nonexistent/notify").watchdog());
  CHECK_FALSE(Notifier("relative").watchdog());
  CHECK_FALSE(Notifier("@" + std::string(200, 'x')).watchdog());
}

TEST_CASE("the watchdog's period is taken when it is meant for this process", "[sd_notify]") {
  setenv("NOTIFY_SOCKET", "/nowhere", 1);
  setenv("WATCHDOG_USEC", "20000000", 1);
  unsetenv("WATCHDOG_PID");
  CHECK(Notifier::from_environment().watchdog_interval() == std::chrono::seconds(20));
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(Notifier::from_environment().watchdog_interval() == std::chrono::seconds(20));
  setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(Notifier::from_environment().watchdog_interval());
  unsetenv("WATCHDOG_PID");
  for (const auto* nonsense : {"", "0", "-5", "soon", "5s"}) {
    setenv("WATCHDOG_USEC", nonsense, 1);
    CHECK_FALSE(Notifier::from_environment().watchdog_interval());
  }
  unsetenv("WATCHDOG_USEC");
  unsetenv("NOTIFY_SOCKET");
}
