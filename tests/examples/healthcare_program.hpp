#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.hpp"

// The healthcare program, as tests run it.
namespace healthcare_program {

struct ended {
  int code;
  std::string text;
};
inline ended run(std::vector<std::string> command, const std::string& input = {}) {
  support::process program{command, input};
  const int code = program.wait();
  return {code, program.text()};
}
inline ended assistant(std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), TROUPE_HEALTHCARE_PROGRAM);
  return run(std::move(arguments), input);
}
// Through a shell, for what only that can set up; "$0" is the program.
inline ended shell(const std::string& script) { return run({"/bin/sh", "-c", script, TROUPE_HEALTHCARE_PROGRAM}); }

inline bool has(const ended& what, const std::string& text) { return what.text.find(text) != std::string::npos; }

inline const std::string folder = TROUPE_HEALTHCARE_DATA;

inline std::string shipped_stream() {
  std::ifstream file{folder + "/vitals.ndjson"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline nlohmann::json findings_of(const ended& what) {
  auto out = nlohmann::json::parse(what.text, nullptr, false);
  BOOST_TEST_REQUIRE(out.is_object(), what.text);
  out.erase("run");
  return out;
}

// A place for files that lives as long as the test.
class place {
 public:
  place() : path_{std::filesystem::temp_directory_path() / ("troupe_cli_" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A named pipe whose other end stays open for as long as this lives, so that whoever reads it waits.
class open_pipe {
 public:
  explicit open_pipe(const std::string& path) {
    BOOST_TEST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    end_ = ::open(path.c_str(), O_RDWR);
    BOOST_TEST_REQUIRE(end_ >= 0);
  }
  open_pipe(const open_pipe&) = delete;
  open_pipe& operator=(const open_pipe&) = delete;
  ~open_pipe() { ::close(end_); }
  void write(const std::string& text) const {
    BOOST_TEST_REQUIRE(::write(end_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

 private:
  int end_;
};

}  // namespace healthcare_program
