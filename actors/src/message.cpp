#include <troupe/actors/errc.hpp>
#include <troupe/actors/message.hpp>

// Messages that travel as bytes.

namespace troupe {

namespace actors {

namespace {

// It is its own type, since only it knows its name: whoever decodes it compares names.
class encoded_payload final : public payload_base {
 public:
  encoded_payload(std::string name, std::string bytes, std::shared_ptr<const void> context)
      : payload_base{&type_}, name_{std::move(name)}, bytes_{std::move(bytes)}, context_{std::move(context)} {
    type_.name = name_;
    type_.encoded = true;
  }

  const std::string& bytes() const noexcept { return bytes_; }
  const std::shared_ptr<const void>& context() const noexcept { return context_; }

 private:
  std::string name_;
  std::string bytes_;
  std::shared_ptr<const void> context_;  // shared with all messages of one runtime
  message_type type_;
};

error cannot_leave(std::string_view name) {
  return {agent_errc::local_message,
          "`" + std::string{name} + "` cannot leave its process: make it a TROUPE_MESSAGE whose fields have codecs"};
}

error unexpected(std::string_view expected, const message& got) {
  return {agent_errc::unexpected_reply, "expected `" + std::string{expected} + "`, got " +
                                            (got.empty() ? "nothing" : "`" + std::string{got.type_name()} + "`")};
}

}  // namespace

}  // namespace actors

using actors::encoded_payload;

message message::encoded(std::string type_name, std::string bytes, std::shared_ptr<const void> context) {
  constexpr std::size_t name_size_max = 256;
  if (type_name.size() > name_size_max) type_name.resize(name_size_max);
  message made;
  if (!type_name.empty() || !bytes.empty())
    made.payload_ = new encoded_payload{std::move(type_name), std::move(bytes), std::move(context)};
  return made;
}

const std::string& message::bytes() const noexcept { return static_cast<const encoded_payload*>(payload_)->bytes(); }

result<std::string> message::encode() const {
  if (empty()) return std::string{};
  if (is_encoded()) return bytes();
  if (!type()->encode) return actors::cannot_leave(type_name());
  std::string out;
  if (auto outcome = type()->encode(*payload_, out); !outcome) {
    if (outcome.error().is(agent_errc::local_message)) return std::move(outcome).error();
    return error{agent_errc::bad_message, std::string{type_name()} + ": " + outcome.error().message()};
  }
  return out;
}

result<message> message::decoded(const message_type& as) const {
  if (type() == &as) return *this;
  if (!is_encoded() || type_name() != as.name) return actors::unexpected(as.name, *this);
  if (!as.decode)
    return error{agent_errc::bad_message, "`" + std::string{as.name} + "` came as bytes, but its type is local"};
  const auto& mine = *static_cast<const encoded_payload*>(payload_);
  auto value = as.decode(mine.bytes(), mine.context());
  if (!value) return error{agent_errc::bad_message, value.error().message()};
  return value;
}

void net::codec<message>::pack(packer& out, const message& from) {
  if (from.empty()) return out.nil();
  auto bytes = from.encode();
  if (!bytes) return out.fail(std::move(bytes).error());
  out.array(2);
  out.text(from.type_name());
  out.binary(*bytes);
}

result<void> net::codec<message>::unpack(const value& from, message& into) {
  into = {};
  if (from.is_nil()) return ok();
  if (auto opened = detail::open_array(from, 0, 2); !opened) return opened;
  const auto name = from.at(0).text();
  if (!name) return at_item(wrong_type(from.at(0), "a text"), 0);
  const auto bytes = from.at(1).binary();
  if (!bytes) return at_item(wrong_type(from.at(1), "a binary"), 1);
  into = message::encoded(std::string{*name}, std::string{*bytes}, from.context());
  return ok();
}

}  // namespace troupe
