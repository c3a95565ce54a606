// SPDX-License-Identifier: Apache-2.0
#include "daemon/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace mus {
namespace {

// sd-daemon(3): "<N>" before the line, N as in syslog(3).
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& out) override {
    char priority = '6';
    switch (message.level) {
      case spdlog::level::trace:
      case spdlog::level::debug:
        priority = '7';
        break;
      case spdlog::level::warn:
        priority = '4';
        break;
      case spdlog::level::err:
        priority = '3';
        break;
      case spdlog::level::critical:
        priority = '2';
        break;
      default:
        break;
    }
    const char prefix[] = {'<', priority, '>'};
    out.append(prefix, prefix + sizeof prefix);
  }
  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<Priority>();
  }
};

}  // namespace

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && *stream != '\0';
}

void start_logging(const std::string& level, bool journal) {
  auto logger = std::make_shared<spdlog::logger>("mus", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (journal) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<Priority>('*').set_pattern("%*%v");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
  }
  logger->set_level(spdlog::level::from_str(level == "error" ? "err" : level));
  spdlog::set_default_logger(std::move(logger));
}

void log_line(const std::string& text) {
  spdlog::info("{}", text);
}

void log_failure(const Error& error) {
  spdlog::error("{}{}{}", error.message, error.advice.empty() ? "" : "; ", error.advice);
}

void log_findings(const std::vector<CheckItem>& items) {
  for (const auto& item : items) {
    if (item.level == CheckItem::Level::ok) continue;
    spdlog::warn("{}: {}{}{}", item.name, item.detail, item.advice.empty() ? "" : "; ", item.advice);
  }
}

}  // namespace mus
