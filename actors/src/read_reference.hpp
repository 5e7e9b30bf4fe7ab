#pragma once

#include <optional>
#include <string>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/journal.hpp>
#include <troupe/memory/store.hpp>

namespace troupe::actors {

// What a turn has read from memory (hits, records, a window) as the journal has it: the names of the records and not
// what they say, so that an effect takes the same bytes however much is remembered, and what is forgotten is not in the
// journal either. A turn that is run again reads the records by their names; one that is gone, or says something else
// now, is there without its text.

// nullopt: it is no such result, and is kept as it is.
std::optional<std::string> refer_to(const message& read);
// Puts the records in the place of their names, in all results of these turns. Blocks.
void look_up_references(const memory::store& in, const troupe::path& reader, memory::agent_journal& of);

}  // namespace troupe::actors
