#include "services/recording/trace_words.h"

#include <map>

#include "services/common/trace_labels.h"

namespace keyport {
namespace {

constexpr auto kWaitMaxMs =
    static_cast<int64_t>(ipc::abi::kTraceWaitMaxNs / 1'000'000);

}  // namespace

void AddFilter(CLI::App* command, TraceFilter* filter) {
  CLI::Option* service = command->add_option("--service", filter->service,
                                             "only what it sends or receives");
  command->add_option("--port", filter->port, "only over this port");
  command->add_option_function<std::string>(
      "--label",
      [filter](const std::string& word) {
        const auto labels = ReadLabels(word);
        if (!labels)
          throw CLI::ValidationError(
              "--label", "\"" + word + "\" is no label, as 4 or 4-9 is");
        filter->labels = *labels;
      },
      "only requests with this label, or from one to another (4-9), and "
      "their answers");
  const std::map<std::string, Direction> directions = {
      {"in", Direction::kIn}, {"out", Direction::kOut}};
  command
      ->add_option("--direction", filter->direction,
                   "in or out, as seen from --service")
      ->transform(CLI::CheckedTransformer(directions))
      ->needs(service);
}

std::vector<CLI::Option*> AddSource(CLI::App* command,
                                    ipc::TraceOptions* source) {
  CLI::Option* payload = command->add_flag_callback(
      "--payload", [source] { source->level = ipc::TraceLevel::kPayload; },
      "what is in the messages too");
  CLI::Option* snaplen =
      command
          ->add_option("--snaplen", source->snaplen,
                       "with so many of its first bytes (96)")
          ->check(CLI::Range(1u, ipc::abi::kTraceSnapMax))
          ->needs(payload);
  CLI::Option* one_in =
      command
          ->add_option("--one-in", source->one_in,
                       "one chain of messages in so many, whole")
          ->check(CLI::PositiveNumber);
  CLI::Option* rate =
      command
          ->add_option("--rate", source->rate,
                       "of the chains that a thread begins in a second, so "
                       "many, whole")
          ->check(CLI::Range(1u, ipc::abi::kTraceRateMax));
  CLI::Option* bytes_min =
      command
          ->add_option("--min-bytes", source->bytes_min,
                       "requests and answers of at least so many bytes")
          ->check(CLI::PositiveNumber);
  CLI::Option* errors = command->add_flag_callback(
      "--errors", [source] { source->keeps = ipc::TraceKeeps::kErrors; },
      "what failed only");
  CLI::Option* lossless =
      command
          ->add_flag_function(
              "--lossless{" + std::to_string(ipc::kTraceWaitUsual.count()) +
                  "}",
              [source](int64_t ms) {
                source->wait = std::chrono::milliseconds(ms);
              },
              "lose nothing: services wait for this tool to make room, at "
              "most 100 ms each time, or so many (--lossless=500)")
          ->check(CLI::Range(int64_t{1}, kWaitMaxMs));
  return {snaplen, one_in, rate, bytes_min, errors, lossless};
}

void AddUntil(CLI::App* command, std::vector<std::string>* until) {
  command
      ->add_option("--until", *until,
                   "end after a message with: error, an error's name, "
                   "queue>1ms, work>1ms, total>1ms, label=4; repeated: any")
      ->check([](const std::string& word) {
        return EndCondition::Parse(word) ? std::string()
                                         : "\"" + word + "\" is no condition";
      });
}

RecordingWords AddRecording(CLI::App* command, RecordOptions* options) {
  command->add_option("--socket", options->socket, "the graph's socket");
  AddFilter(command, &options->filter);
  AddSource(command, &options->source);
  AddLimits(command, options);
  AddUntil(command, &options->until);
  RecordingWords words = {};
  words.file = command
                   ->add_option("file", options->files.path,
                                "a pcapng file, private to its owner")
                   ->required();
  words.rotate =
      command
          ->add_option("--rotate", options->files.rotate_bytes,
                       "go on with a new file after this many bytes (64K, "
                       "10M)")
          ->transform(CLI::AsSizeValue(false))
          ->check(CLI::Range(uint64_t{4'096}, uint64_t{1} << 40));
  words.keep =
      command
          ->add_option("--keep", options->files.keep_files,
                       "of this recording's files keep this many, the newest")
          ->check(CLI::PositiveNumber);
  return words;
}

}  // namespace keyport
