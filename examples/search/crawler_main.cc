// crawler: reads a folder and has it indexed, again and again as long as the
// index loses it. Ends when it is told to.
//
//   keyport-search-crawler FOLDER
#include <cstdio>
#include <string>
#include <utility>

#include "examples/search/crawl.h"

namespace search {
namespace {

absl::Status Run(example::Service& service, const std::string& folder) {
  auto files = service.TakeSender("files");
  if (!files.ok()) return files.status();
  auto index = service.TakeSender("index");
  if (!index.ok()) return index.status();
  auto progress = service.TakeSender("progress");
  if (!progress.ok()) return progress.status();
  CrawlerPorts ports{
      *std::move(files), *std::move(index), *std::move(progress), {}};
  for (;;) {
    const absl::Status ended = Crawl(service, ports, folder).Run();
    if (!ended.ok() || service.over()) return ended;
    service.Say("the index was lost; starting over");
    service.Pause();
  }
}

}  // namespace
}  // namespace search

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "crawler: expected one folder, got %d arguments\n",
                 argc - 1);
    return 2;
  }
  return example::RunService("crawler", [&](example::Service& service) {
    return search::Run(service, argv[1]);
  });
}
