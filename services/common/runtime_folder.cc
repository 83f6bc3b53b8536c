#include "services/common/runtime_folder.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "ipc/status.h"
#include "libipc/base/socket.h"

namespace keyport {
namespace {

// sockaddr_un's path, with its final zero.
constexpr size_t kSocketPathBytesMax = 107;

std::string FolderName() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/')
    return std::string(runtime) + "/keyport";
  return "/tmp/keyport-" + std::to_string(geteuid());
}

absl::Status CheckOwned(const std::string& folder) {
  struct stat facts;
  if (lstat(folder.c_str(), &facts) != 0)
    return ipc::MakeStatus(ipc::Error::not_found,
                           folder + ": " + std::strerror(errno));
  if (!S_ISDIR(facts.st_mode) || facts.st_uid != geteuid() ||
      (facts.st_mode & 0077) != 0)
    return ipc::MakeStatus(
        ipc::Error::access_denied,
        folder +
            " is not a folder of this user alone (mode 0700); remove it "
            "or set XDG_RUNTIME_DIR");
  return absl::OkStatus();
}

// Whether the process in "GRAPH-PID.sock" is gone, so nobody will listen.
bool OwnerIsGone(const std::string& stem) {
  const size_t dash = stem.rfind('-');
  if (dash == std::string::npos) return false;
  const int pid = std::atoi(stem.c_str() + dash + 1);
  return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

absl::StatusOr<std::string> RuntimeFolder() {
  const std::string folder = FolderName();
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return ipc::MakeStatus(
        ipc::Error::not_found,
        "cannot make " + folder + ": " + std::strerror(errno));
  if (absl::Status owned = CheckOwned(folder); !owned.ok()) return owned;
  return folder;
}

std::string SocketPathFor(const std::string& folder, std::string_view graph,
                          int pid) {
  std::string name(graph);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '.' && c != '_' && c != '-') c = '_';
  }
  const std::string end = "-" + std::to_string(pid) + ".sock";
  const size_t taken = folder.size() + 1 + end.size();
  const size_t room =
      taken < kSocketPathBytesMax ? kSocketPathBytesMax - taken : 1;
  return folder + "/" + name.substr(0, room) + end;
}

std::vector<std::string> LiveSockets(const std::string& folder) {
  std::vector<std::string> live;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  if (failed) return live;
  for (const auto& entry : entries) {
    const std::string path = entry.path().string();
    if (entry.path().extension() == kSchemasEnd &&
        OwnerIsGone(entry.path().stem().string()))
      unlink(path.c_str());
    if (entry.path().extension() != ".sock") continue;
    if (base::ConnectTo(path).ok())
      live.push_back(path);
    else if (OwnerIsGone(entry.path().stem().string()))
      unlink(path.c_str());
  }
  std::sort(live.begin(), live.end());
  return live;
}

absl::StatusOr<std::string> FindSocket(const std::string& given) {
  if (!given.empty()) return given;
  const char* variable = std::getenv("KEYPORT_SOCKET");
  if (variable != nullptr && variable[0] != '\0') return variable;
  absl::StatusOr<std::string> folder = RuntimeFolder();
  if (!folder.ok()) return folder.status();
  const std::vector<std::string> live = LiveSockets(*folder);
  if (live.size() == 1) return live[0];
  if (live.empty())
    return ipc::MakeStatus(
        ipc::Error::not_found,
        "no graph of this user runs (looked in " + *folder +
            "); start one with \"keyport run GRAPH.toml\", or name its socket "
            "with --socket PATH");
  std::string sentence =
      "several graphs run; name one with --socket PATH or KEYPORT_SOCKET:";
  for (const std::string& path : live) sentence += "\n  " + path;
  return ipc::MakeStatus(ipc::Error::bad_state, sentence);
}

}  // namespace keyport
