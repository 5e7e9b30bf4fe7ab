#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/log.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <troupe/memory/audit.hpp>
#include <troupe/memory/command.hpp>
#include <troupe/memory/embedder.hpp>
#include <troupe/memory/forget.hpp>
#include <troupe/memory/journal.hpp>
#include <troupe/memory/recall.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/memory/space.hpp>
#include <troupe/memory/summarizer.hpp>
#include <troupe/memory/summary_policy.hpp>
#include <troupe/memory/window.hpp>
#include <utility>
#include <vector>

namespace rocksdb {
class Env;
}

namespace troupe::memory {

struct store_options {
  std::filesystem::path folder = {};                               // made if it is not there; for this store alone
  std::shared_ptr<const memory::embedder> embedder = nullptr;      // shared with other stores; null: the hashed one
  std::shared_ptr<const memory::summarizer> summarizer = nullptr;  // as above; null: the extractive one
  const clock* time = nullptr;                                     // outlives the store; null: the real one
  logger log = {};
  std::optional<std::uint64_t> seed = {};      // of the ids; none: from the system
  std::size_t block_cache_bytes = 64 << 20;    // of blocks read from disk; another 64 MiB are written before a flush
  std::size_t vector_cache_bytes = 128 << 20;  // of spaces' vectors
  // A scope of up to so many records is searched exactly. In a larger one, words bring candidates, and so do vectors in
  // those of its spaces that are larger by themselves: approximately, by a graph that is made in the background when it
  // is first asked for (until then, and beyond the bound, by words alone).
  std::uint64_t exact_records_max = 65'536;
  std::size_t vector_graph_bytes = 640 << 20;  // about 630 bytes a vector of 256 dimensions
  std::size_t queue_commands_max = 4096;       // that wait to be written; beyond it, overloaded
  std::size_t queue_bytes_max = 256 << 20;
  duration heat_half_life = std::chrono::hours{24 * 30};
  double archive_below = 0.125;  // a small record that was never found: after three half-lives
  rocksdb::Env* env = nullptr;   // outlives the store; null: the machine's disk. For tests of failing disks
};

// A page of a space's own records, in the order in which they came.
struct page {
  std::vector<record> records;
  std::optional<std::uint64_t> next;  // where the next page begins, if there is one
};

struct store_stats {
  std::uint64_t spaces = 0, records = 0, archived_records = 0, commands = 0, batches = 0, queued = 0;
  std::uint64_t applied = 0;  // commands, in the life of this memory
  std::uint64_t bytes = 0, archived_bytes = 0, disk_bytes = 0, vector_cache_bytes = 0;
  std::uint64_t vector_graphs = 0, vector_graph_bytes = 0;  // ready; their memory, and that of those in the making
};

// The memory of one node, in a folder of its own: RocksDB. Made by open(); not movable. All functions may be called by
// any thread, and block: on the disk, and writes until they are synced. submit() does not block.
//
// Writes are commands (see command.hpp), applied one after the other by one thread; those that wait together are synced
// together. An acknowledged write is on disk. If the disk refuses a write, that command and all later ones fail with
// storage_failed, until the store is opened again. Reads see all that was acknowledged before they began.
//
// `author` is the agent on whose behalf something is done: it may use the space of its own name and all below it, and
// what it was granted; the root may use everything. Everything else is denied, and the refusal is in the audit log (one
// line an author in ten minutes, with the number of the others, so that a loop cannot fill it).
class store {
 public:
  // Fails with locked, foreign, newer_format, damaged or io_error; the message names the folder and says what to do.
  static result<std::unique_ptr<store>> open(store_options options);
  // Finishes what was submitted.
  ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  // --- writing ---------------------------------------------------------------------------------------------------
  // The result comes from the writer's thread, which `then` must not block; when the call itself fails (closed,
  // overloaded, too large), it comes at once. `at` and vectors that are missing are filled in.
  void submit(command what, std::function<void(result<outcome>)> then);
  // The same for what is bounded elsewhere: it waits however much waits already.
  void submit_past_bounds(command what, std::function<void(result<outcome>)> then);
  std::future<result<outcome>> submit(command what);
  result<outcome> apply(command what) { return submit(std::move(what)).get(); }

  // Stores one record and returns its id. Fails with denied, quota_exceeded, invalid_argument and out_of_range.
  result<troupe::id> remember(const path& author, record what);
  // Makes a record complete (id, author, times, text of a fact, expiry), as remember() does, for a command.
  result<put_record> prepare(const path& author, record what) const;
  result<void> set_state(const path& author, const path& space, std::string key, std::optional<std::string> bytes);
  result<void> define(const path& author, const path& space, space_options options);
  // For whoever may write on `on` by itself (the owner above it, or the root). No access: takes it back.
  result<void> grant(const path& author, const path& to, const path& on, std::optional<access> allowed);
  // Summarises what is due by the policy in a space: all of its records since the last summary, but for the newest of
  // `keep_tokens`, and the last summary itself, in one new summary; its sources then move to the archive, in the same
  // command. So each summary stands for all before it, within its own bound. Returns its id; nothing if none is due.
  result<std::optional<troupe::id>> summarize(const path& author, const path& space, const summary_policy& policy = {});
  result<outcome> erase(const path& author, std::vector<troupe::id> ids, std::string why);
  result<receipt> forget(const path& author, const forget_request& what);

  // --- reading ---------------------------------------------------------------------------------------------------
  result<record> get(const path& author, const troupe::id& id) const;
  // Empty if the space is not there.
  result<page> read(const path& author, const path& space, std::uint64_t from = 0, std::size_t limit = 1000) const;
  // The newest `limit` records of the space, oldest first.
  result<std::vector<record>> newest(const path& author, const path& space, std::size_t limit) const;
  result<std::vector<record>> facts(const path& author, const facts_query& which) const;
  result<std::optional<std::string>> state(const path& author, const path& space, std::string_view key) const;
  // The best first. Fails as get() does; an empty text finds by the filters alone, the newest first.
  result<std::vector<hit>> recall(const path& author, const query& what) const;
  // A record is in the window once: as recent, or else as retrieved. Fails as recall() and fill_window() do.
  result<memory::window> window(const path& author, const window_query& what) const;
  // That path's space and all below it which the author may read, in the order of paths.
  result<std::vector<space_info>> spaces(const path& author, const path& under) const;
  // Lines from that number on. For the root alone.
  result<std::vector<audit_entry>> audit(const path& author, std::uint64_t from, std::size_t limit) const;
  store_stats stats() const;
  // What the journal has for an agent: the first `messages_max` messages of its inbox, and its turns that have begun.
  result<agent_journal> journal(const path& agent, std::size_t messages_max) const;
  // The agents that were registered as durable, in the order of paths.
  result<std::vector<durable_agent>> durable_agents() const;
  // What durable turns have used of budgets, in the order of paths.
  result<std::vector<charge>> charges() const;

  // --- blobs -----------------------------------------------------------------------------------------------------
  // Writes a blob piece by piece; `source` returns the next bytes, nothing at the end. A record of kind blob then
  // stands for it, made from `about`. A failure leaves nothing that is found.
  result<troupe::id> write_blob(const path& author, record about, const std::function<result<std::string>()>& source);
  // Reads it piece by piece and verifies its digest; `sink` fails to stop. Damaged pieces fail with damaged.
  result<void> read_blob(const path& author, const troupe::id& id,
                         const std::function<result<void>(std::string_view)>& sink) const;

  // --- care ------------------------------------------------------------------------------------------------------
  // What is due: erases expired records, moves records that cooled down to the archive, and back those that are asked
  // for again, and summarises spaces. Bounded work: call it now and then, as a node does every minute.
  //
  // The heat of a record is (1 + ln(1 + visits)) * 0.5^(age / half_life), its age since it was stored or last found,
  // divided by 1 + size / 64 KiB: what is large cools sooner (after MemoryOS's visits, length and recency). Below
  // `archive_below` it moves to the archive; found there, it comes back above twice that.
  //
  // A space for which `space_options::summaries` holds is summarised when that is due, as summarize() does it, its own
  // path as the author. One call goes on where the last one stopped, in the order of paths: it looks at 10,000 spaces,
  // reads 256 of them (one that nothing was due in is not read again before it is written to, or idle for long enough),
  // and makes 32 summaries. One that fails is a warning in the log, and is tried again in the next round.
  struct tidied {
    std::uint64_t expired = 0, archived = 0, brought_back = 0;
    std::uint64_t summarised = 0;  // spaces
  };
  result<tidied> tidy();
  // Writes a copy, in one state, into a new folder, beside further use. Fails with already_exists.
  result<void> backup(const std::filesystem::path& into) const;
  // Copies a backup to where a store may then be opened. Fails with already_exists, foreign and io_error.
  static result<void> restore(const std::filesystem::path& backup, const std::filesystem::path& into);

  class parts;  // for check() and the tests
  parts& inside() const noexcept { return *parts_; }

 private:
  void submit(command what, std::function<void(result<outcome>)> then, bool past_bounds);
  explicit store(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

}  // namespace troupe::memory
