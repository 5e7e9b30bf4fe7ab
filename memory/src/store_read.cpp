// What a store is asked.

#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "access_rules.hpp"
#include "audit_chain.hpp"
#include "recall_search.hpp"
#include "state_machine.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

record decode_record(std::string_view bytes) {
  auto what = net::decode<record>(bytes);
  if (!what) throw failure{error{memory_errc::damaged, "a record: " + what.error().message()}};
  return *std::move(what);
}

bool is_over(const record& what, timestamp now) { return what.expires && *what.expires <= now; }

}  // namespace

std::optional<record> record_at(const reader& from, address where) {
  auto bytes = from.get(family::records, keys::at(where));
  if (!bytes) bytes = from.get(family::archive, keys::at(where));
  if (!bytes) return {};
  return decode_record(*bytes);
}

std::optional<record> record_of(const reader& from, const id& which) {
  const auto where = from.get(family::ids, keys::bytes_of(which));
  if (!where || where->size() != 8) return {};
  return record_at(from, keys::read_address(*where));
}

result<record> store::get(const path& author, const id& which) const {
  return guarded([&]() -> result<record> {
    const reader now{*parts_->database};
    auto found = record_of(now, which);
    if (!found || is_over(*found, parts_->time.wall()))
      return error{memory_errc::no_such_record, "there is no record " + which.to_string()};
    if (auto may = parts_->require_read(now, author, found->space); !may) return std::move(may).error();
    return *std::move(found);
  });
}

result<page> store::read(const path& author, const path& space, std::uint64_t from, std::size_t limit) const {
  return guarded([&]() -> result<page> {
    const reader now{*parts_->database};
    if (auto may = parts_->require_read(now, author, space); !may) return std::move(may).error();
    page made;
    const auto row = parts_->spaces.find(space);
    if (!row || from > UINT32_MAX) return made;
    // Warm and archived records are in two families, each in order.
    const auto wall = parts_->time.wall();
    const auto prefix = keys::u32(row->number);
    const auto first = keys::at({row->number, static_cast<std::uint32_t>(from)});
    std::unique_ptr<rocksdb::Iterator> at[] = {now.iterate(family::records), now.iterate(family::archive)};
    for (auto& each : at) each->Seek(first);
    for (;;) {
      rocksdb::Iterator* next = nullptr;
      for (auto& each : at) {
        now.require(each->status(), "reading");
        if (each->Valid() && each->key().starts_with(prefix) && (!next || each->key().compare(next->key()) < 0))
          next = each.get();
      }
      if (!next) return made;
      if (made.records.size() == std::max<std::size_t>(limit, 1)) {
        made.next = keys::read_address(next->key().ToStringView()).place;
        return made;
      }
      auto what = decode_record(next->value().ToStringView());
      if (!is_over(what, wall)) made.records.push_back(std::move(what));
      next->Next();
    }
  });
}

result<std::vector<record>> store::newest(const path& author, const path& space, std::size_t limit) const {
  return guarded([&]() -> result<std::vector<record>> {
    const reader now{*parts_->database};
    if (auto may = parts_->require_read(now, author, space); !may) return std::move(may).error();
    std::vector<record> found;
    const auto row = parts_->spaces.find(space);
    if (!row) return found;
    const auto wall = parts_->time.wall();
    const auto prefix = keys::u32(row->number);
    const auto end = keys::after(prefix);
    std::unique_ptr<rocksdb::Iterator> at[] = {now.iterate(family::records), now.iterate(family::archive)};
    for (auto& each : at) each->SeekForPrev(end);  // no key is as short as that one
    while (found.size() < limit) {
      rocksdb::Iterator* next = nullptr;
      for (auto& each : at) {
        now.require(each->status(), "reading");
        if (each->Valid() && each->key().starts_with(prefix) && (!next || each->key().compare(next->key()) > 0))
          next = each.get();
      }
      if (!next) break;
      auto what = decode_record(next->value().ToStringView());
      if (!is_over(what, wall)) found.push_back(std::move(what));
      next->Prev();
    }
    std::reverse(found.begin(), found.end());
    return found;
  });
}

namespace {

// One version of a fact, as its key tells.
struct version {
  timestamp from{};
  std::uint32_t place = 0;
  fact_row row;
};

// The version that held at a time, of one key's versions in the order of their beginnings; nothing if none did.
const version* held_at(const std::vector<version>& versions, timestamp as_of) {
  const version* holds = nullptr;
  for (const auto& each : versions)
    if (each.from <= as_of) holds = &each;
  if (!holds || holds->row.empty || (holds->row.to && *holds->row.to <= as_of)) return nullptr;
  return holds;
}

}  // namespace

result<std::vector<record>> store::facts(const path& author, const facts_query& which) const {
  return guarded([&]() -> result<std::vector<record>> {
    const reader now{*parts_->database};
    if (auto may = parts_->require_read(now, author, which.space); !may) return std::move(may).error();
    std::vector<record> found;
    const auto row = parts_->spaces.find(which.space);
    if (!row) return found;
    const auto wall = parts_->time.wall();
    const auto known_at = which.known_at.value_or(timestamp::max());
    const auto as_of = which.as_of.value_or(wall);

    std::string key;
    std::vector<version> versions;
    const auto take = [&](std::uint32_t place) {
      auto what = record_at(now, {row->number, place});
      if (!what) throw failure{error{memory_errc::damaged, "a fact has no record"}};
      if (!is_over(*what, wall)) found.push_back(*std::move(what));
    };
    const auto finish_key = [&] {
      if (which.history) {
        for (const auto& each : versions) take(each.place);
      } else if (const auto* holds = held_at(versions, as_of)) {
        take(holds->place);
      }
      versions.clear();
    };
    now.scan(family::facts, keys::u32(row->number).append(which.key_prefix),
             [&](std::string_view at, std::string_view value) {
               // u32 space | key | 0 | u64 from | u32 place
               if (at.size() < 4 + 1 + 8 + 4)
                 throw failure{error{memory_errc::damaged, "the key of a fact is too short"}};
               const auto tail = at.substr(at.size() - 12);
               const auto its_key = at.substr(4, at.size() - 4 - 1 - 12);
               if (its_key != key) {
                 finish_key();
                 if (found.size() >= which.limit) return false;
                 key = its_key;
               }
               auto decoded = net::decode<fact_row>(value);
               if (!decoded) throw failure{error{memory_errc::damaged, "a fact: " + decoded.error().message()}};
               if (decoded->recorded <= known_at)
                 versions.push_back({keys::read_time(tail), keys::read_u32(tail.substr(8)), *decoded});
               return true;
             });
    finish_key();
    if (found.size() > which.limit) found.resize(which.limit);
    return found;
  });
}

result<std::optional<std::string>> store::state(const path& author, const path& space, std::string_view key) const {
  return guarded([&]() -> result<std::optional<std::string>> {
    const reader now{*parts_->database};
    if (auto may = parts_->require_read(now, author, space); !may) return std::move(may).error();
    const auto row = parts_->spaces.find(space);
    if (!row) return std::optional<std::string>{};
    return now.get(family::states, keys::state(row->number, key));
  });
}

result<std::vector<hit>> store::recall(const path& author, const query& what) const {
  return guarded([&]() -> result<std::vector<hit>> {
    if (what.limit < 1 || what.limit > 1000) return error{errc::invalid_argument, "a recall's limit is 1 to 1,000"};
    if (what.text.size() > text_size_bytes_max)
      return error{errc::out_of_range, "a question has at most " + std::to_string(text_size_bytes_max) + " bytes"};
    const reader now{*parts_->database};
    // Of a scope, what the author may read is searched; where that is nothing at all, it is denied.
    if (what.scope != scope::ancestors)
      if (auto allowed = parts_->require_read(now, author, what.space); !allowed) return std::move(allowed).error();
    const auto may_read = [&](const path& space) { return may(now, author, space, access::read); };
    const recall_tools with{.spaces = parts_->spaces,
                            .vectors = parts_->vectors,
                            .graphs = parts_->graphs,
                            .words = parts_->words,
                            .meanings = *parts_->embedder,
                            .exact_records_max = parts_->options.exact_records_max};
    auto hits = memory::recall(now, with, what, parts_->time.wall(), may_read);
    for (const auto& each : hits) parts_->heat.visited(each.what.id, parts_->time.wall());
    return hits;
  });
}

result<std::vector<space_info>> store::spaces(const path& author, const path& under) const {
  return guarded([&]() -> result<std::vector<space_info>> {
    const reader now{*parts_->database};
    std::vector<space_info> found;
    for (auto& each : parts_->spaces.in_scope(under, scope::subtree)) {
      if (!may(now, author, each.name, access::read)) continue;
      found.push_back({std::move(each.name), each.row.options, each.row.records, each.row.bytes,
                       each.row.archived_records, each.row.archived_bytes});
    }
    return found;
  });
}

result<std::vector<audit_entry>> store::audit(const path& author, std::uint64_t from, std::size_t limit) const {
  return guarded([&]() -> result<std::vector<audit_entry>> {
    const reader now{*parts_->database};
    if (!author.is_root()) return error{memory_errc::denied, "the audit log is for the root alone"};
    std::vector<audit_entry> found;
    now.scan(
        family::audit, "",
        [&](std::string_view, std::string_view value) {
          if (found.size() == limit) return false;
          auto line = net::decode<audit_entry>(value);
          if (!line) throw failure{error{memory_errc::damaged, "a line of the audit log: " + line.error().message()}};
          line->hash = sha256(value);
          found.push_back(*std::move(line));
          return true;
        },
        keys::u64(from));
    return found;
  });
}

}  // namespace troupe::memory
