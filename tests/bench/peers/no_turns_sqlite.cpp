// A build without libsqlite3-dev.

#include <stdexcept>

#include "turns_sides.hpp"

namespace bench {

namespace {

[[noreturn]] void missing() { throw std::runtime_error{"SQLite is not installed"}; }

}  // namespace

bool turns_sqlite_available() noexcept { return false; }
turn_figures turns_of_sqlite(const turn_load&) { missing(); }
turn_figures turns_of_sqlite_groups(const turn_load&) { missing(); }
void crash_sqlite(const crash_load&, const std::function<void()>&) { missing(); }
recovery_figures recover_sqlite(const crash_load&) { missing(); }

}  // namespace bench
