// keyport: runs service graphs and shows what happens in them. Only the
// command line's words are handled here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ipc/types.h"
#include "services/cli/decode_command.h"
#include "services/cli/explain_command.h"
#include "services/cli/export_command.h"
#include "services/cli/extcap_command.h"
#include "services/cli/flow_command.h"
#include "services/cli/graph_schemas.h"
#include "services/cli/hist_command.h"
#include "services/cli/inspect_commands.h"
#include "services/cli/measured_graph.h"
#include "services/cli/post_command.h"
#include "services/cli/reach_commands.h"
#include "services/cli/record_command.h"
#include "services/cli/recorded_graph.h"
#include "services/cli/replay_arguments.h"
#include "services/cli/run_command.h"
#include "services/cli/schema_argument.h"
#include "services/cli/top_command.h"
#include "services/cli/trace_command.h"
#include "services/common/nearest.h"
#include "services/recording/trace_words.h"
#include "services/tracer/end_condition.h"
#include "services/tracer/trace_columns.h"

namespace keyport {
namespace {

constexpr int kExitUsage = 2;

class CommandLine {
 public:
  CommandLine() {
    app_.name("keyport");
    app_.set_version_flag("--version",
                          std::string("keyport ") + KEYPORT_VERSION + " (ABI " +
                              std::to_string(ipc::abi::kVersion) + ")");
    app_.require_subcommand(1);
    app_.fallthrough(false);
    AddRun();
    AddCheck();
    AddListing("ps", "processes, and what each does now", Listed::kProcesses)
        ->add_flag_callback(
            "--threads", [this] { inspect_.listed = Listed::kThreads; },
            "a row a thread: what it sleeps on, and since when");
    AddListing("ports", "ports and their queues", Listed::kPorts);
    AddListing("caps", "capabilities: who holds what, and from whom",
               Listed::kCapabilities)
        ->add_option("service", inspect_.service, "only this service's");
    AddListing("regions", "shared memory", Listed::kRegions);
    AddListing("notifications", "words that are signalled and waited for",
               Listed::kNotifications);
    AddListing("topics", "who publishes, who subscribed, and what was lost",
               Listed::kTopics);
    AddListing("accounts", "budgets: what is used, and of how much",
               Listed::kAccounts)
        ->add_option("account", inspect_.account,
                     "who holds what of this one (its name or number)");
    AddGraph();
    AddWhy();
    AddWhoCan();
    AddExplain();
    AddTop();
    AddTrace();
    AddRecord();
    AddReplayArguments(Add("replay",
                           "send what was recorded into a graph, and compare "
                           "(exit code 3)",
                           [this] { return RunReplay(replay_); }),
                       &replay_);
    AddFlow();
    AddHist();
    AddDecode();
    AddExport();
    AddMetrics();
    AddPost();
    AddExtcap();
    AddHelp();
  }

  int Run(int argc, char** argv) {
    if (const int wrong = CheckCommandWord(argc, argv)) return wrong;
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : kExitUsage;
    }
    return action_();
  }

 private:
  const CLI::App* FindCommand(const std::string& name) const {
    for (const CLI::App* command : app_.get_subcommands(nullptr))
      if (command->get_name() == name) return command;
    return nullptr;
  }

  int UnknownCommand(const std::string& word) const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands(nullptr))
      names.push_back(command->get_name());
    std::fprintf(stderr,
                 "keyport: unknown command \"%s\"%s\n"
                 "commands: %s\n",
                 word.c_str(), DidYouMean(word, names).c_str(),
                 JoinWords(names).c_str());
    return kExitUsage;
  }

  // CLI11 would only say that a word was not expected.
  int CheckCommandWord(int argc, char** argv) const {
    if (argc < 2 || argv[1][0] == '-') return 0;
    return FindCommand(argv[1]) != nullptr ? 0 : UnknownCommand(argv[1]);
  }

  CLI::App* Add(const char* name, const char* text,
                std::function<int()> action) {
    CLI::App* command = app_.add_subcommand(name, text);
    command->callback([this, action] { action_ = action; });
    return command;
  }

  void AddManifest(CLI::App* command) {
    command->add_option("graph", run_.manifest, "the manifest (GRAPH.toml)")
        ->required();
    command->add_option("words", run_.words,
                        "NAME=value for ${NAME}; others for ${@} (write -- "
                        "before words that begin with -)");
  }

  void AddRun() {
    CLI::App* command = Add("run", "run a service graph until it ends",
                            [this] { return RunGraphCommand(run_); });
    AddManifest(command);
    command->add_option("--socket", run_.socket, "where tools connect");
    command->add_flag_callback(
        "--trace", [this] { run_.trace = TraceTheRun::kYes; },
        "trace all messages and sum them up at the end");
  }

  void AddCheck() {
    AddManifest(Add("check", "check a manifest; show who can reach whom",
                    [this] { return RunCheckCommand(run_); }));
  }

  CLI::App* AddListing(const char* name, const char* text, Listed listed) {
    CLI::App* command =
        Add(name, text, [this] { return RunInspect(inspect_); });
    command->preparse_callback(
        [this, listed](size_t) { inspect_.listed = listed; });
    command->add_option("--socket", inspect_.socket,
                        "the graph's socket (else KEYPORT_SOCKET, else the "
                        "one that runs)");
    command->add_flag_callback(
        "--json", [this] { inspect_.format = Format::kJson; },
        "one object a line");
    return command;
  }

  void AddGraph() {
    CLI::App* command =
        AddListing("graph", "who sends to whom", Listed::kGraph);
    command->callback([this] {
      action_ = [this] {
        if (!recorded_graph_.is_wanted() && !recorded_graph_.svg.empty()) {
          std::fputs(
              "keyport graph: --svg draws what --for or --from counts: "
              "give one of them\n",
              stderr);
          return 2;
        }
        if (!recorded_graph_.is_wanted()) return RunInspect(inspect_);
        recorded_graph_.input.socket = inspect_.socket;
        recorded_graph_.format = inspect_.format;
        recorded_graph_.dot = inspect_.listed == Listed::kGraphDot;
        return RunRecordedGraph(recorded_graph_);
      };
    });
    command->add_flag_callback(
        "--dot", [this] { inspect_.listed = Listed::kGraphDot; },
        "in Graphviz's language, with who waits for whom");
    TracedInput& input = recorded_graph_.input;
    CLI::Option* file =
        command
            ->add_option("--from", input.recording,
                         "who sent to whom in a file of keyport record: how "
                         "often, and how long it took")
            ->excludes(command->get_option("--socket"));
    CLI::Option* seconds = command->add_option(
        "--for", input.seconds_max,
        "the same of the running graph, in so many seconds");
    seconds->check(CLI::PositiveNumber)->excludes(file);
    command->add_option("--svg", recorded_graph_.svg,
                        "with --for or --from: draw it, by Graphviz's dot");
  }

  CLI::App* AddReach(const char* name, const char* text, ReachOptions* reach,
                     std::function<int()> action) {
    CLI::App* command = Add(name, text, std::move(action));
    CLI::Option* socket =
        command->add_option("--socket", reach->socket, "the graph's socket");
    command
        ->add_option("--manifest", reach->manifest,
                     "ask this manifest (GRAPH.toml), not a running graph")
        ->excludes(socket);
    command->add_flag_callback(
        "--json", [reach] { reach->format = Format::kJson; },
        "one object a line");
    return command;
  }

  void AddWhy() {
    CLI::App* command =
        AddReach("why", "can A send to B, and why or why not (exit code 3)",
                 &why_.reach, [this] { return RunWhy(why_); });
    command->add_option("A", why_.from, "a service, or an instance")
        ->required();
    command
        ->add_option("B", why_.to,
                     "a service, an instance, or a port (:NAME if a service "
                     "has the name too)")
        ->required();
  }

  void AddWhoCan() {
    CLI::App* command =
        AddReach("who-can", "who has a right on a port, and from whom",
                 &who_can_.reach, [this] { return RunWhoCan(who_can_); });
    command->add_option("RIGHT", who_can_.right, "Send, Receive, Transfer, ...")
        ->required();
    command->add_option("PORT", who_can_.port, "its name or number")
        ->required();
  }

  void AddExplain() {
    CLI::App* command =
        Add("explain",
            "how a service came by a handle, or how it lost it (exit code 3)",
            [this] { return RunExplain(explain_); });
    command->add_option("--socket", explain_.socket, "the graph's socket");
    command->add_flag_callback(
        "--json", [this] { explain_.format = Format::kJson; },
        "one object for each instance");
    command
        ->add_option("SERVICE", explain_.service, "a service, or an instance")
        ->required();
    command
        ->add_option("HANDLE", explain_.handle,
                     "as `keyport caps` prints it, or decimal")
        ->required();
  }

  void AddTop() {
    CLI::App* command = Add("top", "what passes over ports, again and again",
                            [this] { return RunTop(top_); });
    command->add_option("--socket", top_.socket, "the graph's socket");
    command->add_flag_callback(
        "--json", [this] { top_.format = Format::kJson; },
        "one object for each sample, a line");
    command
        ->add_option("--interval", top_.interval_seconds,
                     "seconds between samples")
        ->check(CLI::Range(0.01, 3600.0))
        ->capture_default_str();
    command->add_option("-n", top_.samples_max, "end after this many samples")
        ->check(CLI::PositiveNumber);
    command->add_option("--port", top_.port,
                        "only this one (its name or number)");
    command->add_flag_callback(
        "--lanes", [this] { top_.scope = TopScope::kLanes; },
        "a row a lane: who sends to whom");
    std::map<std::string, TopColumn> columns;
    for (const TopScope scope : {TopScope::kPorts, TopScope::kLanes})
      for (const TopColumn column : ColumnsOf(scope))
        columns.emplace(ColumnName(column), column);
    command->add_option("--sort", top_.sort, "the column to sort by")
        ->transform(CLI::CheckedTransformer(columns));
    command->add_option("-o", top_.columns, "columns, in this order")
        ->delimiter(',')
        ->transform(CLI::CheckedTransformer(columns));
  }

  void AddTrace() {
    CLI::App* command = Add("trace", "show messages as they pass",
                            [this] { return RunTrace(trace_); });
    CLI::Option* socket =
        command->add_option("--socket", trace_.socket, "the graph's socket");
    command->add_flag_callback(
        "--json", [this] { trace_.format = Format::kJson; },
        "one object a line");
    AddFilter(command, &trace_.filter);
    CLI::Option* limit = AddLimits(command, &trace_);
    CLI::Option* from =
        command
            ->add_option("--from", trace_.recording,
                         "a file of keyport record, not a running graph")
            ->excludes(socket)
            ->excludes(limit);
    for (CLI::Option* source : AddSource(command, &trace_.source))
      from->excludes(source);
    command->add_flag_callback(
        "--summary-only", [this] { trace_.shows = TraceShows::kSummaryOnly; },
        "no line for each message");
    AddUntil(command, &trace_.until);
    command
        ->add_option("-o", trace_.columns,
                     "columns: " + JoinWords(TraceColumnNames()))
        ->delimiter(',')
        ->check(CLI::IsMember(TraceColumnNames()));
    AddSchemaArgument(command, &trace_.schemas);
    command->add_flag_callback(
        "--facts", [this] { trace_.facts = true; },
        "also what the kernel process tells: lanes, capabilities, processes");
  }

  void AddRecord() {
    CLI::App* command =
        Add("record", "write what passes to a file, for this and Wireshark",
            [this] {
              const auto schemas = SchemasGiven(record_schemas_);
              return schemas.ok() ? RunRecord(record_, *schemas)
                                  : Complain(schemas.status());
            });
    AddSchemaArgument(command, &record_schemas_);
    const RecordingWords words = AddRecording(command, &record_);
    words.file->description(
        "a pcapng file, private to its owner; - is standard output");
    words.keep->needs(words.rotate);
    command->parse_complete_callback([this] {
      if (record_.files.rotate_bytes > 0 && record_.files.path == "-")
        throw CLI::ValidationError("--rotate",
                                   "standard output is no series of files");
    });
  }

  void AddFlow() {
    CLI::App* command = Add("flow", "chains of messages as trees, with times",
                            [this] { return RunFlow(flow_); });
    command->add_flag_callback(
        "--json", [this] { flow_.format = Format::kJson; },
        "one object a line");
    command->add_option("-n", flow_.flows_max, "list at most this many")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    CLI::Option* file = command->add_option(
        "file", flow_.input.recording,
        "a file of keyport record; else a running graph, until Ctrl-C");
    command->add_option("flow", flow_.flow,
                        "its number; else the chains that took longest");
    command->add_option("--socket", flow_.input.socket, "the graph's socket")
        ->excludes(file);
    command
        ->add_option("--timeout,--for", flow_.input.seconds_max,
                     "of a running graph: end after this many seconds")
        ->check(CLI::PositiveNumber)
        ->excludes(file);
  }

  // A recording or a running graph.
  static void AddInput(CLI::App* command, TracedInput* input) {
    CLI::Option* socket =
        command->add_option("--socket", input->socket, "the graph's socket");
    AddFilter(command, &input->filter);
    CLI::Option* limit = AddLimits(command, input);
    command
        ->add_option("--from", input->recording,
                     "a file of keyport record, not a running graph")
        ->excludes(socket)
        ->excludes(limit);
  }

  void AddHist() {
    CLI::App* command =
        Add("hist", "how long messages waited and took, as histograms",
            [this] { return RunHist(hist_); });
    command->add_flag_callback(
        "--json", [this] { hist_.format = Format::kJson; },
        "one object for each histogram, a line");
    AddInput(command, &hist_.input);
    command->add_option("PORT", hist_.input.filter.port, "only over this port");
    const std::map<std::string, HistBy> groups = {
        {"port", HistBy::kPort},
        {"label", HistBy::kLabel},
        {"service", HistBy::kService}};
    command
        ->add_option("--by", hist_.by,
                     "port; label: histograms for each label of a port; with "
                     "--since-start service: for each that receives")
        ->transform(CLI::CheckedTransformer(groups));
    CLI::Option* since_start = command->add_flag_callback(
        "--since-start", [this] { hist_.of = HistOf::kSinceStart; },
        "what ports have measured of samples since they were made: at once, "
        "without tracing");
    for (const char* traced : {"--service", "--direction", "--label", "-n",
                               "--strict", "--timeout", "--from"})
      since_start->excludes(command->get_option(traced));
    command->parse_complete_callback([this] {
      const bool by_label = hist_.by == HistBy::kLabel;
      const bool by_service = hist_.by == HistBy::kService;
      if (hist_.of == HistOf::kSinceStart ? by_label : by_service)
        throw CLI::ValidationError(
            "--by", by_label ? "with --since-start there are no labels"
                             : "service needs --since-start");
    });
    command
        ->add_option("--split", hist_.split,
                     "which times: queue, work, total; else all")
        ->delimiter(',')
        ->check(CLI::IsMember({"queue", "work", "total"}));
  }

  void AddDecode() {
    CLI::App* command =
        Add("decode", "a payload from standard input by a Cap'n Proto schema",
            [this] { return RunDecode(decode_); });
    command
        ->add_option("schema", decode_.schema,
                     "FILE.capnp, or FILE.capnp:INTERFACE")
        ->required();
    CLI::Option* method = command->add_option(
        "method", decode_.method,
        "whose parameters it has: its name, or a message's label; without it "
        "the methods are listed");
    command
        ->add_flag_callback(
            "--answer", [this] { decode_.which = PayloadOf::kAnswer; },
            "it has the method's results")
        ->needs(method);
    command
        ->add_flag_callback(
            "--hex", [this] { decode_.bytes = BytesAre::kHex; },
            "as trace --json prints it (request_hex)")
        ->needs(method);
  }

  void AddExport() {
    CLI::App* command = Add("export", "a recording in other tools' formats",
                            [this] { return RunExport(export_); });
    command->add_option("file", export_.file, "a file of keyport record")
        ->required();
    CLI::Option_group* formats = command->add_option_group(
        "Formats", "each to a file, or to - for standard output");
    formats->add_option("--chrome", export_.chrome, "Chrome's trace events");
    formats->add_option("--json", export_.json,
                        "an object for each record, a line");
    formats->add_option("--perfetto", export_.perfetto,
                        "Perfetto's trace events (protobuf)");
    formats->add_option("--ctf", export_.ctf,
                        "a folder in the Common Trace Format (no -)");
    formats->add_option("--prometheus", export_.prometheus,
                        "counters and histograms for each port");
    formats->add_option("--pcapng", export_.pcapng,
                        "the recording with what --schema says of payloads, "
                        "for Wireshark");
    formats->add_option("--html", export_.html,
                        "a page for a browser, in one file");
    formats->require_option(1, 0);
    AddSchemaArgument(command, &export_.schemas);
  }

  void AddMetrics() {
    CLI::App* command =
        Add("metrics",
            "counters and times of a running graph's ports, for Prometheus",
            [this] { return RunMetrics(metrics_); });
    command->add_option("--socket", metrics_.socket, "the graph's socket");
  }

  void AddPost() {
    CLI::App* command =
        Add("post", "the last moments of a service that is dead, or lives",
            [this] { return RunPost(post_); });
    command->add_option("--socket", post_.socket, "the graph's socket");
    command->add_flag_callback(
        "--json", [this] { post_.format = Format::kJson; },
        "one object a line: the process, then its records");
    command->add_option("-n", post_.steps_max, "at most so many records")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    CLI::Option* service = command->add_option(
        "service", post_.service,
        "the instance that ended last, or else one that lives");
    command->add_option("--pid", post_.pid, "the process of this number")
        ->excludes(service);
    command->add_flag_callback(
        "--list", [this] { post_.shows = PostShows::kWhatThereIs; },
        "only which processes there are");
  }

  // In Wireshark's words.
  void AddExtcap() {
    CLI::App* command =
        Add("extcap", "a live source for Wireshark, which calls this itself",
            [this] { return RunExtcap(extcap_); });
    const auto ask = [&](const char* flag, ExtcapAsks asks, const char* text) {
      command->add_flag_callback(
          flag, [this, asks] { extcap_.asks = asks; }, text);
    };
    ask("--extcap-interfaces", ExtcapAsks::kInterfaces, "list interfaces");
    ask("--extcap-dlts", ExtcapAsks::kLinkTypes, "list link types");
    ask("--extcap-config", ExtcapAsks::kOptions, "list options");
    ask("--capture", ExtcapAsks::kCapture, "write packets to --fifo");
    command->add_option("--extcap-interface", extcap_.interface,
                        "of which interface");
    command->add_option("--fifo", extcap_.record.files.path,
                        "where packets go");
    for (const char* ignored : {"--extcap-version", "--extcap-capture-filter"})
      command->add_option(ignored, extcap_ignored_, "not looked at");
    command->add_option("--socket", extcap_.record.socket,
                        "the graph's socket");
    AddFilter(command, &extcap_.record.filter);
    AddSource(command, &extcap_.record.source);
  }

  void AddHelp() {
    CLI::App* command = Add("help", "this text, or a command's", [this] {
      const CLI::App* about = help_.empty() ? &app_ : FindCommand(help_);
      if (about == nullptr) return UnknownCommand(help_);
      std::fputs(about->help().c_str(), stdout);
      return 0;
    });
    command->add_option("command", help_, "the command");
  }

  CLI::App app_{"Keyport: services, ports and capabilities on one machine"};
  std::function<int()> action_;
  RunOptions run_;
  InspectOptions inspect_;
  RecordedGraphOptions recorded_graph_;
  WhyOptions why_;
  WhoCanOptions who_can_;
  ExplainOptions explain_;
  TopOptions top_;
  TraceOptions trace_;
  RecordOptions record_;
  std::vector<std::string> record_schemas_;
  ReplayOptions replay_;
  FlowOptions flow_;
  HistOptions hist_;
  DecodeOptions decode_;
  MetricsOptions metrics_;
  ExportOptions export_;
  PostOptions post_;
  ExtcapOptions extcap_;
  std::string extcap_ignored_;
  std::string help_;
};

}  // namespace
}  // namespace keyport

int main(int argc, char** argv) {
  std::vector<char*> words(argv, argv + argc);
  std::string extcap = "extcap";
  if (keyport::IsExtcapCall(argc, argv))
    words.insert(words.begin() + 1, extcap.data());
  return keyport::CommandLine().Run(static_cast<int>(words.size()),
                                    words.data());
}
