// SPDX-License-Identifier: Apache-2.0
#include "pods/kubelet_source.hpp"

#include <map>
#include <utility>

#include "pods/pod_list_parser.hpp"
#include "pods/token_file.hpp"

namespace mus {
namespace {

/// What a status other than 200 means, and what to do. The body is not repeated: it is the other side's text.
Error refusal(const std::string& who, int status, const KubeletOptions& options) {
  const bool with_token = !options.token_file.empty();
  const std::string said = who + " answered " + std::to_string(status);
  switch (status) {
    case 400:
      return {Errc::protocol, said + " (bad request)",
              "if it is the kubelet's HTTPS port (10250), --kubelet-url must start with https://"};
    case 401:
      // Also when the API server, which checks tokens for the kubelet, is away (webhook authentication).
      return {
          Errc::unauthorized, said + " (unauthorized): it does not accept our credential",
          options.in_cluster ? "check that the service account's token is mounted, and that the kubelet can reach the "
                               "API server, which checks it"
          : with_token ? "check that --kubelet-token-file holds a valid token of this cluster and that the API server "
                         "can be reached"
                       : "pass --kubelet-token-file, or --kubelet-client-cert and --kubelet-client-key"};
    case 403:
      // Fine-grained authorization: KEP-2862, on by default from 1.33; before it only nodes/proxy is asked for.
      return {
          Errc::forbidden, said + " (forbidden): our credential may not read /pods",
          "add to its ClusterRole: {apiGroups: [\"\"], resources: [\"nodes/pods\"], verbs: [\"get\"]}; kubelets before "
          "1.33 ask for \"nodes/proxy\" instead, which also allows exec in every pod, so grant that knowingly"};
    case 404:
    case 405:
      return {Errc::protocol, said + ": it serves no /pods", "check that --kubelet-url names a kubelet"};
    case 429:
      return {Errc::unavailable, said + " (too many requests)", "try again in some seconds"};
    case 500:
      // InstallAuthFilter (pkg/kubelet/server/server.go): the SubjectAccessReview could not be made.
      return {Errc::unavailable, said + " (internal error)",
              "its log says why; most often it cannot reach the API server to check our credential"};
    default:
      if (status > 500) return {Errc::unavailable, said, "try again; its log says why"};
      return {Errc::protocol, said + ", which is no pod list", "check that --kubelet-url names a kubelet"};
  }
}

}  // namespace

Result<std::unique_ptr<KubeletSource>> KubeletSource::make(HttpClient& client, KubeletOptions options, Now now) {
  if (!options.token_file.empty() && !options.url.starts_with("https://")) {
    return fail(Errc::invalid_argument, "--kubelet-token-file needs a --kubelet-url that starts with https://",
                "a token goes only over verified TLS; the read-only port needs none");
  }
  return std::unique_ptr<KubeletSource>{new KubeletSource{client, std::move(options), std::move(now)}};
}

KubeletSource::KubeletSource(HttpClient& client, KubeletOptions options, Now now)
    : client_(client), options_(std::move(options)), now_(std::move(now)) {}

Result<PodListPtr> KubeletSource::ask() {
  const std::string who = "the kubelet at " + options_.url;
  std::map<std::string, std::string> headers{{"Accept", "application/json"}};
  if (!options_.token_file.empty()) {
    auto token = read_token(options_.token_file);
    if (!token) return tl::unexpected(token.error());
    headers["Authorization"] = "Bearer " + *token;
  }
  auto reply = client_.send("GET", "/pods", headers, {});
  if (!reply) {
    auto error = reply.error();
    error.message = who + " gave no answer: " + error.message;
    if (error.advice.empty()) {
      error.advice = options_.in_cluster ? "check that --node-ip is this node's address"
                                         : "check that it runs and that --kubelet-url is right";
    }
    return tl::unexpected(std::move(error));
  }
  if (reply->status != 200) {
    return tl::unexpected(refusal(who, reply->status, options_));
  }
  auto parsed = parse_pod_list(reply->body);
  if (!parsed) {
    auto error = parsed.error();
    error.message = who + ": " + error.message;
    error.advice = "check that --kubelet-url names a kubelet and nothing stands between";
    return tl::unexpected(std::move(error));
  }
  const std::lock_guard lock{state_};
  note_ = std::move(parsed->note);
  return std::make_shared<const PodList>(PodList{std::move(parsed->pods), now_()});
}

PodListPtr KubeletSource::known() const {
  const std::lock_guard lock{state_};
  if (!good_ || now_() - good_->fetched_at > options_.keep_after_failure) return nullptr;
  return good_;
}

/// The list at hand or the remembered error, where that is the answer to a call made at `called`.
std::optional<Result<PodListPtr>> KubeletSource::answer_without_asking(Freshness freshness, TimePoint called) const {
  auto kept = freshness == Freshness::cached ? known() : nullptr;  // what they get while the kubelet is away
  const std::lock_guard lock{state_};
  if (!last_attempt_) return std::nullopt;
  // A kubelet that is away is asked as seldom as one that answers, unless there is nothing else to show. One that lets
  // us wait and then does not answer must not do so to every caller.
  const auto seldom = kept || slow_failure_ ? options_.cache_ttl : options_.fresh_interval;
  const auto ttl = freshness == Freshness::fresh ? options_.fresh_interval : options_.cache_ttl;
  const auto interval = last_error_ ? seldom : ttl;
  if (*last_attempt_ < called && now_() - *last_attempt_ >= interval) return std::nullopt;
  if (!last_error_) return good_;
  if (kept) return kept;
  return tl::unexpected(*last_error_);
}

void KubeletSource::remember(const Result<PodListPtr>& answer, TimePoint asked) {
  const std::lock_guard lock{state_};
  last_attempt_ = now_();
  slow_failure_ = !answer && *last_attempt_ - asked >= options_.fresh_interval;
  if (answer) {
    good_ = *answer;
    last_error_.reset();
  } else {
    last_error_ = answer.error();
  }
}

Result<PodListPtr> KubeletSource::list(Freshness freshness) {
  const auto called = now_();
  if (auto answer = answer_without_asking(freshness, called)) return std::move(*answer);
  std::unique_lock one_at_a_time{asking_, std::try_to_lock};
  if (!one_at_a_time.owns_lock()) {
    if (freshness == Freshness::cached) {
      if (auto kept = known()) return kept;  // rather some seconds old than waiting
    }
    one_at_a_time.lock();
    // Somebody else asked while we waited: an answer that came after our call is as fresh as our own would be.
    if (auto answer = answer_without_asking(freshness, called)) return std::move(*answer);
  }
  const auto asked = now_();
  auto answer = ask();
  remember(answer, asked);
  if (!answer && freshness == Freshness::cached) {
    if (auto kept = known()) return kept;
  }
  return answer;
}

PodSourceState KubeletSource::state() const {
  const std::lock_guard lock{state_};
  PodSourceState state;
  state.name = "kubelet " + options_.url + (options_.in_cluster ? " (service account)" : "");
  if (good_) state.last_success = good_->fetched_at;
  if (last_error_)
    state.last_error = last_error_->message + (last_error_->advice.empty() ? "" : "; " + last_error_->advice);
  state.note = note_;
  return state;
}

}  // namespace mus
