// SPDX-License-Identifier: Apache-2.0
// Which pods a target means. The rules, for `pod=redis`: pods of that exact name; failing that, pods whose label
// app.kubernetes.io/name or app says redis (a Deployment's are called redis-<hash>), or a static pod whose name less
// "-<node>" is redis. Namespace, uid and label narrow; several are an error unless all of them are meant: by all=true,
// or by a label alone.
#pragma once

#include <optional>
#include <vector>

#include "mus/service.hpp"
#include "mus/types.hpp"

namespace mus {

struct Match {
  Pod pod;
  std::optional<Container> container;  ///< none: the whole pod is meant

  bool operator==(const Match&) const = default;
};

/// Several matches are meant, now and later.
[[nodiscard]] bool takes_all(const Target& target);

/// What a target means in a list without any complaint, as pointers into the list, in order of namespace, name and uid.
struct Candidate {
  const Pod* pod = nullptr;
  const Container* container = nullptr;  ///< none: the whole pod is meant; one without id is starting
};
struct Candidates {
  std::vector<const Pod*> pods;  ///< that match, whether they have such a container or not
  std::vector<Candidate> found;
  bool by_label = false;  ///< a list with labels might have had more
};
[[nodiscard]] Candidates find_candidates(const PodList& list, const Target& target);

/// At least one match, in order of namespace, name and uid. Failures: not_found (no such pod; or no such container,
/// with those that there are as candidates), ambiguous (with the candidates), unavailable (with retry_after: all that
/// match are still being created; without: nothing matches, and the list cannot say that there is none, since it has no
/// labels, is not complete, or has only the containers of the moment), invalid_argument (a target that names no pod).
[[nodiscard]] ServiceResult<std::vector<Match>> resolve(const PodList& list, const Target& target);

}  // namespace mus
