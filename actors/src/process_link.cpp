#include "process_link.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cell.hpp"
#include "process_host.hpp"
#include "runtime.hpp"

// The node's side of a process: what goes in. What comes out, and its end, are in process_link_in.cpp.

namespace troupe::actors {

std::string output_lines::tail() const {
  std::string all;
  for (const auto& each : lines_) all += (all.empty() ? "" : "\n") + each;
  if (!line_.empty()) all += (all.empty() ? "" : "\n") + line_;
  return all;
}

void output_lines::keep() {
  lines_.push_back(std::exchange(line_, {}));
  if (lines_.size() > kept_lines) lines_.pop_front();
}

process_link::process_link(process_host& host, std::uint64_t number, int socket, int output)
    : host_{host}, number_{number}, socket_{host.io(), socket}, output_{host.io(), output}, in_{frame_overhead_max} {
  ::fcntl(socket, F_SETFL, O_NONBLOCK);
  ::fcntl(output, F_SETFL, O_NONBLOCK);
}

process_link::~process_link() {
  if (handle_ >= 0) ::close(handle_);
}

std::shared_ptr<cell> process_link::owner() const {
  std::scoped_lock lock{mutex_};
  return owner_.lock();
}

std::string process_link::waits_on() const {
  std::scoped_lock lock{mutex_};
  return waits_on_;
}

agent_ref process_link::sender() {
  const auto who = owner();
  return who ? who->ref() : agent_ref{};
}

void process_link::begin(const std::shared_ptr<cell>& owner, std::uint64_t effect, const frames::start& order) {
  heard_ns_.store(host_.home().time().now().time_since_epoch().count(), std::memory_order_relaxed);
  {
    std::unique_lock lock{mutex_};
    if (over()) {
      lock.unlock();
      return owner->resolve(effect, error{agent_errc::no_process, "its process ended before it was used"});
    }
    owner_ = owner;
    options_ = order.options;
    turn_budget_ = owner->spec().turn_budget;
    where_ = order.where;
    incarnation_ = order.incarnation;
    starting_ = effect;
  }
  host_.began(order.where, shared_from_this());
  write(order);
}

void process_link::send(std::uint64_t effect, frames::message what) {
  what.number = effect;
  {
    std::scoped_lock lock{mutex_};
    in_hand_.insert(effect);
  }
  write(what);
  if (!over()) return;
  std::unique_lock lock{mutex_};
  process_verdict verdict{*end_};
  lock.unlock();
  settle(effect, message::of(std::move(verdict)));
}

void process_link::stop(std::uint64_t effect, const exit_cause& cause) {
  std::shared_ptr<cell> gone;
  {
    std::scoped_lock lock{mutex_};
    stopping_ = effect;
    if (over()) gone = owner_.lock();
  }
  if (gone) return gone->resolve(effect, message{});
  write(frames::stop{frames::bounded(cause)});
}

void process_link::kill(exit_cause why) {
  std::scoped_lock lock{mutex_};
  if (!kill_wanted_) kill_wanted_ = std::move(why);
  if (handle_ >= 0 && !over()) ::syscall(SYS_pidfd_send_signal, handle_, SIGKILL, nullptr, 0);
}

std::size_t process_link::message_bytes_max() const {
  std::scoped_lock lock{mutex_};
  return options_.message_bytes_max;
}

error process_link::too_long(std::size_t size_bytes) const {
  return {agent_errc::bad_message, "a message of " + std::to_string(size_bytes) + " bytes for the process of " +
                                       where_.str() + "; its process_options::message_bytes_max is " +
                                       std::to_string(options_.message_bytes_max)};
}

void process_link::pass(const troupe::path& to, envelope&& mail) {
  const auto refuse = [&](error why, drop_reason reason = drop_reason::unknown_agent) {
    host_.home().drop(reason, to, mail.payload.type_name());
    if (mail.effect != 0 && mail.origin) mail.origin->resolve(mail.effect, std::move(why));
  };
  auto bytes = mail.payload.encode();
  if (!bytes) {
    const bool local = bytes.error().is(agent_errc::local_message);
    if (!told_local_.exchange(true))
      host_.home().log().warn(
          "a message cannot leave its process; the next ones to this process are dead letters without a word",
          {{"agent", to.str()}, {"message", mail.payload.type_name()}, {"error", bytes.error().message()}});
    return refuse(std::move(bytes).error(), local ? drop_reason::local_message : drop_reason::bad_message);
  }
  if (bytes->size() > message_bytes_max()) return refuse(too_long(bytes->size()), drop_reason::bad_message);
  frames::letter letter{.number = 0,
                        .from = {},
                        .to = to.str(),
                        .type = std::string{mail.payload.type_name()},
                        .bytes = *std::move(bytes),
                        .deadline = mail.deadline,
                        .trace = mail.trace};
  if (mail.origin)
    if (const auto from = mail.origin->sender()) letter.from = from.path().str();
  {
    std::unique_lock lock{mutex_};
    if (over() || letters_.size() >= questions_max) {
      const bool gone = over();
      lock.unlock();
      return refuse(
          gone ? error{agent_errc::agent_down, "the process of " + to.str() + " is gone"}
               : error{agent_errc::overloaded, "10,000 questions wait for answers of agents below " + where_.str()});
    }
    if (mail.effect != 0 && mail.origin) {
      letter.number = letter_bit | ++letter_count_;
      letters_.emplace(letter.number, question{std::move(mail.origin), mail.effect});
    }
  }
  write(letter);
}

// -- as whoever asks in the name of the process -----------------------------------------------------------------------

void process_link::resolve(std::uint64_t number, result<message> reply) {
  frames::answer answer{.number = number, .error = {}, .type = {}, .bytes = {}};
  if (reply && !reply->empty()) {
    auto bytes = reply->encode();
    answer.type = reply->type_name();
    if (!bytes)
      answer.error = std::move(bytes).error();
    else if (bytes->size() > message_bytes_max())
      answer.error = too_long(bytes->size());
    else
      answer.bytes = *std::move(bytes);
  } else if (!reply) {
    answer.error = frames::bounded(reply.error());
  }
  {
    std::scoped_lock lock{mutex_};
    if (asked_ > 0) --asked_;
  }
  write(answer);
}

void process_link::notify(down_notice notice) {
  std::uint64_t theirs = 0;
  {
    std::scoped_lock lock{mutex_};
    // One whose number is not known yet is only meant if there is none that has it.
    auto found = watches_.end();
    for (auto each = watches_.begin(); each != watches_.end(); ++each) {
      if (each->second.who != notice.who) continue;
      if (each->second.node_number == notice.watch || (each->second.node_number == 0 && (found == watches_.end())))
        found = each;
    }
    if (found == watches_.end()) return;
    theirs = found->first;
    watches_.erase(found);
  }
  write(frames::down{theirs, notice.incarnation, frames::bounded(std::move(notice.cause))});
}

// -- the socket -------------------------------------------------------------------------------------------------------

template <class Frame>
void process_link::write(const Frame& what) {
  const auto bytes = frame_bytes(what);
  std::scoped_lock lock{mutex_};
  if (over()) return;
  std::string_view rest{bytes};
  if (backlog_.empty()) {
    const auto taken = ::send(socket_.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken > 0) rest.remove_prefix(static_cast<std::size_t>(taken));
    if (taken < 0 && errno != EAGAIN && errno != EINTR) return;  // the end is noticed by whoever reads
  }
  if (rest.empty()) return;
  backlog_.append(rest);
  if (backlog_.size() > 2 * options_.message_bytes_max + frame_overhead_max) {
    if (!kill_wanted_)
      kill_wanted_ = exit_cause::failed("its process does not take what is sent to it", fault::overload);
    if (handle_ >= 0) ::syscall(SYS_pidfd_send_signal, handle_, SIGKILL, nullptr, 0);
    return;
  }
  if (!std::exchange(flushing_, true)) boost::asio::post(host_.io(), [self = shared_from_this()] { self->flush(); });
}

void process_link::flush() {
  {
    std::scoped_lock lock{mutex_};
    if (over()) return;
    std::size_t sent = 0;
    while (sent < backlog_.size()) {
      const auto taken =
          ::send(socket_.native_handle(), backlog_.data() + sent, backlog_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0 && errno != EAGAIN) sent = backlog_.size();  // it is gone
      if (taken <= 0) break;
      sent += static_cast<std::size_t>(taken);
    }
    backlog_.erase(0, sent);
    if (backlog_.empty()) {
      flushing_ = false;
      if (backlog_.capacity() > frame_overhead_max) backlog_.shrink_to_fit();
      return;
    }
  }
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (!failed) self->flush();
                     });
}

template void process_link::write(const frames::answer&);
template void process_link::write(const frames::down&);
template void process_link::write(const frames::budget_answer&);

}  // namespace troupe::actors
