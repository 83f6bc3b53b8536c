// What tracing costs a whole graph: examples/search indexes a folder and
// answers, alone and while `keyport record` writes down all its messages.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/common/must.h"
#include "bench/common/timing.h"
#include "bench/tracing/rows.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

class Program {
 public:
  // Its standard output is read here; errors go nowhere.
  explicit Program(std::vector<std::string> words) {
    words.insert(words.begin(), KEYPORT_BIN_DIR "/keyport");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    Expect(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    output_ = base::UniqueFd(ends[0]);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  // Reads until it has said so, or to its end.
  void WaitFor(const std::string& text) {
    char part[4096];
    while (text.empty() || said_.find(text) == std::string::npos) {
      const ssize_t bytes = read(output_.get(), part, sizeof(part));
      if (bytes <= 0) break;
      said_.append(part, static_cast<size_t>(bytes));
    }
    Expect(said_.find(text) != std::string::npos, said_.c_str());
  }
  void Interrupt() const { kill(pid_, SIGINT); }
  // To its end, which must be a good one; what it said.
  const std::string& End() {
    WaitFor("");
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    Expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, said_.c_str());
    return said_;
  }

 private:
  pid_t pid_ = 0;
  base::UniqueFd output_;
  std::string said_;
};

// A runtime folder of its own, so that its graph is the only one.
struct RuntimeFolder {
  RuntimeFolder() {
    Expect(mkdtemp(path) != nullptr, "a folder");
    setenv("XDG_RUNTIME_DIR", path, 1);
  }
  ~RuntimeFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string File(const char* name) const {
    return std::string(path) + "/" + name;
  }
  char path[32] = "/tmp/keyport-bench-XXXXXX";
};

// `recording`: words for `keyport record`; none: nobody traces.
double GraphSeconds(const std::string& of,
                    const std::vector<std::string>& recording) {
  const RuntimeFolder folder;
  double seconds = 0;
  std::optional<Program> recorder;
  seconds =
      TimeAll([&] {
        Program graph({"run", KEYPORT_SOURCE_DIR "/examples/search/search.toml",
                       "FOLDER=" + of, "return"});
        graph.WaitFor("its socket is");
        if (!recording.empty()) {
          std::vector<std::string> words = {"record"};
          words.insert(words.end(), recording.begin(), recording.end());
          words.push_back(folder.File("out.pcapng"));
          recorder.emplace(words);
        }
        Expect(graph.End().find("return: ") != std::string::npos,
               "the graph has no answer");
      }) /
      1e9;
  if (recorder.has_value())
    Expect(recorder->End().find(" 0 lost") != std::string::npos,
           "records were lost, or nothing was recorded");
  return seconds;
}

}  // namespace

void MeasureGraph(const Pass& pass) {
  AddEachOf(pass,
            {{{kGraph, kOff}, "s"},
             {{kGraph, kRecorded}, "s"},
             {{kGraph, kPayload}, "s"}},
            [&] {
              const std::string of = pass.effort == Effort::kSmoke
                                         ? KEYPORT_SOURCE_DIR "/libipc"
                                         : "/usr/include";
              return std::vector{
                  GraphSeconds(of, {}), GraphSeconds(of, {"--for", "60"}),
                  GraphSeconds(of, {"--for", "60", "--payload"})};
            });
}

}  // namespace bench
