// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_events.hpp"

namespace mus {
namespace {

std::string ejection_text(const StatusSnapshot& status) {
  std::string text = "the kernel ended our scheduler";
  if (!status.last_ejection) return text;
  for (const auto* part : {&status.last_ejection->reason, &status.last_ejection->message}) {
    if (!part->empty()) text.append(": ").append(*part);
  }
  return text;
}

}  // namespace

void StatusEvents::observe(const StatusSnapshot& status) {
  const bool ejected = status.ejections != ejections_;
  const bool attached = status.mode == SchedulerMode::attached;
  if (ejected) {
    events_.add(EventKind::ejected, {}, ejection_text(status));
  } else if (attached_ && !attached) {
    events_.add(EventKind::detached, {}, status.reason);
  }
  if (attached && (!attached_ || status.attaches != attaches_)) {
    events_.add(EventKind::attached, {}, status.dry_run ? "dry run: nothing is scheduled" : "our scheduler runs");
  }
  const bool failed = !status.pods.last_error.empty();
  if (failed != source_failed_) {
    events_.add(failed ? EventKind::degraded : EventKind::recovered, {},
                status.pods.name + ": " + (failed ? status.pods.last_error : "answers again"));
  }
  attaches_ = status.attaches;
  ejections_ = status.ejections;
  attached_ = attached;
  source_failed_ = failed;
}

}  // namespace mus
