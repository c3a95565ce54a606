// SPDX-License-Identifier: Apache-2.0
// How many instructions the verifier walked for each loaded program whose name begins with mus_: "NAME COUNT" lines.
#include <bpf/bpf.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

int main() {
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0) continue;
    bpf_prog_info info = {};
    std::uint32_t size = sizeof info;
    const bool known = bpf_prog_get_info_by_fd(fd, &info, &size) == 0;
    close(fd);
    if (known && std::string_view(info.name).starts_with("mus_"))
      std::printf("%s %u\n", info.name, info.verified_insns);
  }
  return 0;
}
