#pragma once

#include <map>
#include <new>
#include <string>
#include <troupe/actors/provider.hpp>
#include <troupe/actors/retry.hpp>
#include <utility>
#include <vector>

#include "scripted.hpp"

// What tests of failures share: an agent that fails as the messages tell it, and a node that keeps its log.

namespace support {

// Fails so often (by number; -1: always) with this fault, in these words; then it is handled.
struct job {
  std::string text = {};
  troupe::fault kind = troupe::fault::none;
  std::int64_t times = -1;
  using reply_type = answer;
  TROUPE_MESSAGE(job, text, kind, times)
};

[[noreturn]] inline void fail_with(troupe::fault kind, const std::string& words,
                                   std::optional<troupe::duration> retry_after = {}) {
  if (kind == troupe::fault::bug) throw std::runtime_error{words};
  throw troupe::failure{troupe::error{troupe::errc_of(kind), words}.with_retry_after(retry_after)};
}

// What the agents of a test did, kept longer than the node.
struct record {
  std::vector<std::string> handled;                  // "text#incarnation@seconds since the first", each try
  std::map<std::string, std::int64_t> tries;         // by text
  std::optional<troupe::duration> retry_after = {};  // that failures come with
  std::optional<troupe::instant> began = {};         // of the first try
};

// Handles jobs, and writes down each try.
inline troupe::child_spec worker(std::string id, record* log, troupe::child_options options = {}) {
  return scripted_child(
      std::move(id),
      [log](scripted& me) {
        me.on([log, &me](job j, troupe::turn& now) -> troupe::task<answer> {
          if (!log->began) log->began = now.now();
          const auto seconds = (now.now() - *log->began) / 1s;
          log->handled.push_back(j.text + "#" + std::to_string(me.incarnation()) + "@" + std::to_string(seconds));
          const auto tried = ++log->tries[j.text];
          co_await now.sleep(1ms);
          if (j.kind != troupe::fault::none && (j.times < 0 || tried <= j.times))
            fail_with(j.kind, "no luck with " + j.text, log->retry_after);
          co_return answer{j.text};
        });
      },
      std::move(options));
}

// The same with a handler that takes a reference and does not wait.
inline troupe::child_spec prompt_worker(std::string id, record* log, troupe::child_options options = {}) {
  return scripted_child(
      std::move(id),
      [log](scripted& me) {
        me.on([log, &me](const job& j, troupe::turn&) {
          log->handled.push_back(j.text + "#" + std::to_string(me.incarnation()));
          if (j.kind != troupe::fault::none && (j.times < 0 || ++log->tries[j.text] <= j.times))
            fail_with(j.kind, "no luck with " + j.text, log->retry_after);
          return answer{j.text};
        });
      },
      std::move(options));
}

inline std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& each : words) all += (all.empty() ? "" : " ") + each;
  return all;
}

// A deterministic node's options whose log lines go to `lines`.
inline troupe::node_options logging_to(std::string& lines) {
  auto options = deterministic();
  options.log = troupe::logger::make({.level = troupe::log_level::debug,
                                      .format = troupe::log_format::human,
                                      .colour = false,
                                      .sink =
                                          [&lines](std::string_view line) {
                                            lines += line.substr(line.find(' ') + 1);
                                            lines += '\n';
                                          }})
                    .value();
  return options;
}

}  // namespace support
