// A build without libsqlite3-dev.

#include <stdexcept>

#include "memory_sides.hpp"

namespace bench {

namespace {

[[noreturn]] void missing() { throw std::runtime_error{"SQLite is not installed"}; }

}  // namespace

bool sqlite_available() noexcept { return false; }
double commits_of_sqlite(const commit_load&) { missing(); }
double commits_of_sqlite_groups(const commit_load&) { missing(); }
void fill_sqlite(const std::filesystem::path&, const layout&) { missing(); }
std::unique_ptr<filled_side> open_sqlite(const std::filesystem::path&, const layout&) { missing(); }

}  // namespace bench
