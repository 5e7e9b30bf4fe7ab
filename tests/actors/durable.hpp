#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <troupe/memory/check.hpp>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"
#include "memory/a_disk.hpp"
#include "scripted.hpp"

// What the tests of durable agents share: a node with a virtual clock over a disk that can fail, and be thrown away
// with the node on it.

namespace support {

struct errand {
  std::string what;
  using reply_type = answer;
  TROUPE_MESSAGE(errand, what)
};
struct deed {
  std::string what;
  TROUPE_MESSAGE(deed, what)
};

// Counts what it is asked and told.
class clerk : public troupe::agent {
 public:
  explicit clerk(troupe::agent_context& context) : agent{context} {
    keep("asked", asked_);
    keep("told", told_);
    on(&clerk::reply);
    on([this](const deed&) { ++told_; });
    on([this](const go&) -> void { (void)told_; });
  }

 private:
  answer reply(question q) {
    return {q.text + " " + std::to_string(q.text == "count" ? asked_ + 1000 * told_ : ++asked_)};
  }
  std::int64_t asked_ = 0, told_ = 0;
};

struct durable_place {
  explicit durable_place(bool syncs = false) : disk{syncs} { options = deterministic(); }

  troupe::result<void> try_open() {
    auto opened = troupe::memory::store::open(
        {.folder = folder.path() / "memory", .time = options.clock.get(), .seed = 1, .env = &disk});
    if (!opened) return std::move(opened).error();
    store = std::move(*opened);
    options.memory = store;
    n.emplace(options);
    return troupe::ok();
  }
  void open() { must(try_open()); }
  // As a process that is killed: what is not on disk by now is lost.
  void crash() {
    disk.fail_from(disk.operations() + 1, troupe::test::a_disk::fault::device);
    close();
    disk.mend();
  }
  void close() {
    n.reset();
    options.memory.reset();
    store.reset();
  }
  std::string ask(std::string_view who, std::string text) {
    return must(n->ask(n->ref(troupe::path{who}), question{std::move(text)})).text;
  }
  void check_clean(std::uint64_t messages) {
    const auto report = must(troupe::memory::check(*store));
    for (const auto& each : report.faults) BOOST_ERROR(each);
    BOOST_TEST(report.messages == messages);
  }

  troupe::test::temporary_folder folder;
  troupe::test::a_disk disk;
  troupe::node_options options;
  std::shared_ptr<troupe::memory::store> store;  // shared with the node
  std::optional<troupe::node> n;
};

}  // namespace support
