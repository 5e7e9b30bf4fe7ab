#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "access_rules.hpp"
#include "format.hpp"
#include "reindex.hpp"
#include "state_machine.hpp"
#include "store_parts.hpp"
#include "vector_math.hpp"

namespace troupe {

std::string_view memory::to_string(record_kind kind) noexcept {
  switch (kind) {
    case record_kind::episode: return "episode";
    case record_kind::fact: return "fact";
    case record_kind::summary: return "summary";
    case record_kind::blob: return "blob";
  }
  return "unknown";
}

std::string_view memory::to_string(access right) noexcept {
  switch (right) {
    case access::read: return "read";
    case access::write: return "write";
  }
  return "unknown";
}

namespace memory {

// --- opening -----------------------------------------------------------------------------------------------------

store::parts::parts(store_options from, std::unique_ptr<memory::database> opened)
    : options{std::move(from)},
      time{options.time ? *options.time : machine_time},
      embedder{options.embedder ? options.embedder : make_hashed_embedder()},
      summarizer{options.summarizer ? options.summarizer : make_extractive_summarizer()},
      ids{time, options.seed.value_or(id_generator::random_seed())},
      database{std::move(opened)},
      vectors{options.vector_cache_bytes},
      graphs{*database, embedder->dimensions(), options.vector_graph_bytes, options.log},
      writer{*database,
             words,
             {.commands_max = options.queue_commands_max, .bytes_max = options.queue_bytes_max},
             [this](const write_set& written) {
               spaces.follow(written);
               vectors.follow(written);
               graphs.follow(written);
             },
             options.log} {
  spaces.load(reader{*database});
}

store::store(std::unique_ptr<parts> made) : parts_{std::move(made)} {}
store::~store() = default;

result<std::unique_ptr<store>> store::open(store_options options) {
  return guarded([&]() -> result<std::unique_ptr<store>> {
    auto opened = database::open({.folder = options.folder,
                                  .block_cache_bytes = options.block_cache_bytes,
                                  .env = options.env,
                                  .read_only = false});
    if (!opened) return std::move(opened).error();
    const auto embedder = options.embedder ? options.embedder : make_hashed_embedder();
    const auto where = "the memory in " + options.folder.string();
    const format_row ours{.number = format_number,
                          .analyzer = analyzer_name(),
                          .embedder = std::string{embedder->name()},
                          .dimensions = embedder->dimensions()};
    const auto there = settle_format(**opened, ours);
    if (!there) return there.error();
    if (there->embedder != ours.embedder || there->dimensions != ours.dimensions)
      return error{errc::invalid_argument, where + " has vectors of the embedder " + there->embedder +
                                               ", which those of " + ours.embedder +
                                               " cannot be compared with: open it with the former"};
    if (there->analyzer != ours.analyzer) {
      options.log.info("making the index anew, as its words came from another version",
                       {{"folder", options.folder.string()}, {"then", there->analyzer}, {"now", ours.analyzer}});
      rebuild_index(**opened, analyzer{}, ours);
    }
    auto made = std::make_unique<parts>(std::move(options), *std::move(opened));
    std::unique_ptr<store> opened_store{new store{std::move(made)}};
    // Blobs that were being written when the last process ended are nobody's.
    command clean;
    reader{*opened_store->parts_->database}.scan(family::meta, "B", [&](std::string_view key, std::string_view) {
      const auto bytes = std::as_bytes(std::span{key.substr(1)});
      if (bytes.size() != 16) throw failure{error{memory_errc::damaged, "the row of a blob has a wrong key"}};
      clean.operations.push_back(drop_unfinished_blob{id::from_bytes(bytes.first<16>()).value()});
      return clean.operations.size() < operations_max;
    });
    if (!clean.operations.empty())
      if (auto cleaned = opened_store->apply(std::move(clean)); !cleaned) return std::move(cleaned).error();
    return opened_store;
  });
}

// --- writing -----------------------------------------------------------------------------------------------------

result<std::vector<std::string>> store::parts::code(std::span<const std::string_view> texts) const {
  auto floats = embedder->embed(texts);
  if (!floats) return std::move(floats).error().with_context("the embedder " + std::string{embedder->name()});
  const auto dimensions = embedder->dimensions();
  if (floats->size() != texts.size() * dimensions)
    return error{errc::internal, "the embedder " + std::string{embedder->name()} + " returned " +
                                     std::to_string(floats->size()) + " numbers for " + std::to_string(texts.size()) +
                                     " texts of " + std::to_string(dimensions)};
  std::vector<std::string> coded;
  coded.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    coded.push_back(to_bytes(encode(std::span{*floats}.subspan(i * dimensions, dimensions))));
  return coded;
}

void store::submit(command what, std::function<void(result<outcome>)> then) {
  submit(std::move(what), std::move(then), false);
}
void store::submit_past_bounds(command what, std::function<void(result<outcome>)> then) {
  submit(std::move(what), std::move(then), true);
}

void store::submit(command what, std::function<void(result<outcome>)> then, bool past_bounds) {
  if (what.operations.size() > operations_max)
    return then(
        error{errc::out_of_range, "a command has at most " + std::to_string(operations_max) + " operations: split it"});
  if (what.at == timestamp{}) what.at = parts_->time.wall();
  std::vector<std::string_view> texts;
  std::vector<std::string*> vectors;
  std::size_t size = 64;
  for (auto& each : what.operations) {
    if (auto* put = std::get_if<put_record>(&each)) {
      size += 256 + counted_bytes(put->what) + put->what.sources.size() * 16;
      if (put->vector.empty() && !put->what.text.empty())
        texts.push_back(put->what.text), vectors.push_back(&put->vector);
    } else if (auto* remake = std::get_if<remake_summary>(&each)) {
      size += 256 + remake->text.size() + remake->sources.size() * 16;
      if (remake->vector.empty() && !remake->text.empty())
        texts.push_back(remake->text), vectors.push_back(&remake->vector);
    } else if (const auto* state = std::get_if<memory::set_state>(&each)) {
      size += 64 + (state->bytes ? state->bytes->size() : 0);
    } else if (const auto* chunk = std::get_if<put_chunk>(&each)) {
      size += 64 + chunk->bytes.size();
    } else if (const auto* message = std::get_if<accept_message>(&each)) {
      size += 256 + message->what.bytes.size();
    } else if (const auto* effect = std::get_if<note_effect>(&each)) {
      size += 128 + effect->what.label.size() + (effect->what.result ? effect->what.result->size() : 0);
    } else if (const auto* charges = std::get_if<note_charges>(&each)) {
      size += 256 + charges->what.label.size() + (charges->what.result ? charges->what.result->size() : 0);
      if (charges->what.charges)
        for (const auto& one : *charges->what.charges) size += 64 + one.account.str().size() + one.quantity.size();
    } else if (const auto* end = std::get_if<end_turn>(&each)) {
      size += 128 + end->answer.size();
    } else {
      size += 64;
    }
  }
  if (size > command_size_bytes_max)
    return then(error{errc::out_of_range, "a command has at most " + std::to_string(command_size_bytes_max) +
                                              " bytes, this one has " + std::to_string(size) + ": split it"});
  if (!texts.empty()) {
    auto coded = parts_->code(texts);
    if (!coded) return then(std::move(coded).error());
    for (std::size_t i = 0; i < vectors.size(); ++i) *vectors[i] = std::move((*coded)[i]);
  }
  parts_->writer.submit(std::move(what), size, std::move(then), past_bounds);
}

std::future<result<outcome>> store::submit(command what) {
  const auto promise = std::make_shared<std::promise<result<outcome>>>();  // shared with the callback, which is copied
  auto future = promise->get_future();
  submit(std::move(what), [promise](result<outcome> done) { promise->set_value(std::move(done)); });
  return future;
}

result<put_record> store::prepare(const path& author, record what) const {
  const auto now = parts_->time.wall();
  what.id = parts_->ids.next();
  what.author = author;
  what.recorded = now;
  if (what.time == timestamp{}) what.time = now;
  if (what.fact) {
    if (what.fact->valid_from == timestamp{}) what.fact->valid_from = what.time;
    if (what.text.empty()) what.text = what.fact->key + ": " + what.fact->value;
  }
  if (!what.expires)
    if (const auto ttl = parts_->spaces.ttl_of(what.space)) what.expires = now + *ttl;
  return put_record{std::move(what), {}};
}

namespace {

result<void> done(result<outcome> what) {
  if (!what) return std::move(what).error();
  return ok();
}

}  // namespace

result<id> store::remember(const path& author, record what) {
  auto made = prepare(author, std::move(what));
  if (!made) return std::move(made).error();
  const auto named = made->what.id;
  if (auto applied = apply(command_of(author, *std::move(made))); !applied) return std::move(applied).error();
  return named;
}

result<void> store::set_state(const path& author, const path& space, std::string key,
                              std::optional<std::string> bytes) {
  return done(apply(command_of(author, memory::set_state{space, std::move(key), std::move(bytes)})));
}

result<void> store::define(const path& author, const path& space, space_options options) {
  return done(apply(command_of(author, define_space{space, options})));
}

result<void> store::grant(const path& author, const path& to, const path& on, std::optional<access> allowed) {
  return done(apply(command_of(author, set_grant{to, on, allowed})));
}

result<outcome> store::erase(const path& author, std::vector<id> ids, std::string why) {
  return apply(command_of(author, erase_records{std::move(ids), std::move(why)}));
}

// --- care --------------------------------------------------------------------------------------------------------

result<void> store::parts::require_read(const reader& from, const path& author, const path& space) {
  if (may(from, author, space, access::read)) return ok();
  error why{memory_errc::denied, author.str() + " may not read in " + space.str() + ": it needs a grant"};
  // Nobody waits for the line; when the queue is full, it is not written.
  auto line = command_of(author, note_audit{"denied", why.message()});
  line.at = time.wall();
  writer.submit(std::move(line), 256, [](const result<outcome>&) {});
  return why;
}

store_stats store::stats() const {
  const auto total = parts_->spaces.total();
  store_stats now;
  now.spaces = parts_->spaces.size();
  now.records = total.records;
  now.archived_records = total.archived_records;
  now.bytes = total.bytes;
  now.archived_bytes = total.archived_bytes;
  now.commands = parts_->writer.commands();
  now.batches = parts_->writer.batches();
  now.queued = parts_->writer.queued();
  now.applied = guarded([&]() -> result<std::uint64_t> {
                  const auto row = reader{*parts_->database}.get(family::meta, keys::applied);
                  return row ? keys::read_u64(*row) : 0;
                }).value_or(0);
  now.vector_cache_bytes = parts_->vectors.size_bytes();
  now.vector_graph_bytes = parts_->graphs.size_bytes();
  now.vector_graphs = parts_->graphs.ready();
  for (std::size_t i = 0; i < families; ++i) {
    std::uint64_t size = 0;
    parts_->database->raw().GetIntProperty(parts_->database->handle(static_cast<family>(i)),
                                           rocksdb::DB::Properties::kTotalSstFilesSize, &size);
    now.disk_bytes += size;
  }
  return now;
}

}  // namespace memory
}  // namespace troupe
