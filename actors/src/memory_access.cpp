#include "memory_access.hpp"

#include <troupe/memory/errc.hpp>

#include "failure_cause.hpp"
#include "read_reference.hpp"
#include "runtime.hpp"

namespace troupe::actors {

namespace {

error no_memory() {
  return {errc::unsupported, "this node has no memory: start it with --data FOLDER, or give node_options a store"};
}

template <class T>
result<message> as_message(result<T> from) {
  if (!from) return std::move(from).error();
  return message::of(*std::move(from));
}

}  // namespace

void memory_access::run_in_thread() {
  if (!store_) return;
  thread_ = std::thread{[this] {
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, tidy_every, [this] { return stopping_; })) {
      lock.unlock();
      if (const auto done = store_->tidy(); !done)
        home_.log().warn("the memory could not be tidied", {{"error", done.error().message()}});
      lock.lock();
    }
  }};
}

void memory_access::stop() {
  {
    std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  // Commands are answered in their order: an empty one comes after all that were begun before.
  const bool writing = [this] {
    std::scoped_lock lock{writing_mutex_};
    return !writing_.empty();
  }();
  if (writing) (void)store_->apply({});
  std::scoped_lock lock{mutex_};
  stopped_ = true;
}

void memory_access::commit(memory::command what, std::function<void(result<memory::outcome>)> then, bool past_bounds) {
  if (!store_) return then(no_memory());
  const bool stopped = [this] {
    std::scoped_lock lock{mutex_};
    return stopped_;
  }();
  if (stopped) return then(error{memory_errc::closed, "the node has stopped"});
  begin_write(what.author);
  if (home_.deterministic()) {
    const auto author = what.author;
    auto done = store_->apply(std::move(what));
    end_write(author);
    return then(std::move(done));
  }
  auto told = [this, author = what.author, then = std::move(then)](result<memory::outcome> done) {
    then(std::move(done));
    end_write(author);
  };
  if (past_bounds)
    store_->submit_past_bounds(std::move(what), std::move(told));
  else
    store_->submit(std::move(what), std::move(told));
}

result<memory::put_record> memory_access::prepare(const troupe::path& author, memory::record what) const {
  if (!store_) return no_memory();
  return store_->prepare(author, std::move(what));
}

result<std::vector<memory::durable_agent>> memory_access::durable_agents() const {
  if (!store_) return std::vector<memory::durable_agent>{};
  return store_->durable_agents();
}

result<memory::agent_journal> memory_access::journal(const troupe::path& agent, std::size_t messages_max) const {
  if (!store_) return no_memory();
  auto found = store_->journal(agent, messages_max);
  if (found) look_up_references(*store_, agent, *found);
  return found;
}

result<std::vector<memory::charge>> memory_access::charges() const {
  if (!store_) return std::vector<memory::charge>{};
  return store_->charges();
}

std::uint64_t memory_access::commands_applied() const { return store_ ? store_->stats().applied : 0; }

void memory_access::begin_write(const troupe::path& author) {
  std::scoped_lock lock{writing_mutex_};
  ++writing_[author];
}

void memory_access::end_write(const troupe::path& author) {
  std::scoped_lock lock{writing_mutex_};
  if (const auto of = writing_.find(author); --of->second == 0) writing_.erase(of);
}

bool memory_access::is_writing(const troupe::path& author) {
  std::scoped_lock lock{writing_mutex_};
  return writing_.contains(author);
}

void memory_access::begin(const troupe::path& author, memory_request request, std::shared_ptr<reply_sink> whom,
                          std::uint64_t effect, std::stop_token nobody_waits) {
  if (!store_) return whom->resolve(effect, no_memory());
  memory::command command;
  command.author = author;
  if (auto* what = std::get_if<memory::record>(&request.what)) {
    auto complete = store_->prepare(author, std::move(*what));
    if (!complete) return whom->resolve(effect, std::move(complete).error());
    const auto named = complete->what.id;
    command.operations.emplace_back(*std::move(complete));
    return write(std::move(command), message::of(named), whom, effect);
  }
  if (auto* state = std::get_if<save_state>(&request.what)) {
    for (auto& [key, bytes] : state->changed)
      command.operations.emplace_back(memory::set_state{author, std::move(key), std::move(bytes)});
    return write(std::move(command), {}, whom, effect);
  }
  if (!is_writing(author)) return begin_read(author, std::move(request), whom, effect, std::move(nobody_waits));
  begin_write(author);
  // It has no bytes, and an agent waits for it.
  store_->submit_past_bounds({}, [this, author, request = std::move(request), whom, effect,
                                  nobody_waits = std::move(nobody_waits)](const result<memory::outcome>& written) {
    if (written)
      begin_read(author, request, whom, effect, nobody_waits);
    else
      whom->resolve(effect, written.error());
    end_write(author);  // the last use of this object: stop() waits for it
  });
}

void memory_access::begin_read(const troupe::path& author, memory_request request,
                               const std::shared_ptr<reply_sink>& whom, std::uint64_t effect,
                               std::stop_token nobody_waits) {
  // Agents that start are as many as there are: one that found no room would fail, and its supervisor with it.
  const bool starts =
      std::holds_alternative<load_state>(request.what) || std::holds_alternative<load_journal>(request.what);
  const bool taken = home_.blocking().submit(
      [this, author, whom, effect, request = std::move(request), nobody_waits = std::move(nobody_waits)] {
        if (nobody_waits.stop_requested()) return;
        try {
          whom->resolve(effect, read(author, request));
        } catch (...) {
          const failure_cause why{std::current_exception()};
          whom->resolve(effect, why.seen_as(agent_errc::agent_failed, why.text));
        }
      },
      starts);
  if (!taken) whom->resolve(effect, error{agent_errc::overloaded, "too much blocking work is waiting"});
}

void memory_access::write(memory::command what, message answer, const std::shared_ptr<reply_sink>& whom,
                          std::uint64_t effect) {
  const auto told = [this, author = what.author, answer = std::move(answer), whom,
                     effect](result<memory::outcome> done) {
    end_write(author);
    if (done)
      whom->resolve(effect, answer);
    else
      whom->resolve(effect, std::move(done).error());
  };
  begin_write(what.author);
  if (home_.deterministic())
    told(store_->apply(std::move(what)));
  else
    store_->submit(std::move(what), told);
}

result<message> memory_access::read(const troupe::path& author, const memory_request& request) {
  struct reader {
    memory_access& self;
    const troupe::path& author;

    result<message> operator()(const memory::query& what) { return as_message(self.store_->recall(author, what)); }
    result<message> operator()(const memory::facts_query& which) {
      return as_message(self.store_->facts(author, which));
    }
    result<message> operator()(const memory::window_query& what) {
      return as_message(self.store_->window(author, what));
    }
    result<message> operator()(const summarize_space& what) {
      return as_message(self.store_->summarize(author, what.space, what.policy));
    }
    result<message> operator()(const load_state& what) {
      std::vector<std::optional<std::string>> found;
      for (const auto& key : what.keys) {
        auto bytes = self.store_->state(author, author, key);
        if (!bytes) return std::move(bytes).error();
        found.push_back(*std::move(bytes));
      }
      return message::of(std::move(found));
    }
    result<message> operator()(const load_journal& what) { return as_message(self.journal(author, what.messages_max)); }
    result<message> operator()(const memory::record&) { return error{errc::internal, "a record is written"}; }
    result<message> operator()(const save_state&) { return error{errc::internal, "a state is written"}; }
  };
  return std::visit(reader{*this, author}, request.what);
}

}  // namespace troupe::actors
