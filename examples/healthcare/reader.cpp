#include "healthcare/reader.hpp"

#include <ctime>
#include <thread>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/supervision.hpp>
#include <utility>

namespace healthcare {

using namespace std::chrono_literals;

namespace {

const troupe::path reader_path{"/intake/reader"};

std::chrono::nanoseconds cpu_time_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

// Asks until there is an answer that says something about this file. A reader that ended between two files, or was
// killed by its node, says nothing.
troupe::result<bundle_read> ask_reader(troupe::node& on, const read_file& order, troupe::duration patience) {
  using troupe::agent_errc;
  const auto reader = on.ref(reader_path);
  const auto give_up = on.clock().now() + patience;
  for (;;) {
    auto answer = on.ask(reader, order, give_up - on.clock().now());
    if (answer || on.clock().now() >= give_up) return answer;
    if (!answer.error().is(agent_errc::agent_down) && !answer.error().is(agent_errc::unknown_agent)) return answer;
    std::this_thread::sleep_for(1ms);
  }
}

bundle read_apart(troupe::node& on, const read_file& order, troupe::duration patience) {
  const auto& file = order.path;
  auto answer = ask_reader(on, order, patience);
  if (!answer) return unreadable_bundle(file, 1, {errc::reader_ended, "not read: " + answer.error().message()});
  auto& taken = answer->taken;
  if (!is_sound(taken)) return unreadable_bundle(file, 1, {errc::reader_ended, "what its reader says cannot be"});
  // Which file it was is not for the reader to say.
  taken.file = file;
  for (auto& each : taken.problems) each.file = file;
  return std::move(taken);
}

}  // namespace

reader_agent::reader_agent(troupe::agent_context& context, troupe::duration leave_after) : agent{context} {
  on([leave_after](const read_file& order, troupe::turn& now) {
    bundle_read answer{read_bundle_file(order.path, order.how)};
    if (cpu_time_used() > leave_after)
      now.stop(troupe::exit_cause::normal("it has read enough; the next process goes on"));
    return answer;
  });
}

troupe::supervisor_spec intake(const reader_options& options) {
  troupe::child_options how{.turn_budget = options.time, .isolation = options.isolation};
  // Only what works for every user on every system that Troupe runs on: a read-only view of the files, for one, needs
  // namespaces. A file of a byte is the smallest limit there is, and too small for anything.
  if (options.isolation == troupe::tier::process) {
    how.process.limits = {
        .memory_bytes = options.memory_bytes, .cpu_time = options.cpu_time, .open_files = 64, .file_bytes = 1};
    how.process.sandbox = {.no_network = true, .system_calls = true};
  }
  // A file that ends the reader once is not tried again, and there may be many such files.
  how.quarantine_after = 0;
  return {.name = "intake",
          .intensity = 1'000'000,
          .period = 1s,
          .children = {troupe::child<reader_agent>("reader", how, options.leave_after)}};
}

troupe::result<ward> read_folder(troupe::node& on, const std::filesystem::path& folder, const reader_options& options) {
  const auto files = list_bundles(folder);
  if (!files) return files.error();
  if (auto opened = on.supervise(intake(options)); !opened)
    return std::move(opened).error().with_context("starting the reader of the bundles");
  ward out;
  // The reader's own limits come first; this is for a node that is in trouble itself.
  const auto patience = options.time + 1min;
  for (const auto& file : *files) out.add(read_apart(on, {file.string(), options.how}, patience));
  out.settle();
  if (auto closed = on.ask(on.ref({}), troupe::terminate_child{"intake"}); !closed)
    return std::move(closed).error().with_context("stopping the reader of the bundles");
  return out;
}

}  // namespace healthcare
