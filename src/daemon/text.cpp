// SPDX-License-Identifier: Apache-2.0
#include "daemon/text.hpp"

#include <utility>

namespace mus {

std::string to_text(const Target& target) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value);
  };
  switch (target.kind) {
    case Target::Kind::cgroup:
      add("cgroup", target.cgroup);
      break;
    case Target::Kind::unit:
      add("unit", target.unit);
      break;
    case Target::Kind::pid:
      add("pid", std::to_string(target.pid));
      break;
    case Target::Kind::pod:
      add("pod", target.pod);
      add("namespace", target.ns);
      add("container", target.container);
      add("uid", target.uid);
      add("label", target.label);
      if (target.all) add("all", "true");
      break;
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace mus
