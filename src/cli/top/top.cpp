// SPDX-License-Identifier: Apache-2.0
#include "cli/top/top.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ostream>

#include "cli/top/feed.hpp"
#include "cli/top/guard.hpp"
#include "cli/top/model.hpp"
#include "cli/top/terminal.hpp"
#include "mus/types.hpp"

namespace mus {
namespace {

using namespace top;

// What asks to end is read like a key, from this descriptor. Blocked before any thread exists, SIGTTOU besides: whose
// parent was killed draws from the background, and must still be able to put the terminal in order.
int end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC);
  sigaddset(&set, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return fd;
}

void take_news(Feed& feed, Model& model) {
  const auto news = feed.take();
  for (const auto& [request, reply] : news.answers) model.answered(request, reply);
  if (news.poll) model.polled(*news.poll, Clock::now());
}

void take_keys(const Terminal& terminal, Feed& feed, Model& model) {
  bool resized = false;
  while (!model.done()) {
    const auto key = terminal.key(resized);
    if (!key) break;
    if (auto request = model.press(*key)) feed.ask(std::move(*request));
  }
  if (resized) model.resize(terminal.size());
}

int view(HttpClient& client, std::ostream& err) {
  const int ends = end_signals();
  auto terminal = Terminal::open();
  if (!terminal) {
    err << "mus-scheduler: " << terminal.error().message << ": " << terminal.error().advice << '\n';
    return 1;
  }
  Model model;
  model.resize((*terminal)->size());
  Feed feed(client);
  std::array<pollfd, 3> sources{{{STDIN_FILENO, POLLIN, 0}, {feed.fd(), POLLIN, 0}, {ends, POLLIN, 0}}};
  while (!model.done()) {
    (*terminal)->paint(model.draw(Clock::now()));
    poll(sources.data(), sources.size(), -1);  // interrupted by a change of the size, which is a key, too
    if (sources[1].revents != 0) take_news(feed, model);
    take_keys(**terminal, feed, model);
    if (sources[2].revents != 0 || (sources[0].revents & (POLLHUP | POLLERR)) != 0) break;
  }
  terminal->reset();  // the feed may still be waiting for an answer, and the user need not
  close(ends);
  return 0;
}

}  // namespace

int run_top(HttpClient& client, std::ostream& err) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    err << "mus-scheduler: top needs a terminal\n'mus-scheduler pods' prints the same once, with --json for "
           "programs.\n";
    return 1;
  }
  return guarded([&] { return view(client, err); }, err);
}

}  // namespace mus
