#include "troupe/core/config.hpp"

#include <pthread.h>
#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/seeded.hpp"
#include "core/temporary_folder.hpp"
#include "core/unprivileged.hpp"

using namespace std::chrono_literals;
using troupe::config;
using troupe::config_file;
using troupe::config_origin;
using troupe::config_schema;
using troupe::config_source;
using troupe::config_sources;
using troupe::duration;
using troupe::errc;

namespace {

const config_schema schema{
    {"node.data_dir", "/var/lib/troupe", "where the node keeps its data"},
    {"node.port", std::int64_t{7700}, "where others reach the node"},
    {"node.edge", false, "whether the node works offline"},
    {"http.timeout", duration{5s}, "how long a request may take"},
    {"memory.cache", std::uint64_t{64} << 20, "bytes of cache"},
    {"gpu.share", 0.5, "share of the device"},
};

config load(const config_sources& sources) { return config::load(schema, sources).value(); }

config_sources from_file(std::string text) { return {.file = config_file{"troupe.toml", std::move(text)}}; }

// What loading fails with; the test fails if it does not.
troupe::error load_error(const config_sources& sources) {
  const auto loaded = config::load(schema, sources);
  BOOST_REQUIRE(!loaded);
  return loaded.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_test)

BOOST_AUTO_TEST_CASE(without_sources_the_defaults_hold) {
  const auto c = load({});
  BOOST_TEST(c.get<std::string>("node.data_dir") == "/var/lib/troupe");
  BOOST_TEST(c.get<std::int64_t>("node.port") == 7700);
  BOOST_TEST(c.get<bool>("node.edge") == false);
  BOOST_TEST((c.get<duration>("http.timeout") == 5s));
  BOOST_TEST(c.get<std::uint64_t>("memory.cache") == 64u << 20);
  BOOST_TEST(c.get<double>("gpu.share") == 0.5);
  BOOST_TEST((c.origin("node.port") == config_origin{}));
}

BOOST_AUTO_TEST_CASE(a_flag_beats_the_environment_that_beats_the_file_that_beats_the_default) {
  config_sources sources;
  sources.file = config_file{"troupe.toml", "[node]\nport = 1\n"};
  BOOST_TEST(load(sources).get<std::int64_t>("node.port") == 1);
  BOOST_TEST((load(sources).origin("node.port") == config_origin{config_source::file, "troupe.toml:2"}));
  sources.environment["TROUPE_NODE_PORT"] = "2";
  BOOST_TEST(load(sources).get<std::int64_t>("node.port") == 2);
  BOOST_TEST((load(sources).origin("node.port") == config_origin{config_source::environment, "TROUPE_NODE_PORT"}));
  sources.flags.push_back({"node.port", "3"});
  sources.flags.push_back({"node.port", "4"});
  BOOST_TEST(load(sources).get<std::int64_t>("node.port") == 4);
  BOOST_TEST((load(sources).origin("node.port") == config_origin{config_source::flag, "--node.port"}));
  sources.flags.push_back({"node.port", "5", "-p"});
  BOOST_TEST((load(sources).origin("node.port") == config_origin{config_source::flag, "-p"}));
}

BOOST_AUTO_TEST_CASE(every_combination_of_layers_gives_the_strongest) {
  for (int mask = 0; mask < 8; ++mask) {
    config_sources sources;
    if (mask & 1) sources.file = config_file{"f", "gpu.share = 0.1"};
    if (mask & 2) sources.environment["TROUPE_GPU_SHARE"] = "0.2";
    if (mask & 4) sources.flags = {{"gpu.share", "0.3"}};
    const double expected = mask & 4 ? 0.3 : mask & 2 ? 0.2 : mask & 1 ? 0.1 : 0.5;
    BOOST_TEST(load(sources).get<double>("gpu.share") == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_file_has_values_of_every_type) {
  const auto c = load(from_file(R"(
    gpu.share = 1
    [node]
    data_dir = 'C:\data'
    edge = true
    [http]
    timeout = "1h30m"
    [memory]
    cache = "1GiB"
  )"));
  BOOST_TEST(c.get<std::string>("node.data_dir") == R"(C:\data)");
  BOOST_TEST(c.get<bool>("node.edge"));
  BOOST_TEST((c.get<duration>("http.timeout") == 90min));
  BOOST_TEST(c.get<std::uint64_t>("memory.cache") == 1u << 30);
  BOOST_TEST(c.get<double>("gpu.share") == 1.0);
  BOOST_TEST(load(from_file("memory.cache = 512")).get<std::uint64_t>("memory.cache") == 512u);
}

BOOST_AUTO_TEST_CASE(text_has_values_of_every_type) {
  const auto c = load({.environment = {{"TROUPE_NODE_EDGE", "on"},
                                       {"TROUPE_NODE_DATA_DIR", ""},
                                       {"TROUPE_HTTP_TIMEOUT", "200ms"},
                                       {"TROUPE_MEMORY_CACHE", "1kB"},
                                       {"TROUPE_GPU_SHARE", "1e-3"},
                                       {"TROUPE_NODE_PORT", "-1"}}});
  BOOST_TEST(c.get<bool>("node.edge"));
  BOOST_TEST(c.get<std::string>("node.data_dir") == "");
  BOOST_TEST((c.get<duration>("http.timeout") == 200ms));
  BOOST_TEST(c.get<std::uint64_t>("memory.cache") == 1'000u);
  BOOST_TEST(c.get<double>("gpu.share") == 0.001);
  BOOST_TEST(c.get<std::int64_t>("node.port") == -1);
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_named_with_its_place_and_the_nearest_key) {
  auto e = load_error(from_file("[node]\n\nprot = 1\n"));
  BOOST_TEST(e.is(errc::not_found));
  BOOST_TEST(e.message() == R"(troupe.toml:3:1: unknown key "node.prot": did you mean node.port?)");

  e = load_error({.environment = {{"TROUPE_NODE_DATADIR", "x"}}});
  BOOST_TEST(e.is(errc::not_found));
  BOOST_TEST(e.message() ==
             R"(environment: unknown variable "TROUPE_NODE_DATADIR": did you mean TROUPE_NODE_DATA_DIR?)");

  e = load_error({.flags = {{"gpu.shares", "1"}}});
  BOOST_TEST(e.message() == R"(flag --gpu.shares: unknown key "gpu.shares": did you mean gpu.share?)");

  // Neither what is the same but for its quotes, nor what is near only because both are short.
  BOOST_TEST(load_error(from_file("\"node.port\" = 1")).message() == R"(troupe.toml:1:1: unknown key "node.port")");
  const auto short_error = [](const char* key) {
    return config::load({{"ab", true, ""}, {"abcd", true, ""}}, {.flags = {{key, "1"}}}).error().message();
  };
  BOOST_TEST(short_error("ax") == R"(flag --ax: unknown key "ax")");
  BOOST_TEST(short_error("abx") == R"(flag --abx: unknown key "abx": did you mean ab?)");
  BOOST_TEST(short_error("abxy") == R"(flag --abxy: unknown key "abxy")");
  BOOST_TEST(load_error({.environment = {{"TROUPE_X", "1"}}}).message() ==
             R"(environment: unknown variable "TROUPE_X")");

  BOOST_TEST(load_error(from_file("zebra = 1")).message() == R"(troupe.toml:1:1: unknown key "zebra")");
  BOOST_TEST(load_error(from_file("[nodes]")).is(errc::not_found));
  BOOST_TEST(load_error(from_file("\"node.port\" = 1")).is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_value_of_the_wrong_type_is_named_with_its_place) {
  const std::pair<std::string, std::string> bad[] = {
      {"[node]\nport = '80'", "troupe.toml:2:8: node.port must be a whole number, not a text"},
      {"node.port = 1.5", "troupe.toml:1:13: node.port must be a whole number, not a number with a fraction"},
      {"node.edge = 1", "troupe.toml:1:13: node.edge must be true or false, not a whole number"},
      {"node.data_dir = [1]", "troupe.toml:1:17: node.data_dir must be a text, not an array"},
      {"node.data_dir = 2024-01-01", "troupe.toml:1:17: node.data_dir must be a text, not a date or time"},
      {"gpu.share = nan", "troupe.toml:1:13: gpu.share must be a number, not nan or inf"},
      {"http.timeout = 5",
       "troupe.toml:1:16: http.timeout must be a duration (a text as 5s, 200ms or 1h30m), not a whole number"},
      {"http.timeout = '5'",
       R"(troupe.toml:1:16: http.timeout: "5" is not a duration as 5s, 200ms or 1h30m: a unit is missing)"},
      {"memory.cache = -1",
       "troupe.toml:1:16: memory.cache must be a size (a text as 64MiB, or a whole number of bytes), not a whole "
       "number"},
      {"node = 1", "troupe.toml:1:1: node must be a table"},
      {"[[node]]\nport = 1", "troupe.toml:1:3: node must be a table"},
      {"[node.port]\nx = 1", "troupe.toml:1:1: node.port must be a whole number, not a table"},
  };
  for (const auto& [text, message] : bad) {
    BOOST_TEST_CONTEXT(text) {
      const auto e = load_error(from_file(text));
      BOOST_TEST(e.is(errc::parse_error));
      BOOST_TEST(e.message() == message);
    }
  }
  BOOST_TEST(load_error({.environment = {{"TROUPE_NODE_PORT", "80x"}}}).message() ==
             R"(environment TROUPE_NODE_PORT: node.port must be a whole number, not "80x")");
  BOOST_TEST(load_error({.flags = {{"node.edge", "maybe", "--edge"}}}).message() ==
             R"(flag --edge: node.edge must be true or false, not "maybe")");
  BOOST_TEST(load_error({.flags = {{"node.port", "99999999999999999999"}}}).is(errc::out_of_range));
  BOOST_TEST(load_error({.flags = {{"gpu.share", "inf"}}}).is(errc::parse_error));
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_an_error_though_a_stronger_source_hides_it) {
  auto sources = from_file("node.port = 'x'");
  sources.flags = {{"node.port", "1"}};
  BOOST_TEST(load_error(sources).is(errc::parse_error));
}

BOOST_AUTO_TEST_CASE(broken_toml_is_named_with_its_place) {
  const auto e = load_error(from_file("[node]\nport = \n"));
  BOOST_TEST(e.is(errc::parse_error));
  BOOST_TEST(e.message().starts_with("troupe.toml:2:"));
}

BOOST_AUTO_TEST_CASE(hostile_names_cannot_forge_a_message) {
  const std::string evil = "a\x1b[31m\nb";
  const std::string shown = R"(a\x1B[31m\nb)";
  BOOST_TEST(load_error({.flags = {{evil, "1"}}}).message() == "flag --" + shown + ": unknown key \"" + shown + "\"");
  BOOST_TEST(load_error({.flags = {{"node.port", "x", evil}}}).message().starts_with("flag " + shown + ": node.port"));
  BOOST_TEST(load_error({.environment = {{"TROUPE_" + evil, "1"}}}).message().ends_with("\"TROUPE_" + shown + "\""));
  for (const std::string text : {"b = 1", "b =", "node.port = 'x'"}) {
    BOOST_TEST(load_error({.file = config_file{evil, text}}).message().starts_with(shown + ":1:"));
  }
  BOOST_TEST(load({.file = config_file{evil, "node.port = 1"}}).origin("node.port").detail == shown + ":1");
  BOOST_TEST(config_file::read(evil).error().message() == shown + ": there is no such file");
}

BOOST_AUTO_TEST_CASE(only_variables_of_troupe_are_looked_at) {
  const auto c = load({.environment = {{"PATH", "/bin"}, {"TROUPE", "x"}, {"TROUPE_CONFIG", "f"}, {"XTROUPE_A", "b"}}});
  BOOST_TEST(c.origin("node.port").detail == "");
  auto sources =
      config_sources{.environment = {{"TROUPE_TEST_SEED", "1"}}, .environment_ignored = {"TROUPE_TEST_SEED"}};
  BOOST_TEST(config::load(schema, sources).has_value());
}

BOOST_AUTO_TEST_CASE(the_environment_of_the_process_is_read) {
  ::setenv("TROUPE_NODE_PORT", "99", 1);
  const auto variables = troupe::process_environment();
  ::unsetenv("TROUPE_NODE_PORT");
  BOOST_TEST(variables.at("TROUPE_NODE_PORT") == "99");
}

BOOST_AUTO_TEST_CASE(all_entries_are_listed_by_name_with_their_origin) {
  const auto c = load({.flags = {{"memory.cache", "1MiB"}}});
  std::string listed;
  for (const auto& e : c.entries()) {
    listed += e.key.name + "=" + troupe::format_value(e.value) + " (" + std::string{to_string(e.origin.source)} + ")\n";
  }
  BOOST_TEST(listed ==
             "gpu.share=0.5 (default)\nhttp.timeout=5s (default)\nmemory.cache=1MiB (flag)\n"
             "node.data_dir=/var/lib/troupe (default)\nnode.edge=false (default)\nnode.port=7700 (default)\n");
}

BOOST_AUTO_TEST_CASE(asking_for_what_is_not_declared_is_a_bug_that_shows) {
  const auto c = load({});
  BOOST_CHECK_THROW(c.get<bool>("node.ports"), troupe::failure);
  BOOST_CHECK_THROW(c.get<bool>("node.port"), troupe::failure);
  BOOST_CHECK_THROW((void)c.origin(""), troupe::failure);
}

BOOST_AUTO_TEST_CASE(a_bad_schema_is_refused) {
  const config_schema bad[] = {
      {{"", true, ""}},
      {{"Node", true, ""}},
      {{"node.", true, ""}},
      {{"node..a", true, ""}},
      {{"1a", true, ""}},
      {{"a-b", true, ""}},
      {{"a", true, ""}, {"a", true, ""}},
      {{"a", true, ""}, {"a.b", true, ""}},
      {{"a.b_c", true, ""}, {"a_b.c", true, ""}},
      {{"config", true, ""}},
  };
  for (const auto& keys : bad) {
    const auto loaded = config::load(keys, {});
    BOOST_REQUIRE(!loaded);
    BOOST_TEST(loaded.error().is(errc::invalid_argument));
  }
}

BOOST_AUTO_TEST_CASE(a_file_is_read_from_disk_within_its_limit) {
  const troupe::test::temporary_folder folder;
  const auto at = folder.path() / "troupe.toml";
  BOOST_TEST(config_file::read(at).error().is(errc::not_found));
  BOOST_TEST(config_file::read(at / "below").error().is(errc::not_found));
  BOOST_TEST(config_file::read(folder.path()).error().message() == folder.path().string() + ": it is a folder");
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  const auto loop = config_file::read(folder.path() / "loop").error();
  BOOST_TEST(loop.is(errc::io_error));
  BOOST_TEST(loop.message().ends_with(std::generic_category().message(ELOOP)));
  BOOST_TEST(config_file::read(folder.path() / std::string(5'000, 'x')).error().is(errc::io_error));
  std::ofstream{at} << "node.port = 5\n";
  const auto read = config_file::read(at).value();
  BOOST_TEST(load({.file = read}).get<std::int64_t>("node.port") == 5);
  BOOST_TEST(load({.file = read}).origin("node.port").detail == at.string() + ":1");
  std::ofstream{at} << std::string(config_file::size_bytes_max, '\n');
  BOOST_TEST(config_file::read(at).has_value());
  std::ofstream{at} << std::string(config_file::size_bytes_max + 1, '\n');
  BOOST_TEST(config_file::read(at).error().is(errc::out_of_range));
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_be_read_is_not_said_to_be_missing) {
  using std::filesystem::perms;
  const troupe::test::temporary_folder folder;
  const auto at = folder.path() / "troupe.toml";
  std::ofstream{at} << "node.port = 5\n";
  for (const auto& [of_folder, of_file] : {std::pair{perms::none, perms::all}, std::pair{perms::all, perms::none}}) {
    std::filesystem::permissions(folder.path(), perms::all);
    std::filesystem::permissions(at, of_file);
    std::filesystem::permissions(folder.path(), of_folder);
    const troupe::test::unprivileged user;
    const auto read = config_file::read(at);
    BOOST_REQUIRE(!read);
    BOOST_TEST(read.error().is(errc::io_error));
    BOOST_TEST(read.error().message() == at.string() + ": " + std::generic_category().message(EACCES));
  }
}

BOOST_AUTO_TEST_CASE(hostile_files_are_refused_without_harm) {
  const auto repeat = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const std::string bad[] = {
      "a" + repeat(".a", 400'000) + " = 1",
      "[a" + repeat(".a", 400'000) + "]",
      "a = " + repeat("[", 500'000),
      "a = " + repeat("{a=", 300'000),
      "a = '" + repeat("x", 400'000),
      "a = [\"\"\"a\"\"\"\", {a" + repeat(".a", 200'000) + " = 1}, \"b\"]",
      "[='''='''=\"\"\"'y'}={",
      repeat("[a]\n", 200'000),
      std::string(1'000, '\0'),
      "\xFF\xFE[node]",
      repeat("a", 500'000) + " = 1",
      "node.data_dir = \"\"\"\"\\",
      "node.data_dir = '''",
      std::string(config_file::size_bytes_max + 1, ' '),
  };
  for (const auto& text : bad) {
    BOOST_TEST_CONTEXT(text.substr(0, 40)) { BOOST_TEST(load_error(from_file(text)).message().size() < 1'000u); }
  }
}

BOOST_AUTO_TEST_CASE(a_line_has_a_bounded_number_of_dots_whatever_they_stand_in) {
  const std::string dots(64, '.');
  const auto c = load(from_file("# " + dots + "\nnode.data_dir = '''\n" + dots + "\n" + dots + "'''\n"));
  BOOST_TEST(c.get<std::string>("node.data_dir") == dots + "\n" + dots);
  BOOST_TEST(load_error(from_file("\n\na" + dots + ". = 1")).message() ==
             "troupe.toml:3: more than 64 dots in one line; break it up");
  BOOST_TEST(load_error(from_file("# " + dots + ".\n")).is(errc::parse_error));
}

BOOST_AUTO_TEST_CASE(quotes_next_to_the_end_of_a_multiline_text_belong_to_it) {
  for (const std::string fence : {"\"\"\"", "'''"}) {
    const std::string quote = fence.substr(0, 1);
    for (const std::string& extra : {std::string{}, quote, quote + quote}) {
      const auto c = load(from_file("node.data_dir = " + fence + "a" + extra + fence + " # it's \"quoted\" ......\n"));
      BOOST_TEST(c.get<std::string>("node.data_dir") == "a" + extra);
    }
  }
}

// On a thread with little stack, as the pools of some C libraries and debuggers have it. The thread sanitizer needs
// more.
BOOST_AUTO_TEST_CASE(the_deepest_file_within_the_limits_needs_little_stack) {
  std::string key = "a";
  for (int i = 0; i < 64; ++i) key += ".a";
  std::string deep = "[" + key + "]\n" + key + " = ";
  for (int i = 0; i < 127; ++i) deep += "[\n{" + key + " = ";
  deep += "1";
  for (int i = 0; i < 127; ++i) deep += "}]";
  const std::pair<std::string, std::string> ends[] = {
      {"", R"(troupe.toml:1:2: unknown key "a")"},
      {"\n[", "troupe.toml:130:2: Error while parsing table header: encountered end-of-file"},
  };
#ifdef __SANITIZE_THREAD__
  constexpr std::size_t stack_bytes = 4 << 20;
#else
  constexpr std::size_t stack_bytes = 1 << 20;
#endif
  for (const auto& [end, message] : ends) {
    auto sources = from_file(deep + end);
    const auto refuse = [](void* given) -> void* {
      auto& from = *static_cast<config_sources*>(given);
      from.file->text = config::load(schema, from).error().message();
      return nullptr;
    };
    pthread_attr_t small;
    pthread_t thread{};
    BOOST_REQUIRE(::pthread_attr_init(&small) == 0);
    BOOST_REQUIRE(::pthread_attr_setstacksize(&small, stack_bytes) == 0);
    BOOST_REQUIRE(::pthread_create(&thread, &small, refuse, &sources) == 0);
    ::pthread_join(thread, nullptr);
    ::pthread_attr_destroy(&small);
    BOOST_TEST(sources.file->text == message);
  }
}

BOOST_AUTO_TEST_CASE(random_edits_of_a_file_load_or_are_refused) {
  const std::string good =
      "gpu.share = 0.25 # share\n[node]\nport = 80\nedge = false\ndata_dir = \"/a\\\"b\"\n[http]\ntimeout = '5s'\n";
  BOOST_TEST(load(from_file(good)).get<std::string>("node.data_dir") == "/a\"b");
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 3'000; ++round) {
      auto text = good;
      for (auto edits = 1 + random.below(4); edits > 0; --edits) {
        text.replace(random.below(text.size()), random.below(4), random.bytes(3));
      }
      const auto loaded = config::load(schema, from_file(text));
      if (!loaded) BOOST_REQUIRE(loaded.error().message().starts_with("troupe.toml:"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
