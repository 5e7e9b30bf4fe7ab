// An autonomous healthcare assistant: reads patients (FHIR bundles) and a stream of vital signs, scores each patient,
// checks the medication, plans follow-ups, and shows what it found. See README.md.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "healthcare/assistant.hpp"

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;

struct arguments {
  std::string bundles;
  std::string vitals;
  std::string output = "table";
  std::string log_level = "error";
  std::uint64_t chaos = 0;
  std::uint64_t seed = 1;
  std::size_t threads = 0;
};

int usage(const std::string& what) {
  std::cerr << "healthcare: " << what << "\nTry healthcare --help.\n";
  return exit_usage;
}

// Nothing: go on. Otherwise the exit code.
std::optional<int> parse(int argc, char** argv, arguments& into) {
  CLI::App app{
      "A healthcare assistant: vital signs, medication and follow-ups of a ward.\n"
      "Without --bundles and --vitals it reads the data that ships with it.",
      "healthcare"};
  app.add_option("--bundles", into.bundles, "Folder of FHIR R4 bundles (*.json)");
  app.add_option("--vitals", into.vitals, "FHIR Observations as NDJSON, a file or - for standard input");
  app.add_option("-o,--output", into.output, "table or json")->check(CLI::IsMember({"table", "json"}));
  app.add_option("--chaos", into.chaos, "Kill a random sub-agent every N messages; the findings stay the same")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", into.seed, "Seed of the choice of --chaos")->check(CLI::NonNegativeNumber);
  app.add_option("--threads", into.threads, "Scheduler threads; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_option("--log-level", into.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return usage(wrong.what());
  }
  if (into.bundles.empty() && into.vitals.empty()) {
    into.bundles = HEALTHCARE_DATA;
    into.vitals = HEALTHCARE_DATA "/vitals.ndjson";
  }
  if (into.bundles.empty()) into.bundles = HEALTHCARE_DATA;
  if (!std::filesystem::is_directory(into.bundles)) return usage("--bundles " + into.bundles + " is not a folder");
  if (!into.vitals.empty() && into.vitals != "-" &&
      (std::filesystem::is_directory(into.vitals) || !std::ifstream{into.vitals}))
    return usage("--vitals " + into.vitals + " cannot be read");
  return {};
}

int serve(const arguments& given) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto say = [&](const std::string& text) {
    if (terminal) std::cerr << "\r\033[K" << text << std::flush;
  };
  say("reading " + given.bundles);
  auto patients = healthcare::read_folder(given.bundles);
  if (!patients) {
    say("");
    std::cerr << "healthcare: " << patients.error().message() << '\n';
    return exit_failed;
  }

  healthcare::assistant_options options;
  options.patients = std::make_shared<const healthcare::ward>(*std::move(patients));
  options.chaos = given.chaos;
  options.seed = given.seed;
  options.report_problem = [&](const healthcare::problem& what) {
    say("");
    std::cerr << to_text(what) << '\n';
  };
  options.progress = [&](std::uint64_t lines) {
    if (lines % 1000 == 0) say(std::to_string(lines) + " lines of vital signs");
  };
  if (given.chaos > 0)
    std::cerr << "chaos: a sub-agent is killed every " << given.chaos << " messages, seed " << given.seed << '\n';

  std::ifstream file;
  std::istringstream nothing;
  std::istream* stream = &nothing;
  if (given.vitals == "-") {
    stream = &std::cin;
  } else if (!given.vitals.empty()) {
    file.open(given.vitals);
    stream = &file;
  }

  troupe::node node{{.threads = given.threads,
                     .log = troupe::logger::make({.level = troupe::parse_log_level(given.log_level).value()}).value()}};
  const auto found = run_assistant(node, options, *stream, given.vitals == "-" ? "(standard input)" : given.vitals);
  say("");
  if (!found) {
    std::cerr << "healthcare: " << found.error().describe() << '\n';
    return exit_failed;
  }
  std::cout << (given.output == "json" ? to_json(*found) + "\n" : to_table(*found));
  return std::cout.flush() ? 0 : exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  arguments given;
  if (const auto code = parse(argc, argv, given)) return *code;
  try {
    return serve(given);
  } catch (const std::exception& e) {
    std::cerr << "healthcare: " << e.what() << '\n';
    return exit_failed;
  }
}
