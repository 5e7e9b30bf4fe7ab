#include "troupe/core/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/seeded.hpp"
#include "core/temporary_folder.hpp"
#include "core/unprivileged.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using troupe::log_format;
using troupe::log_level;
using troupe::log_options;
using troupe::logger;

namespace {

// A logger that keeps its lines, at a virtual time.
struct kept {
  explicit kept(log_format format = log_format::json, bool colour = false) {
    time.advance(1h + 2ms + 3us);
    log = logger::make({.level = log_level::trace,
                        .format = format,
                        .colour = colour,
                        .sink = [this](std::string_view line) { lines.emplace_back(line); },
                        .time = &time})
              .value();
  }
  json last() const { return json::parse(lines.at(lines.size() - 1)); }

  troupe::virtual_clock time;
  std::vector<std::string> lines;  // the sink is called by one thread at a time
  logger log;
};

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_test)

BOOST_AUTO_TEST_CASE(a_json_line_has_time_level_component_message_fields_and_trace) {
  kept out;
  const auto trace = troupe::trace_context::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").value();
  out.log.component("cluster").info(
      "joined", {{"peer", "n2"}, {"took_ms", 12}, {"ratio", 0.5}, {"voter", true}, {"size_bytes", std::size_t{7}}},
      trace);
  BOOST_TEST(out.lines.at(0) ==
             R"({"ts":"2024-01-01T01:00:00.002003Z","level":"info","component":"cluster","msg":"joined",)"
             R"("fields":{"peer":"n2","took_ms":12,"ratio":0.5,"voter":true,"size_bytes":7},)"
             R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"})");
  out.log.error("bare");
  BOOST_TEST(out.lines.at(1) == R"({"ts":"2024-01-01T01:00:00.002003Z","level":"error","msg":"bare"})");
}

BOOST_AUTO_TEST_CASE(a_human_line_is_for_people) {
  kept out{log_format::human};
  const std::string owned = "two words";
  out.log.component("cluster").warn("slow peer", {{"peer", "n2"}, {"why", owned}, {"empty", ""}, {"took_ms", -3}});
  BOOST_TEST(out.lines.at(0) ==
             R"(2024-01-01T01:00:00.002Z warn  cluster: slow peer peer=n2 why="two words" empty="" took_ms=-3)");
  kept coloured{log_format::human, true};
  coloured.log.warn("slow");
  BOOST_TEST(coloured.lines.at(0) == "2024-01-01T01:00:00.002Z \x1b[33mwarn \x1b[0m slow");
}

BOOST_AUTO_TEST_CASE(the_default_logger_is_silent) {
  const logger silent;
  BOOST_TEST(!silent.enabled(log_level::error));
  silent.error("nobody hears this");
  silent.component("x").error("nor this");
  BOOST_TEST(silent.set_level("x", log_level::trace).has_value());
  BOOST_TEST(silent.levels().empty());
  BOOST_TEST(silent.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(levels_follow_the_default_until_they_have_their_own) {
  kept out;
  const auto memory = out.log.component("memory");
  const auto gpu = out.log.component("gpu");
  out.log.set_level(log_level::warn);
  BOOST_TEST(!memory.enabled(log_level::info));
  BOOST_TEST(out.log.set_level("memory", log_level::debug).has_value());
  BOOST_TEST(memory.enabled(log_level::debug));
  BOOST_TEST(!memory.enabled(log_level::trace));
  BOOST_TEST(!gpu.enabled(log_level::info));
  out.log.set_level(log_level::off);
  BOOST_TEST(memory.enabled(log_level::debug));
  BOOST_TEST(!gpu.enabled(log_level::error));
  BOOST_TEST(!gpu.enabled(log_level::off));
  BOOST_TEST(out.log.set_level("memory", std::nullopt).has_value());
  BOOST_TEST(!memory.enabled(log_level::error));
  BOOST_TEST(out.log.set_level("later", log_level::trace).has_value());
  BOOST_TEST(out.log.component("later").enabled(log_level::trace));
  BOOST_TEST(out.log.set_level("", log_level::error).has_value());
  BOOST_TEST((out.log.levels() == std::map<std::string, log_level>{{"", log_level::error},
                                                                   {"gpu", log_level::error},
                                                                   {"later", log_level::trace},
                                                                   {"memory", log_level::error}}));
  memory.warn("not written");
  BOOST_TEST(out.lines.empty());
}

BOOST_AUTO_TEST_CASE(level_names_are_read_back) {
  for (const auto level :
       {log_level::trace, log_level::debug, log_level::info, log_level::warn, log_level::error, log_level::off}) {
    BOOST_TEST((troupe::parse_log_level(to_string(level)).value() == level));
  }
  BOOST_TEST(troupe::parse_log_level("INFO").error().is(troupe::errc::parse_error));
}

BOOST_AUTO_TEST_CASE(hostile_text_cannot_forge_a_line) {
  const std::string evil = "a\nb\r\t\"\\\x1b[31m\x01\x7F\xFF\xC0\xAF \xE2\x80\xAE\xC2\x9B \xE2\x82\xAC";
  kept out;
  out.log.component(evil).info(evil, {{evil, evil}});
  BOOST_TEST(out.lines.at(0).find_first_of("\n\r\x1b\x01\x7F") == std::string::npos);
  const std::string clean =
      "a\nb\r\t\"\\\x1b[31m\x01\x7F\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xE2\x80\xAE\xC2\x9B \xE2\x82\xAC";
  BOOST_TEST(out.last()["msg"] == clean);
  BOOST_TEST(out.last()["fields"][clean] == clean);
  BOOST_TEST(out.last()["component"] == clean);

  kept human{log_format::human};
  human.log.info(evil, {{"k", evil}});
  const std::string shown = R"(a\nb\r\t\"\\\x1B[31m\x01\x7F\xFF\xC0\xAF \u{202E}\u{009B} )"
                            "\xE2\x82\xAC";
  BOOST_TEST(human.lines.at(0).substr(31) == shown + " k=\"" + shown + "\"");
}

BOOST_AUTO_TEST_CASE(any_bytes_make_one_line_of_json) {
  kept out;
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int i = 0; i < 1'000; ++i) {
      const auto text = random.bytes(60);
      out.log.info(text, {{"k", text}});
      BOOST_REQUIRE(out.lines.back().find('\n') == std::string::npos);
      BOOST_REQUIRE(out.last()["msg"] == out.last()["fields"]["k"]);
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_json_lacks_become_text) {
  kept out;
  out.log.info("n", {{"nan", std::numeric_limits<double>::quiet_NaN()},
                     {"inf", -std::numeric_limits<double>::infinity()},
                     {"max", std::numeric_limits<std::uint64_t>::max()},
                     {"min", std::numeric_limits<std::int64_t>::min()},
                     {"big", 1e300}});
  BOOST_TEST(out.last()["fields"]["nan"] == "nan");
  BOOST_TEST(out.last()["fields"]["inf"] == "-inf");
  BOOST_TEST(out.last()["fields"]["max"].get<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(out.last()["fields"]["min"].get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(out.last()["fields"]["big"].get<double>() == 1e300);
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  kept out;
  std::string text;
  while (text.size() < 2 * logger::text_size_bytes_max) text += "\xE2\x82\xAC";
  out.log.info(text, {{"k", text}});
  const auto written = out.last()["msg"].get<std::string>();
  BOOST_TEST(written.size() == logger::text_size_bytes_max - logger::text_size_bytes_max % 3);
  BOOST_TEST(text.starts_with(written));
}

BOOST_AUTO_TEST_CASE(components_beyond_the_limit_share_a_name) {
  kept out;
  for (std::size_t i = 0; i < 2 * logger::components_max; ++i) out.log.component("c" + std::to_string(i)).info("x");
  BOOST_TEST(out.last()["component"] == "other");
  BOOST_TEST(out.log.levels().size() == logger::components_max + 1);
  BOOST_TEST(out.log.component("c0").name() == "c0");
  BOOST_TEST(out.log.set_level("one more", log_level::info).error().is(troupe::errc::out_of_range));
}

BOOST_AUTO_TEST_CASE(a_null_pointer_is_a_text) {
  kept out;
  const char* none = nullptr;
  out.log.info("n", {{"home", none}});
  BOOST_TEST(out.last()["fields"]["home"] == "(null)");
}

BOOST_AUTO_TEST_CASE(lines_that_stderr_does_not_take_are_counted) {
  const auto log = logger::make({}).value();
  const int before = ::dup(STDERR_FILENO);
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  BOOST_REQUIRE((before >= 0 && full >= 0));
  ::dup2(full, STDERR_FILENO);
  log.info("one");
  log.info("two");
  ::dup2(before, STDERR_FILENO);
  ::close(full);
  ::close(before);
  BOOST_TEST(log.dropped() == 2u);
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_loses_lines_and_nothing_else) {
  const auto log = logger::make({.sink = [](std::string_view) { throw std::runtime_error{"full"}; }}).value();
  log.info("one");
  log.info("two");
  BOOST_TEST(log.dropped() == 2u);
}

BOOST_AUTO_TEST_CASE(the_output_goes_with_the_last_logger) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = alive;
  logger part;
  {
    const auto log = logger::make({.sink = [alive](std::string_view) { ++*alive; }}).value();
    part = log.component("part");
  }
  alive.reset();
  part.info("still written");
  BOOST_REQUIRE(!watched.expired());
  BOOST_TEST(*watched.lock() == 1);
  part = {};
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(a_file_is_appended_to_and_rotated) {
  const troupe::test::temporary_folder folder;
  const auto file = folder.path() / "node.log";
  {
    const auto log = logger::make({.file = file}).value();
    log.info("first");
    BOOST_TEST(json::parse(lines_of(file).at(0))["msg"] == "first");  // there before the logger goes
  }
  const auto log = logger::make({.file = file, .file_size_bytes_max = 1'000, .files_kept_max = 2}).value();
  for (int i = 0; i < 100; ++i) log.info("line", {{"i", i}});
  std::size_t files = 0;
  int last = -1;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
    ++files;
    BOOST_TEST(entry.file_size() <= 1'000u);
    for (const auto& line : lines_of(entry.path())) last = std::max(last, json::parse(line)["fields"]["i"].get<int>());
  }
  BOOST_TEST(files == 3u);
  BOOST_TEST(last == 99);
  BOOST_TEST(std::filesystem::exists(folder.path() / "node.1.log"));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_an_error) {
  const troupe::test::temporary_folder folder;
  BOOST_TEST(logger::make({.file = folder.path()}).error().is(troupe::errc::io_error));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_rotated_is_refused_unless_it_is_not_to_be) {
  const troupe::test::temporary_folder folder;
  const auto file = folder.path() / "node.log";
  std::ofstream{file} << "kept\n";
  std::filesystem::permissions(file, std::filesystem::perms::all);
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  {
    const troupe::test::unprivileged user;
    const auto refused = logger::make({.file = file});
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().is(troupe::errc::io_error));
    BOOST_TEST(refused.error().message().starts_with("log file " + file.string() + ": its folder is not writable"));
    const auto log = logger::make({.file = file, .file_size_bytes_max = 0}).value();
    log.info("written");
    BOOST_TEST(log.dropped() == 0u);
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  BOOST_TEST(lines_of(file).size() == 2u);
  BOOST_TEST(lines_of(file).at(0) == "kept");
}

BOOST_AUTO_TEST_CASE(links_and_devices_are_not_rotated) {
  const troupe::test::temporary_folder folder;
  const auto target = folder.path() / "target.log";
  const auto link = folder.path() / "node.log";
  std::filesystem::create_symlink(target, link);
  const auto log = logger::make({.file = link, .file_size_bytes_max = 100, .files_kept_max = 2}).value();
  for (int i = 0; i < 10; ++i) log.info("line");
  BOOST_TEST(lines_of(target).size() == 10u);
  BOOST_TEST(std::filesystem::is_symlink(link));
  const auto full = logger::make({.file = "/dev/full", .file_size_bytes_max = 100}).value();
  full.info("line");
  BOOST_TEST(full.dropped() == 1u);
}

BOOST_AUTO_TEST_CASE(threads_write_whole_lines_while_levels_change) {
  kept out;
  constexpr int threads = 4;
  constexpr int each = 500;
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&out, t] {
        const auto log = out.log.component("t" + std::to_string(t));
        for (int i = 0; i < each; ++i) log.error("m", {{"t", t}, {"i", i}});
      });
    }
    for (int i = 0; i < 200; ++i) out.log.set_level(i % 2 == 0 ? log_level::warn : log_level::trace);
  }
  BOOST_TEST(out.lines.size() == threads * each);
  std::vector<int> next(threads);
  for (const auto& line : out.lines) {
    const auto fields = json::parse(line)["fields"];
    BOOST_REQUIRE(fields["i"] == next.at(fields["t"].get<std::size_t>())++);
  }
}

BOOST_AUTO_TEST_SUITE_END()
