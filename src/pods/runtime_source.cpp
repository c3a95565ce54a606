// SPDX-License-Identifier: Apache-2.0
#include "pods/runtime_source.hpp"

#include <sys/utsname.h>

#include <utility>

#include "pods/runtime_pods.hpp"

namespace mus {
namespace {

/// What a kubelet calls its node unless told otherwise: the host's name in lower case (pkg/util/node, GetHostname).
std::string own_node_name() {
  utsname system{};
  if (uname(&system) != 0) return {};
  std::string name{static_cast<const char*>(system.nodename)};
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace

RuntimeSource::RuntimeSource(RuntimeOptions options, Now now)
    : options_(std::move(options)),
      node_(options_.node.empty() ? own_node_name() : options_.node),
      now_(std::move(now)),
      reader_(options_.host_root, options_.limits) {}

std::optional<Result<PodListPtr>> RuntimeSource::last_look(Freshness freshness) const {
  const std::lock_guard lock{state_};
  const auto ttl = freshness == Freshness::fresh ? options_.fresh_interval : options_.cache_ttl;
  // A failure is looked at again soon: a runtime may be starting.
  if (!last_attempt_ || now_() - *last_attempt_ >= (last_error_ ? options_.fresh_interval : ttl)) return std::nullopt;
  if (last_error_) return tl::unexpected(*last_error_);
  return good_;
}

Result<PodListPtr> RuntimeSource::list(Freshness freshness) {
  if (auto last = last_look(freshness)) return std::move(*last);
  const std::lock_guard one_at_a_time{looking_};
  if (auto last = last_look(freshness)) return std::move(*last);  // somebody else looked while we waited
  const auto at = now_();
  const auto files = reader_.look();
  Result<PodList> list = files ? pods_from(*files, node_) : Result<PodList>(tl::unexpected(files.error()));
  if (list) list->fetched_at = at;
  const std::lock_guard lock{state_};
  last_attempt_ = at;
  if (list) {
    good_ = std::make_shared<const PodList>(std::move(*list));
    found_ = files->runtimes.empty() ? std::string{} : " of " + files->runtimes;
    if (found_.empty() && !files->links.empty()) found_ = ": links to logs";
    last_error_.reset();
    return good_;
  }
  last_error_ = list.error();
  return tl::unexpected(std::move(list.error()));
}

PodListPtr RuntimeSource::known() const {
  const std::lock_guard lock{state_};
  if (!good_ || now_() - good_->fetched_at > options_.keep_after_look) return nullptr;
  return good_;
}

PodSourceState RuntimeSource::state() const {
  const std::lock_guard lock{state_};
  PodSourceState state;
  state.name = "runtime files" + found_;
  if (options_.host_root != "/") state.name += " below " + options_.host_root;
  state.labels = false;
  if (good_) {
    state.last_success = good_->fetched_at;
    state.note = good_->incomplete;
  }
  if (last_error_)
    state.last_error = last_error_->message + (last_error_->advice.empty() ? "" : "; " + last_error_->advice);
  return state;
}

Result<ContainerIdentity> RuntimeSource::identify(std::string_view container_id) const {
  auto bundle = reader_.find(container_id);
  if (!bundle) return tl::unexpected(bundle.error());
  return std::move(bundle->identity);
}

}  // namespace mus
