#include <openssl/evp.h>

#include <map>
#include <set>
#include <troupe/memory/check.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "audit_chain.hpp"
#include "postings.hpp"
#include "state_machine.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

constexpr std::size_t faults_listed_max = 1000;

// Two sides that must be the same set, each seen in its own order: compared by their number and the sum of their
// hashes. One that is missing or too many is found with certainty, one exchanged for another but for a chance of 2^-64.
struct tally {
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  void add(std::string_view what) {
    ++number;
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a, and then mixed
    for (const char c : what) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    sum += hash ^ hash >> 33;
  }
  friend bool operator==(const tally&, const tally&) = default;
};

std::string posting_text(std::string_view term, const posting& each) {
  std::string text{term};
  text += '\0';
  keys::append_u32(text, each.place);
  keys::append_u32(text, each.count);
  keys::append_u32(text, each.length);
  return text;
}

class checker {
 public:
  checker(const store::parts& of) : parts_{of}, now_{*of.database} {}

  check_report run() {
    files();
    spaces();
    records(family::records, false);
    records(family::archive, true);
    index();
    compare_derived();
    blobs();
    counters();
    audit();
    journal();
    return std::move(report_);
  }

 private:
  struct seen_space {
    path name;
    space_row row;    // as stored
    space_row found;  // as counted
    tally expected, indexed;
    tally lengths_expected, lengths_indexed;
  };

  void fault(std::string what) {
    ++report_.faults_in_all;
    if (report_.faults.size() < faults_listed_max) report_.faults.push_back(std::move(what));
  }
  // Decodes what is stored; a fault where it is not what it should be.
  template <class T>
  std::optional<T> decode(std::string_view bytes, std::string_view what) {
    auto value = net::decode<T>(bytes);
    if (value) return *std::move(value);
    fault(std::string{what} + ": " + value.error().message());
    return {};
  }

  // What of the files no reading would meet, such as the filters.
  void files() {
    if (const auto status = parts_.database->raw().VerifyChecksum(); !status.ok())
      fault(parts_.database->translate(status, "verifying the files").message());
  }

  void spaces() {
    now_.scan(family::meta, "S", [&](std::string_view key, std::string_view value) {
      if (auto row = decode<space_row>(value, "the row of a space")) {
        const auto number = row->number;
        auto name = keys::path_of(std::string{key.substr(1)});
        if (now_.get(family::meta, keys::space_path(number)) != keys::of_path(name))
          fault("the space " + name.str() + " has a number that is another's");
        if (!spaces_.emplace(number, seen_space{std::move(name), *std::move(row), {}, {}, {}, {}, {}}).second)
          fault("two spaces have the number " + std::to_string(number));
      }
      return true;
    });
  }

  void records(family from, bool archived) {
    now_.scan(from, "", [&](std::string_view key, std::string_view value) {
      if (key.size() != 8) return fault("a record's key has a wrong size"), true;
      const auto where = keys::read_address(key);
      auto what =
          decode<record>(value, "the record at " + std::to_string(where.space) + "/" + std::to_string(where.place));
      if (what) one(where, *what, archived);
      return true;
    });
  }

  void one(address where, const record& what, bool archived) {
    ++report_.records;
    const auto name = "the record " + what.id.to_string();
    const auto space = spaces_.find(where.space);
    if (space == spaces_.end() || space->second.name != what.space)
      return fault(name + " is in no space, or in another than it says");
    auto& seen = space->second;
    if (where.place >= seen.row.next_place) fault(name + " has a place that its space has not given out");
    if (archived && now_.get(family::records, keys::at(where))) fault(name + " is in two tiers");
    const auto analyzed = parts_.words.analyze(what.text);
    const auto bytes = counted_bytes(what);
    ++seen.found.records;
    seen.found.bytes += bytes;
    seen.found.words += analyzed.length;
    if (archived) ++seen.found.archived_records, seen.found.archived_bytes += bytes;
    for (const auto& term : analyzed.terms)
      seen.expected.add(posting_text(term.term, {where.place, term.count, analyzed.length}));
    seen.lengths_expected.add(posting_text("", {where.place, 0, analyzed.length}));

    if (now_.get(family::ids, keys::bytes_of(what.id)) != keys::at(where)) fault(name + " is not where its id says");
    if (what.expires) expected_.add(keys::expiry(*what.expires, where));
    if (!what.subject.empty()) expected_.add(keys::subject(what.subject, where));
    for (const auto& source : std::set<id>{what.sources.begin(), what.sources.end()}) {
      expected_.add(keys::lineage(source, what.id));
      if (!now_.get(family::ids, keys::bytes_of(source)))
        fault(name + " was made from " + source.to_string() + ", which is not there");
    }
    if (what.fact) {
      const auto key = keys::fact(where.space, what.fact->key, what.fact->valid_from, where.place);
      const auto row = now_.get(family::facts, key);
      if (!row || *row != net::encode(fact_row{what.recorded, what.fact->valid_to, what.fact->value.empty()}))
        fault(name + " is a fact that is not among the facts");
      else
        ++report_.facts;
    }
    if (what.blob) blob_records_.emplace(what.id, *what.blob);
    if (now_.get(family::vectors, keys::at(where))) ++report_.vectors;
  }

  void index() {
    for (auto& [number, seen] : spaces_) {
      auto& into = seen;
      each_posting(now_, number, [&](std::string_view term, const posting& each) {
        into.indexed.add(posting_text(term, each));
        ++report_.postings;
      });
      each_length(now_, number, [&](const record_length& each) {
        into.lengths_indexed.add(posting_text("", {each.place, 0, each.length}));
      });
      if (seen.expected != seen.indexed)
        fault("the index of " + seen.name.str() + " has " + std::to_string(seen.indexed.number) +
              " postings; its records have " + std::to_string(seen.expected.number) +
              (seen.expected.number == seen.indexed.number ? ", which are others" : ""));
      if (seen.lengths_expected != seen.lengths_indexed)
        fault("the lengths in the index of " + seen.name.str() + " are not those of its records");
    }
    std::uint32_t unknown = 0;
    now_.scan(family::index, "", [&](std::string_view key, std::string_view) {
      if (key.size() < 5 || !spaces_.contains(keys::read_u32(key))) ++unknown;
      return true;
    });
    if (unknown > 0) fault(std::to_string(unknown) + " blocks of the index belong to no space");
  }

  // What leads to records leads to no others.
  void compare_derived() {
    tally there;
    for (const std::string_view kind : {"X", "U", "L"})
      now_.scan(family::meta, kind, [&](std::string_view key, std::string_view) { return there.add(key), true; });
    if (there != expected_)
      fault("expiry, subjects and lineage have " + std::to_string(there.number) + " entries; the records have " +
            std::to_string(expected_.number));
    std::uint64_t ids = 0, facts = 0, vectors = 0;
    now_.scan(family::ids, "", [&](std::string_view, std::string_view) { return ++ids, true; });
    now_.scan(family::facts, "", [&](std::string_view, std::string_view) { return ++facts, true; });
    now_.scan(family::vectors, "", [&](std::string_view, std::string_view) { return ++vectors, true; });
    now_.scan(family::states, "", [&](std::string_view key, std::string_view) {
      ++report_.states;
      if (key.size() < 4 || !spaces_.contains(keys::read_u32(key))) fault("a state belongs to no space");
      return true;
    });
    now_.scan(family::meta, "V", [&](std::string_view key, std::string_view) {
      if (key.size() != 9 || !record_at(now_, keys::read_address(key.substr(1)))) fault("a heat belongs to no record");
      return true;
    });
    if (ids != report_.records)
      fault("there are " + std::to_string(ids) + " ids and " + std::to_string(report_.records) + " records");
    if (facts != report_.facts) fault(std::to_string(facts - report_.facts) + " facts have no record");
    if (vectors != report_.vectors) fault(std::to_string(vectors - report_.vectors) + " vectors have no record");
  }

  void blobs() {
    std::set<std::string, std::less<>> unfinished;
    now_.scan(family::meta, "B",
              [&](std::string_view key, std::string_view) { return unfinished.emplace(key.substr(1)), true; });
    std::map<std::string, std::uint64_t, std::less<>> sizes;
    now_.scan(family::blobs, "", [&](std::string_view key, std::string_view value) {
      if (key.size() == 20)
        sizes[std::string{key.substr(0, 16)}] += value.size();
      else
        fault("a piece of a blob has a wrong key");
      return true;
    });
    for (const auto& [which, part] : blob_records_) {
      ++report_.blobs;
      const auto found = sizes.extract(std::string{keys::bytes_of(which)});
      const auto size = found ? found.mapped() : 0;
      std::string digest(32, '\0');
      const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> running{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
      EVP_DigestInit_ex(running.get(), EVP_sha256(), nullptr);
      now_.scan(family::blobs, keys::bytes_of(which), [&](std::string_view, std::string_view bytes) {
        return EVP_DigestUpdate(running.get(), bytes.data(), bytes.size()), true;
      });
      EVP_DigestFinal_ex(running.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
      if (size != part.size_bytes || digest != part.sha256)
        fault("the blob " + which.to_string() + " has " + std::to_string(size) + " bytes of " +
              std::to_string(part.size_bytes) + ", or another digest");
    }
    for (const auto& [which, size] : sizes)
      if (!unfinished.contains(which)) fault("pieces of a blob that has no record: " + std::to_string(size) + " bytes");
  }

  void counters() {
    for (const auto& [number, seen] : spaces_) {
      const auto& [row, found] = std::tie(seen.row, seen.found);
      if (row.records != found.records || row.bytes != found.bytes || row.words != found.words ||
          row.archived_records != found.archived_records || row.archived_bytes != found.archived_bytes)
        fault("the counters of " + seen.name.str() + " are not those of its records: " + std::to_string(row.records) +
              " for " + std::to_string(found.records));
    }
    std::map<std::string, const seen_space*> by_path;
    for (const auto& [number, seen] : spaces_) by_path.emplace(keys::of_path(seen.name), &seen);
    for (const auto& [key, seen] : by_path) {
      std::uint64_t records = 0, bytes = 0;
      for (auto below = by_path.lower_bound(key); below != by_path.end() && below->first.starts_with(key); ++below) {
        if (below->first.size() > key.size() && below->first[key.size()] != '\1') break;
        records += below->second->found.records;
        bytes += below->second->found.bytes;
      }
      if (records != seen->row.subtree_records || bytes != seen->row.subtree_bytes)
        fault("the sums of " + seen->name.str() + " and all below it are not those of its records");
    }
  }

  void audit() {
    std::string before(32, '\0');
    std::uint64_t number = 0;
    now_.scan(family::audit, "", [&](std::string_view key, std::string_view value) {
      ++report_.audit_lines;
      const auto line = decode<audit_entry>(value, "a line of the audit log");
      if (line && (line->number != number + 1 || key != keys::u64(line->number)))
        fault("the audit log has no line " + std::to_string(number + 1));
      if (line && line->before != before)
        fault("line " + std::to_string(line->number) + " of the audit log does not follow the one before it");
      before = sha256(value);
      number = line ? line->number : number + 1;
      return true;
    });
    const auto head = now_.get(family::meta, keys::audit_head);
    if (head ? *head != keys::u64(number) + before : number != 0)
      fault("the audit log does not end where it should: lines were taken out at its end");
  }

  void journal() {
    std::uint64_t names = 0;
    for (const auto* letter : {"I", "Q"})
      now_.scan(family::journal, letter, [&](std::string_view key, std::string_view value) {
        const auto message = decode<inbox_message>(value, "a message in an inbox");
        if (message && now_.get(family::journal, keys::message_named(message->to, message->name)) != key)
          fault("the message " + message->name.to_string() + " of " + message->to.str() + " is not found by its name");
        if (message && message->aside.empty() == keys::is_set_aside(key))
          fault("the message " + message->name.to_string() + " of " + message->to.str() + " is in the wrong line");
        ++report_.messages;
        return true;
      });
    now_.scan(family::journal, "M", [&](std::string_view, std::string_view) { return ++names != 0; });
    if (names != report_.messages)
      fault("there are " + std::to_string(names) + " names of messages and " + std::to_string(report_.messages) +
            " messages");
    // A turn's effects lie as its row does, but for the first letter.
    std::map<std::string, turn_row, std::less<>> turns;
    std::map<std::string, std::set<std::uint32_t>, std::less<>> orders;
    std::map<std::string, std::int64_t, std::less<>> reserved;
    now_.scan(family::journal, "T", [&](std::string_view key, std::string_view value) {
      if (!now_.get(family::journal, "M" + std::string{key.substr(1)})) fault("a turn of a message that is not there");
      if (const auto row = decode<turn_row>(value, "the row of a turn")) turns.emplace(key.substr(1), *row);
      return true;
    });
    now_.scan(family::journal, "E", [&](std::string_view key, std::string_view value) {
      const auto effect = decode<journaled_effect>(value, "an effect in the journal");
      const auto turn = turns.find(key.substr(1, key.size() - std::min<std::size_t>(key.size(), 5)));
      if (turn == turns.end()) return fault("an effect of a turn that is not there"), true;
      if (!effect) return true;
      if (keys::read_u32(key.substr(key.size() - 4)) != effect->number)
        fault("an effect has another number than its key");
      if (effect->result.has_value() != (effect->order != 0)) fault("an effect has a place without a result, or none");
      if (effect->result && !orders[turn->first].insert(effect->order).second)
        fault("two effects of a turn have the same place");
      if (effect->charges && !(turn->second.charges && effect->result))
        fault("an effect changes accounts, and has no result or a turn that does not know");
      if (effect->charges)
        for (const auto& each : *effect->charges)
          reserved[keys::charge_row(each.account, each.quantity)] += each.reserved;
      return true;
    });
    for (const auto& [name, row] : turns) {
      const auto& seen = orders[name];
      if (seen.size() != row.results || (!seen.empty() && *seen.rbegin() != row.results))
        fault("a turn has other results than its row counts");
    }
    charges(std::move(reserved));
  }

  // What accounts have as reserved is what turns that have not ended have reserved; by the key of the account's row.
  void charges(std::map<std::string, std::int64_t, std::less<>> reserved) {
    now_.scan(family::journal, "B", [&](std::string_view key, std::string_view value) {
      const auto row = decode<charge_row>(value, "the row of an account");
      const auto open = reserved.extract(std::string{key});
      if (row && row->reserved != (open ? open.mapped() : 0))
        fault("an account has " + std::to_string(row->reserved) + " reserved; turns that have not ended have " +
              std::to_string(open ? open.mapped() : 0));
      if (row && (row->reserved < 0 || row->spent < 0 || row->overrun < 0))
        fault("an account has less than nothing in use");
      return true;
    });
    for (const auto& [key, open] : reserved)
      if (open != 0) fault("turns have reserved " + std::to_string(open) + " of an account that has no row");
  }

  const store::parts& parts_;
  const reader now_;
  check_report report_;
  std::map<std::uint32_t, seen_space> spaces_;
  std::map<id, blob_part> blob_records_;
  tally expected_;
};

}  // namespace

result<check_report> check(const store& of) {
  return guarded([&]() -> result<check_report> { return checker{of.inside()}.run(); });
}

}  // namespace troupe::memory
