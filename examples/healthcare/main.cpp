// An autonomous healthcare assistant: reads patients (FHIR bundles) and a stream of vital signs, scores each patient,
// checks the medication, plans follow-ups, and shows what it found. It remembers the patients' histories, and answers
// questions about them. See README.md.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <troupe/actors/run.hpp>

#include "healthcare/assistant.hpp"
#include "healthcare/input.hpp"
#include "healthcare/memory_cli.hpp"
#include "healthcare/reader.hpp"
#include "healthcare/round_records.hpp"
#include "healthcare/round_state.hpp"
#include "healthcare/stop_signals.hpp"
#include "healthcare/text.hpp"

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;

struct arguments {
  std::string bundles;
  std::string vitals;
  std::string output = "table";
  std::string log_level = "error";
  std::string as_of;
  std::string chaos = "0";
  std::string seed = "1";
  std::string reader = "process";
  std::string approve = "auto";
  bool anew = false;
  bool bundles_named = false;
  healthcare::memory_request memory;
  std::size_t threads = 0;
};

std::string shown(const std::string& argument) { return healthcare::printable(healthcare::clipped(argument, 200)); }

int usage(const std::string& what) {
  std::cerr << "healthcare: " << what << "\nTry healthcare --help.\n";
  return exit_usage;
}

int failed(const std::string& what) {
  std::cerr << "healthcare: " << what << '\n';
  return exit_failed;
}

// CLI11 takes a number that is too large for the largest there is.
std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

const CLI::Validator whole_number{
    [](const std::string& text) {
      return number_of(text) ? std::string{} : "\"" + shown(text) + "\" is not a whole number from 0 to 2^64 - 1";
    },
    "N"};

const CLI::Validator a_time{[](const std::string& text) {
                              const auto time = healthcare::parse_as_of(text);
                              return time ? std::string{} : healthcare::printable(time.error().message());
                            },
                            "TIME"};

const CLI::Validator not_empty{
    [](const std::string& text) { return text.empty() ? std::string{"nothing is named"} : std::string{}; }, "PATH"};

void add_memory_flags(CLI::App& app, arguments& into) {
  auto& what = into.memory;
  auto* data = app.add_option("--data", what.folder,
                              "Folder of the memory, which keeps the patients' histories, and a round that is not\n"
                              "finished: the same arguments go on with it")
                   ->check(not_empty);
  app.add_flag("--anew", into.anew, "Begins a new round, whatever round is not finished")->needs(data);
  auto* ask = app.add_option("--ask", what.ask, "Answers a question from what is remembered")->check(not_empty);
  auto* facts = app.add_flag("--facts", what.facts, "Shows what holds, now or --as-of a date");
  auto* forget =
      app.add_option("--forget", what.forget, "Forgets all about a patient, by name or id")->check(not_empty);
  app.add_option("--patient", what.patient, "Whom --ask or --facts is about, by name or id; otherwise all")
      ->check(not_empty);
  app.add_flag("--yes", what.yes, "Forgets without asking")->needs(forget);
  ask->excludes(facts)->excludes(forget);
  facts->excludes(forget);
  for (const auto* flag : {"--vitals", "--chaos", "--approve", "--anew"}) {
    for (auto* each : {ask, facts, forget}) each->excludes(app.get_option(flag));
  }
}

// What CLI11 has no words for.
std::string misuse_of(const arguments& given) {
  const auto& memory = given.memory;
  if (!memory.patient.empty() && memory.ask.empty() && !memory.facts) return "--patient is for --ask and --facts";
  if (!memory.forget.empty() && !given.as_of.empty()) return "--forget takes no --as-of: it forgets all";
  if (!given.as_of.empty() && !memory.is_question() && !healthcare::parse_instant(given.as_of))
    return "--as-of " + shown(given.as_of) + ": a round begins at a time of day, such as 2024-05-06T08:00:00Z";
  return {};
}

// Nothing: go on. Otherwise the exit code.
std::optional<int> parse(int argc, char** argv, arguments& into) {
  CLI::App app{
      "A healthcare assistant: vital signs, medication and follow-ups of a ward.\n"
      "Without --bundles it reads the data that ships with its source, and without --vitals too the stream of it.",
      "healthcare"};
  app.add_option("--bundles", into.bundles, "Folder of FHIR R4 bundles (*.json)")->check(not_empty);
  app.add_option("--vitals", into.vitals, "FHIR Observations as NDJSON, a file or - for standard input")
      ->check(not_empty);
  app.add_option("-o,--output", into.output, "table or json")->check(CLI::IsMember({"table", "json"}));
  app.add_option("--as-of", into.as_of,
                 "When the round begins (2024-05-06T08:00:00Z); by default with the first vital sign.\n"
                 "For --ask and --facts, until when; a date (2024-05-06) means its end")
      ->check(a_time);
  app.add_option("--chaos", into.chaos,
                 "Kill a random sub-agent every N messages; the findings stay the same. 0: never")
      ->check(whole_number);
  app.add_option("--seed", into.seed, "Seed of the choice of --chaos")->check(whole_number);
  app.add_option("--approve", into.approve,
                 "Who approves the most urgent escalations: auto, the program at once, or ask, whoever answers on\n"
                 "standard input. What nobody answers is not booked")
      ->check(CLI::IsMember({"auto", "ask"}));
  app.add_option("--reader", into.reader,
                 "Where bundles are read: process, one of its own that a hostile file may end, or inlined, in this one")
      ->check(CLI::IsMember({"process", "inlined"}));
  app.add_option("--threads", into.threads, "Scheduler threads; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_option("--log-level", into.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  add_memory_flags(app, into);
  app.footer(
      "SIGINT and SIGTERM end the stream: what is known then is shown. A second one ends the program.\n"
      "Exit codes: 0, 1 if something failed, 64 for arguments that cannot be used.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return usage(wrong.what());
  }
  if (const auto why = misuse_of(into); !why.empty()) return usage(why);
  if (!into.as_of.empty()) into.memory.as_of = healthcare::parse_as_of(into.as_of).value();
  into.memory.json = into.output == "json";
  into.bundles_named = !into.bundles.empty();
  if (into.bundles.empty() && into.vitals.empty()) into.vitals = HEALTHCARE_DATA "/vitals.ndjson";
  if (into.bundles.empty()) into.bundles = HEALTHCARE_DATA;
  return {};
}

// Writes it all, or says why not.
int show(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto written = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      return failed("standard output: " + std::string{std::strerror(errno)});
    }
  }
  return 0;
}

troupe::result<healthcare::ward> read_bundles(const arguments& given, const troupe::logger& log) {
  healthcare::reader_options how;
  const bool remembers = !given.memory.folder.empty() || given.memory.is_question();
  how.how = remembers ? healthcare::extent::history : healthcare::extent::round;
  if (given.reader == "inlined") how.isolation = troupe::tier::inlined;
  // A node of its own, so that a reader has nobody to talk to.
  troupe::node intake{{.threads = 1, .warm_processes = 0, .log = log}};
  return healthcare::read_folder(intake, given.bundles, how);
}

// What goes on, on a line of its own that the next one overwrites; only for a terminal.
void say(const std::string& text) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) std::cerr << "\r\033[K" << text << std::flush;
}

// Why a folder of bundles cannot be used, and the exit code.
int refused(const arguments& given, const troupe::error& why) {
  if (why.is(healthcare::errc::unreadable)) return usage("--bundles " + shown(given.bundles) + ": " + why.message());
  return failed(why.message() + "; --reader inlined reads the bundles without a process of its own");
}

troupe::result<healthcare::imported> remember(troupe::memory::store& into, const healthcare::ward& patients) {
  const auto all = std::to_string(patients.records().size());
  auto sum = import_all(into, patients, [&](std::size_t done) {
    say("remembering " + std::to_string(done) + " of " + all + " patients");
  });
  say(sum ? to_text(*sum) + "\n" : "");
  return sum;
}

bool confirmed(const std::string& what) {
  std::cerr << "healthcare: " << what << " [y/N] " << std::flush;
  std::string line;
  return std::getline(std::cin, line) && (line == "y" || line == "Y" || line == "yes");
}

// Questions are answered from what is remembered; bundles are read for them where they are named, or nothing is
// remembered yet.
int answer(const arguments& given, const troupe::logger& log) {
  auto memory = healthcare::open_memory::open(given.memory.folder, log);
  if (!memory) return usage("--data " + shown(given.memory.folder) + ": " + memory.error().describe());
  auto& store = (*memory)->store();
  const auto fresh = healthcare::is_new(store);
  if (!fresh) return failed(fresh.error().describe());
  std::optional<healthcare::imported> added;
  if (given.bundles_named || *fresh) {
    say("reading " + shown(given.bundles));
    const auto patients = read_bundles(given, log);
    say("");
    if (!patients) return refused(given, patients.error());
    for (const auto& each : patients->problems()) std::cerr << to_text(each) << '\n';
    const auto sum = remember(store, *patients);
    if (!sum) return failed(sum.error().describe());
    added = *sum;
  }
  const bool can_ask = isatty(STDIN_FILENO) != 0;
  const auto out = answer_request(store, given.memory, added, can_ask ? confirmed : nullptr);
  if (out.code == exit_usage) return usage(out.error);
  return out.code == 0 ? show(out.out) : failed(out.error);
}

int other_round(const arguments& given) {
  return usage("--data " + shown(given.memory.folder) +
               ": a round of other input is not finished there; finish it with that, or begin --anew");
}

// Asks whoever answers on standard input, a line each; at its end questions stay open.
class terminal_approval {
 public:
  // Without `answers` everything stays open.
  explicit terminal_approval(std::unique_ptr<healthcare::input> answers) : source_{std::move(answers)} {}

  std::optional<troupe::approval_decision> operator()(const troupe::open_approval& about) {
    if (source_ == nullptr || !answers_) return {};
    say("");
    std::cerr << "healthcare: " << healthcare::printable(about.request.subject) << "? ("
              << healthcare::printable(about.request.details) << ") [y/N] " << std::flush;
    std::string line;
    if (!std::getline(answers_, line)) {
      std::cerr << '\n';
      return {};
    }
    if (isatty(STDIN_FILENO) == 0) std::cerr << '\n';
    return troupe::approval_decision{line == "y" || line == "Y" || line == "yes", "operator", {}};
  }

 private:
  std::unique_ptr<healthcare::input> source_;  // null: there is nobody
  std::istream answers_{source_.get()};
};

// Nothing: the round begins, or goes on. Otherwise the exit code.
std::optional<int> begin_round(const arguments& given, troupe::memory::store& in, const healthcare::ward& patients,
                               const healthcare::assistant_options& options) {
  const auto digest = healthcare::digest_of_input(patients, options.begins);
  if (!digest) return failed(digest.error().describe());
  const auto goes_on = healthcare::begin_round(in, *digest, given.anew);
  if (goes_on) {
    if (*goes_on) std::cerr << "healthcare: this round was not finished, and goes on\n";
    return {};
  }
  if (!goes_on.error().is(healthcare::errc::other_round)) return failed(goes_on.error().describe());
  return other_round(given);
}

// Shows what was found. A round is finished when that is shown, and nothing is left to be done.
int conclude(const arguments& given, const healthcare::report& found, bool whole, troupe::memory::store* in) {
  if (const int code = show(given.output == "json" ? to_json(found) : to_table(found)); code != 0) return code;
  const auto open = found.run.escalations_open;
  if (open > 0)
    std::cerr << "healthcare: " << open << (open == 1 ? " escalation is" : " escalations are")
              << " not booked, since nobody has said yes or no"
              << (in != nullptr ? "; the same arguments ask again" : "") << '\n';
  if (in == nullptr || !whole || open > 0) return 0;
  const auto ended = healthcare::end_round(*in);
  return ended ? 0 : failed(ended.error().describe());
}

int make_round(const arguments& given, const healthcare::stop_signals& signals, const troupe::logger& log) {
  healthcare::assistant_options options;
  options.chaos = number_of(given.chaos).value();
  options.seed = number_of(given.seed).value();
  if (!given.as_of.empty()) options.begins = healthcare::parse_instant(given.as_of).value();

  say("reading " + shown(given.bundles));
  auto patients = read_bundles(given, log);
  say("");
  if (!patients) return refused(given, patients.error());
  std::unique_ptr<healthcare::open_memory> memory;
  if (!given.memory.folder.empty()) {
    auto opened = healthcare::open_memory::open(given.memory.folder, log);
    if (!opened) return usage("--data " + shown(given.memory.folder) + ": " + opened.error().describe());
    memory = *std::move(opened);
    if (const auto sum = remember(memory->store(), *patients); !sum) return failed(sum.error().describe());
    if (const auto code = begin_round(given, memory->store(), *patients, options)) return *code;
    options.lasting = true;
  }
  options.patients = std::make_shared<const healthcare::ward>(*std::move(patients));

  std::unique_ptr<healthcare::input> source, answers;
  if (!given.vitals.empty()) {
    auto opened = healthcare::input::open(given.vitals, signals.wake());
    if (!opened) return usage("--vitals " + shown(given.vitals) + ": " + opened.error().message());
    source = *std::move(opened);
  }
  std::istream stream{source.get()};  // without a source it has no lines
  if (given.approve == "ask") {
    if (given.vitals != "-") answers = healthcare::input::open("-", signals.wake()).value();
    options.approve_at_once = answers && isatty(STDIN_FILENO) != 0;
    options.approve = [ask = std::make_shared<terminal_approval>(std::move(answers))](const auto& about) {
      return (*ask)(about);
    };
  }

  options.report_problem = [&](const healthcare::problem& what) {
    say("");
    std::cerr << to_text(what) << '\n';
  };
  options.progress = [&](std::uint64_t lines) {
    if (lines % 1000 == 0) say(std::to_string(lines) + " lines of vital signs");
  };
  if (options.chaos > 0)
    std::cerr << "chaos: a sub-agent is killed every " << given.chaos << " messages, seed " << given.seed << '\n';

  troupe::node node{{.threads = given.threads, .memory = memory ? memory->shared() : nullptr, .log = log}};
  const auto name = given.vitals == "-" ? "(standard input)" : given.vitals;
  const auto found = run_assistant(node, options, stream, name);
  say("");
  if (!found) {
    if (!found.error().is(healthcare::errc::other_round)) return failed(found.error().describe());
    std::cerr << "healthcare: " << found.error().describe() << '\n';
    return other_round(given);
  }
  if (const auto* signal = signals.caught())
    std::cerr << "healthcare: " << signal << " ended the stream; this is what was known by then\n";
  const bool whole = signals.caught() == nullptr && (!source || source->error() == 0);
  const int code = conclude(given, *found, whole, node.memory());
  if (source && source->error() != 0)
    return failed(shown(name) + ": " + std::strerror(source->error()) + "; this is what was known by then");
  return code;
}

int serve(const arguments& given, const healthcare::stop_signals& signals) {
  const auto log = troupe::logger::make({.level = troupe::parse_log_level(given.log_level).value()}).value();
  return given.memory.is_question() ? answer(given, log) : make_round(given, signals, log);
}

// A file that is opened must not take the place of a standard one that is closed. False if there is nowhere to show
// anything.
bool open_standard_files() {
  if (::fcntl(STDIN_FILENO, F_GETFD) < 0) (void)::open("/dev/null", O_WRONLY);  // reading from it fails, as it should
  const bool out = ::fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  if (!out) (void)::open("/dev/null", O_WRONLY);
  if (::fcntl(STDERR_FILENO, F_GETFD) < 0) (void)::open("/dev/null", O_WRONLY);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = troupe::process_main()) return *code;  // the process of a reader
  if (!open_standard_files()) return failed("standard output is closed");
  ::signal(SIGPIPE, SIG_IGN);  // a write says so instead
  arguments given;
  if (const auto code = parse(argc, argv, given)) return *code;
  try {
    const auto signals = healthcare::stop_signals::install();
    if (!signals) return failed(signals.error().message());
    return serve(given, *signals);
  } catch (const std::exception& e) {
    return failed(e.what());
  }
}
