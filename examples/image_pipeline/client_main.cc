// client: sends PNG files through the graph, several at once, writes what
// comes back, compares it byte for byte with the same filters called in this
// process, and prints how fast both were.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "examples/image_pipeline/graph.h"
#include "examples/image_pipeline/options.h"
#include "examples/image_pipeline/report.h"

namespace image_pipeline {
namespace {

absl::StatusOr<std::vector<Source>> ReadSources(const Options& options) {
  std::vector<Source> sources;
  for (const std::string& path : options.files) {
    auto source = ReadSource(path);
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  if (!sources.empty()) return sources;
  auto source = GeneratedSource();
  if (!source.ok()) return source.status();
  sources.push_back(*std::move(source));
  return sources;
}

// `expected` is empty for a file that the graph refused.
struct Job {
  Source source;
  PngBytes expected;
};

class Client {
 public:
  Client(const Options& options, Graph& graph, std::vector<Source> sources)
      : options_(options), graph_(graph) {
    for (Source& source : sources) jobs_.push_back({std::move(source)});
  }

  absl::Status Run() {
    // A file that the graph refuses, or that kills its decoder, is not decoded
    // in this process.
    for (Job& job : jobs_) Begin(job);
    std::erase_if(jobs_, [](const Job& job) { return job.expected.empty(); });
    SendAll();
    report_.Print(graph_.asked_again());
    if (failures_ == 0) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(failures_, " images did not come out right"));
  }

 private:
  static void Print(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }
  void Fail(const absl::string_view why) {
    const std::lock_guard lock(mutex_);
    ++failures_;
    Print(std::string(why));
  }

  void Begin(Job& job) {
    const auto filtered = graph_.Ask(job.source);
    if (!filtered.ok()) return Fail(filtered.status().message());
    const absl::Time start = absl::Now();
    auto expected = FilterHere(job.source.png, options_.filters);
    if (!expected.ok()) return Fail(expected.status().message());
    report_.CountHere(filtered->answer().shape, absl::Now() - start);
    job.expected = *std::move(expected);
    if (!Compare(job, *filtered)) return;
    std::string line = report_.Line(job.source.name, *filtered);
    if (!options_.out.empty()) {
      const auto path =
          WriteResult(options_.out, job.source.name, filtered->png());
      if (!path.ok()) return Fail(path.status().message());
      line += ", written to " + *path;
    }
    Print(line);
  }

  bool Compare(const Job& job, const Filtered& filtered) {
    const History& history = filtered.answer().history;
    const std::span<const Filter> applied(history.filters.data(),
                                          history.filter_count);
    const auto png = filtered.png();
    if (std::equal(png.begin(), png.end(), job.expected.begin(),
                   job.expected.end()) &&
        std::equal(applied.begin(), applied.end(), options_.filters.begin(),
                   options_.filters.end()))
      return true;
    Fail(job.source.name +
         ": WRONG: not the bytes that the same filters "
         "give in one process");
    return false;
  }

  // Every file `rounds` times, `in_flight` of them at once.
  void SendAll() {
    const absl::Time start = absl::Now();
    const size_t images = jobs_.size() * options_.rounds;
    std::atomic<size_t> next{0};
    std::vector<std::jthread> threads;
    for (uint32_t i = 0; i < options_.in_flight; ++i)
      threads.emplace_back([&] {
        for (size_t at; (at = next++) < images;)
          Again(jobs_[at % jobs_.size()], images);
      });
    threads.clear();  // joins them
    report_.CountGraph(absl::Now() - start);
  }

  void Again(const Job& job, size_t images) {
    const auto filtered = graph_.Ask(job.source);
    if (!filtered.ok()) return Fail(filtered.status().message());
    if (!Compare(job, *filtered)) return;
    const std::lock_guard lock(mutex_);
    report_.Count(filtered->answer());
    const uint64_t right = report_.images();
    if (right == images || right % (images / 10 + 1) == 0)
      Print(absl::StrCat(right, " of ", images, " images came back right"));
  }

  const Options& options_;
  Graph& graph_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
  uint64_t failures_ = 0;
  Report report_;
};

absl::Status Run(example::Service& service, const Options& options) {
  auto sources = ReadSources(options);
  if (!sources.ok()) return sources.status();
  auto reader = service.TakeSender("reader");
  if (!reader.ok()) return reader.status();
  auto results = service.TakeReceiver("results");
  if (!results.ok()) return results.status();
  Graph graph(service, *std::move(reader), *std::move(results));
  return Client(options, graph, *std::move(sources)).Run();
}

}  // namespace
}  // namespace image_pipeline

int main(int argc, char** argv) {
  const auto options = image_pipeline::ReadOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "client: %s\n",
                 std::string(options.status().message()).c_str());
    return 2;
  }
  return example::RunService("client", [&](example::Service& service) {
    return image_pipeline::Run(service, *options);
  });
}
