// Forgetting: what to erase is found, what was made from it is made again without it, then all of it is erased, looked
// for again, and taken off the disk.

#include <algorithm>
#include <map>
#include <set>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/recursive_summary.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/memory/tokens.hpp>
#include <troupe/net/codec.hpp>

#include "access_rules.hpp"
#include "audit_chain.hpp"
#include "state_machine.hpp"
#include "store_parts.hpp"
#include "utf8_cut.hpp"

namespace troupe::memory {
namespace {

constexpr std::size_t piece_max = 1'000;  // records that one command erases
constexpr int passes_max = 10;            // while others go on writing what is to be forgotten

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<std::uint8_t>(c) >> 4];
    text += digits[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

class forgetting {
 public:
  forgetting(store& of, const path& author, const forget_request& what)
      : store_{of}, parts_{of.inside()}, author_{author}, what_{what} {}

  result<receipt> run() {
    // Refused at once, rather than after a part of it.
    if (auto may = require_write(place()); !may) return std::move(may).error();
    if (const auto* found = std::get_if<forget_found>(&what_)) {
      auto hits = store_.recall(author_, found->what);
      if (!hits) return std::move(hits).error();
      for (const auto& each : *hits) {
        if (auto may = require_write(each.what.space); !may) return std::move(may).error();
        fixed_.insert(each.what.id);
      }
    }
    receipt_.at = parts_.time.wall();
    std::set<id> gone;
    for (int pass = 0; pass < passes_max && !receipt_.verified; ++pass) {
      const auto targets = find();
      auto with_derived = remake_what_stays(targets);
      if (!with_derived) return std::move(with_derived).error();
      gone.insert(with_derived->begin(), with_derived->end());
      if (auto done = erase(targets, *with_derived); !done) return std::move(done).error();
      if (auto done = clear_spaces(); !done) return std::move(done).error();
      receipt_.verified = look_again(gone);
    }
    if (!receipt_.verified)
      return error{memory_errc::overloaded,
                   describe(true) + " is written to faster than it is forgotten: stop its agents first"};
    if (auto done = parts_.database->write_files_anew(); !done)
      return std::move(done).error().with_context(describe(true) + " is erased, but not off the disk yet");
    return sign();
  }

 private:
  // For the receipt with its words; for the audit log with a digest of them.
  std::string describe(bool in_clear) const {
    const auto words = [&](const std::string& text) { return in_clear ? text : "sha256:" + hex(sha256(text)); };
    if (const auto* subject = std::get_if<forget_subject>(&what_))
      return "subject " + words(subject->subject) + " under " + subject->under.str();
    if (const auto* space = std::get_if<forget_space>(&what_)) return "space " + space->space.str();
    const auto& found = std::get<forget_found>(what_).what;
    return "what \"" + words(found.text) + "\" finds in " + found.space.str();
  }
  const path& place() const {
    if (const auto* subject = std::get_if<forget_subject>(&what_)) return subject->under;
    if (const auto* space = std::get_if<forget_space>(&what_)) return space->space;
    return std::get<forget_found>(what_).what.space;
  }
  result<void> require_write(const path& space) const {
    if (const auto* subject = std::get_if<forget_subject>(&what_); subject && subject->subject.empty())
      return error{errc::invalid_argument, "a subject to forget has a name"};
    if (may(reader{*parts_.database}, author_, space, access::write)) return ok();
    error why{memory_errc::denied, author_.str() + " may not forget in " + space.str() + ": it needs a grant to write"};
    if (auto noted = store_.apply(command_of(author_, note_audit{"denied", why.message()})); !noted)
      return std::move(noted).error();
    return why;
  }

  // All that is named by the request and there now.
  std::set<id> find() const {
    const reader now{*parts_.database};
    std::set<id> found;
    if (const auto* subject = std::get_if<forget_subject>(&what_)) {
      const auto prefix = keys::subject_prefix(subject->subject);
      now.scan(family::meta, prefix, [&](std::string_view key, std::string_view) {
        const auto what = record_at(now, keys::read_address(key.substr(prefix.size())));
        if (what && subject->under.contains(what->space)) found.insert(what->id);
        return true;
      });
    } else if (const auto* space = std::get_if<forget_space>(&what_)) {
      for (const auto& each : parts_.spaces.in_scope(space->space, scope::subtree))
        for (const auto tier : {family::records, family::archive})
          now.scan(tier, keys::u32(each.row.number), [&](std::string_view, std::string_view value) {
            found.insert(net::decode<record>(value).value().id);
            return true;
          });
    } else {
      for (const auto& each : fixed_)
        if (now.get(family::ids, keys::bytes_of(each))) found.insert(each);
    }
    return found;
  }

  static void derived_from(const reader& now, const id& source, std::set<id>& into) {
    const auto prefix = keys::lineage_prefix(source);
    now.scan(family::meta, prefix, [&](std::string_view key, std::string_view) {
      into.insert(id::from_bytes(std::as_bytes(std::span{key.substr(prefix.size())}).first<16>()).value());
      return true;
    });
  }

  // Summaries that have other sources too are made again from those; what cannot be goes, as it may say what its source
  // said. Ids grow with time, so what something was made from comes before it. Returns all that goes.
  result<std::set<id>> remake_what_stays(const std::set<id>& targets) {
    const reader now{*parts_.database};
    std::set<id> gone = targets, due;
    for (const auto& each : targets) derived_from(now, each, due);
    std::map<id, std::string> new_texts;
    while (!due.empty()) {
      const auto next = *due.begin();
      due.erase(due.begin());
      if (gone.contains(next)) continue;
      const auto what = record_of(now, next);
      if (!what) continue;
      remake_summary remade{.id = next, .text = {}, .vector = {}, .sources = {}};
      std::vector<std::string> texts;
      if (what->kind == record_kind::summary && may(now, author_, what->space, access::write)) {
        for (const auto& source : what->sources) {
          if (gone.contains(source)) continue;
          remade.sources.push_back(source);
          if (const auto again = new_texts.find(source); again != new_texts.end())
            texts.push_back(again->second);
          else if (auto there = record_of(now, source))
            texts.push_back(std::move(there->text));
        }
      }
      derived_from(now, next, due);
      if (texts.empty()) {
        gone.insert(next);
        continue;
      }
      const auto tokens_max = std::max<std::size_t>(16, count_tokens(what->text));
      auto text = summarize_recursively(*parts_.summarizer, texts, {.tokens_max = tokens_max});
      if (!text) return std::move(text).error().with_context("making a summary again");
      // No longer than it was, so that no quota stands against it.
      remade.text = new_texts[next] = utf8_cut(*text, what->text.size());
      if (auto done = store_.apply(command_of(author_, std::move(remade))); !done) return std::move(done).error();
      if (remade_.insert(next).second) ++receipt_.summaries_remade;
    }
    return gone;
  }

  result<void> erase(const std::set<id>& targets, const std::set<id>& with_derived) {
    {
      const reader now{*parts_.database};
      for (const auto& each : with_derived)
        if (const auto what = record_of(now, each); what && what->blob) ++receipt_.blobs;
    }
    if (auto done = erase(author_, targets); !done) return done;
    // Most went with their sources; what was made from a summary that is made again did not. As in a cascade, whoever
    // may erase a source need not have a grant for them.
    std::set<id> rest;
    std::set_difference(with_derived.begin(), with_derived.end(), targets.begin(), targets.end(),
                        std::inserter(rest, rest.end()));
    return erase(path{}, rest);
  }
  result<void> erase(const path& author, const std::set<id>& ids) {
    for (auto next = ids.begin(); next != ids.end();) {
      erase_records piece{{}, "forget"};
      while (next != ids.end() && piece.ids.size() < piece_max) piece.ids.push_back(*next++);
      auto done = store_.apply(command_of(author, std::move(piece)));
      if (!done) return std::move(done).error();
      receipt_.records += done->erased;
    }
    return ok();
  }

  // Of a space, blobs that are being written and its states too, and then the space itself, the deepest first.
  result<void> clear_spaces() {
    const auto* space = std::get_if<forget_space>(&what_);
    if (!space) return ok();
    std::vector<id> unfinished;
    reader{*parts_.database}.scan(family::meta, "B", [&](std::string_view key, std::string_view value) {
      if (!space->space.contains(net::decode<blob_row>(value).value().space)) return true;
      unfinished.push_back(id::from_bytes(std::as_bytes(std::span{key.substr(1)}).first<16>()).value());
      return true;
    });
    for (const auto& each : unfinished)
      if (auto done = store_.apply(command_of(author_, drop_unfinished_blob{each})); !done)
        return std::move(done).error();
    auto there = parts_.spaces.in_scope(space->space, scope::subtree);
    std::reverse(there.begin(), there.end());
    for (const auto& each : there) {
      std::vector<std::string> names;
      reader{*parts_.database}.scan(
          family::states, keys::u32(each.row.number),
          [&](std::string_view key, std::string_view) { return names.emplace_back(key.substr(4)), true; });
      for (auto& name : names) {
        if (auto done = store_.set_state(author_, each.name, std::move(name), {}); !done) return done;
        ++receipt_.states;
      }
      if (auto done = store_.apply(command_of(author_, drop_space{each.name})); !done) return std::move(done).error();
    }
    return ok();
  }

  // Whether nothing is left: by the request's own words, by id, by what was made from it, and by recall.
  bool look_again(const std::set<id>& gone) const {
    if (!find().empty()) return false;
    const reader now{*parts_.database};
    for (const auto& each : gone) {
      std::set<id> derived;
      derived_from(now, each, derived);
      if (now.get(family::ids, keys::bytes_of(each)) || !derived.empty()) return false;
    }
    query search;
    search.space = place();
    search.limit = 1000;
    if (const auto* subject = std::get_if<forget_subject>(&what_)) search.text = search.subject = subject->subject;
    if (const auto* found = std::get_if<forget_found>(&what_)) search = found->what;
    const auto hits = store_.recall({}, search);
    return hits &&
           std::none_of(hits->begin(), hits->end(), [&](const hit& each) { return gone.contains(each.what.id); });
  }

  result<receipt> sign() {
    receipt_.what = describe(true);
    auto line = store_.apply(
        command_of(author_, note_audit{"forget", describe(false) + ": " + std::to_string(receipt_.records) +
                                                     " records, " + std::to_string(receipt_.summaries_remade) +
                                                     " summaries made again, " + std::to_string(receipt_.blobs) +
                                                     " blobs, " + std::to_string(receipt_.states) + " states"}));
    if (!line) return std::move(line).error();
    receipt_.audit_number = line->audit_number;
    const auto bytes = reader{*parts_.database}.get(family::audit, keys::u64(line->audit_number));
    if (!bytes) return error{memory_errc::damaged, "the audit log lost a line"};
    receipt_.audit_hash = sha256(*bytes);
    return std::move(receipt_);
  }

  store& store_;
  store::parts& parts_;
  const path& author_;
  const forget_request& what_;
  std::set<id> fixed_;  // what the question found
  std::set<id> remade_;
  receipt receipt_;
};

}  // namespace

result<receipt> store::forget(const path& author, const forget_request& what) {
  return guarded([&] { return forgetting{*this, author, what}.run(); });
}

}  // namespace troupe::memory
