// SPDX-License-Identifier: Apache-2.0
#include "pods/source_chain.hpp"

#include <optional>
#include <utility>

namespace mus {

SourceChain::SourceChain(std::vector<PodSource*> sources) : sources_(std::move(sources)), used_(sources_.size()) {}

Result<PodListPtr> SourceChain::list(Freshness freshness) {
  std::optional<Error> failed;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto answer = sources_[i]->list(freshness);
    if (answer) {
      used_ = i;
      if ((*answer)->no_labels.empty()) return answer;
      auto list = **answer;
      list.no_labels = failed ? failed->message : "no kubelet is configured";
      return std::make_shared<const PodList>(std::move(list));
    }
    if (failed) {
      failed->message += "; " + answer.error().message;
    } else {
      failed = std::move(answer.error());
    }
  }
  used_ = sources_.size();
  return tl::unexpected(std::move(*failed));
}

PodListPtr SourceChain::known() const {
  for (const auto* source : sources_) {
    if (auto list = source->known()) return list;
  }
  return nullptr;
}

PodSourceState SourceChain::state() const {
  const auto used = used_.load();
  return sources_[used < sources_.size() ? used : 0]->state();
}

std::vector<PodSourceState> SourceChain::states() const {
  const auto used = used_.load();
  std::vector<PodSourceState> states;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    states.push_back(sources_[i]->state());
    states.back().in_use = i == used;
  }
  return states;
}

}  // namespace mus
