#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <troupe/memory/check.hpp>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"

namespace troupe::test {

// A store in a folder of its own, with a clock that stands still and ids that are the same each time.
struct a_store {
  explicit a_store(memory::store_options with = {}) : options{std::move(with)} { open(); }

  void open() {
    store.reset();
    options.folder = folder.path() / "memory";
    options.time = &time;
    if (!options.seed) options.seed = 1;
    auto opened = memory::store::open(options);
    if (!opened) BOOST_FAIL(opened.error().describe());
    store = *std::move(opened);
  }
  memory::store* operator->() const { return store.get(); }

  // Each moment is another one, as it is outside of tests.
  id remember(const path& space, std::string text, std::function<void(memory::record&)> with = {}) {
    time.advance(std::chrono::seconds{1});
    memory::record what;
    what.space = space;
    what.text = std::move(text);
    if (with) with(what);
    auto made = store->remember({}, std::move(what));
    if (!made) BOOST_FAIL(made.error().describe());
    return *made;
  }
  id fact(const path& space, std::string key, std::string value, timestamp from = {}) {
    return remember(space, {}, [&](memory::record& what) {
      what.kind = memory::record_kind::fact;
      what.fact = memory::fact_part{std::move(key), std::move(value), from, {}};
    });
  }
  void require_clean() const {
    const auto report = memory::check(*store);
    if (!report) BOOST_FAIL(report.error().describe());
    std::string faults;
    for (const auto& each : report->faults) faults += "\n  " + each;
    BOOST_TEST(report->clean(), faults);
  }

  temporary_folder folder;
  virtual_clock time;
  memory::store_options options;
  std::unique_ptr<memory::store> store;
};

}  // namespace troupe::test
