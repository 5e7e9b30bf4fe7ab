#pragma once

#include "analyzer.hpp"
#include "database.hpp"
#include "format.hpp"

namespace troupe::memory {

// Makes the index anew from the records, for a database whose words came from another analyzer (another version of
// ours, or of ICU), and then writes `now` as its format. Interrupted, it begins again at the next start. Some 20,000
// records a second. Throws `failure`.
void rebuild_index(database& of, const analyzer& words, const format_row& now);

}  // namespace troupe::memory
