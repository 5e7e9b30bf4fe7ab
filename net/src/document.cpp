#include <cassert>
#include <limits>
#include <msgpack.hpp>
#include <string>
#include <troupe/net/document.hpp>
#include <troupe/net/packer.hpp>
#include <vector>

namespace troupe::net {

namespace detail {

struct node {
  value_kind kind;
  bool negative;       // of an integer: which of the two numbers it is
  std::uint32_t size;  // of a text, a binary, an array or a map; the bytes of a real
  union {
    bool truth;
    std::int64_t integer;
    std::uint64_t natural;
    double real;
    const char* bytes;
    const node* first;  // the items of an array; of a map, keys and values in turn
  };
};
static_assert(sizeof(node) <= 16, "document promises 16 bytes for each byte at most");

struct tree {
  std::string copy;         // of the bytes, unless they are somebody else's
  std::vector<node> nodes;  // the root first; children of one parent side by side
  std::shared_ptr<const void> context;
  std::size_t room = 0;  // that is left for what is built of it
  bool assumed_current = false;
};

}  // namespace detail

namespace {

using detail::node;
using detail::tree;

constexpr std::size_t room_min = std::size_t{1} << 20;

// The first pass: nothing is allocated, except for msgpack's own stack, which is as deep as the limit says.
//
// msgpack does not tell where it is, so `at` is where it is at least: each value takes one byte, and a text or a binary
// tells where it lies. A header that announces more values than there can be bytes for them is found at the header.
class checker : public msgpack::null_visitor {
 public:
  checker(std::string_view bytes, std::size_t depth_max) noexcept
      : end_{bytes.data() + bytes.size()}, at_{bytes.data()}, depth_max_{depth_max} {}

  std::size_t nodes() const noexcept { return nodes_; }
  const std::optional<error>& why() const noexcept { return why_; }

  bool visit_nil() { return one(); }
  bool visit_boolean(bool) { return one(); }
  bool visit_positive_integer(std::uint64_t) { return one(); }
  bool visit_negative_integer(std::int64_t) { return one(); }
  bool visit_float32(float) { return one(); }
  bool visit_float64(double) { return one(); }
  bool visit_str(const char* bytes, std::uint32_t size) { return one_with(bytes, size); }
  bool visit_bin(const char* bytes, std::uint32_t size) { return one_with(bytes, size); }
  bool visit_ext(const char*, std::uint32_t) {
    return fail(net_errc::bad_bytes, "an extension type, which is not used");
  }
  bool start_array(std::uint32_t items) { return begin(items); }
  bool end_array() { return end(); }
  bool start_map(std::uint32_t entries) { return begin(std::size_t{entries} * 2); }
  bool end_map() { return end(); }
  void parse_error(std::size_t, std::size_t at) {
    fail(net_errc::bad_bytes, "no MessagePack at byte " + std::to_string(at));
  }
  void insufficient_bytes(std::size_t, std::size_t) {
    fail(net_errc::bad_bytes, "the bytes end before the value does");
  }

 private:
  bool fail(net_errc code, std::string text) {
    if (!why_) why_ = error{code, std::move(text)};
    return false;
  }
  bool one() noexcept {
    ++nodes_;
    ++at_;
    if (announced_ > 0) --announced_;
    return true;
  }
  bool one_with(const char* bytes, std::uint32_t size) noexcept {
    one();
    if (size > 0) at_ = bytes + size;  // where an empty one lies, msgpack does not say
    return true;
  }
  bool begin(std::size_t values) {
    one();
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (values > left || announced_ > left - values)
      return fail(net_errc::bad_bytes, "an array or map is announced that is longer than the bytes that are left");
    announced_ += values;
    if (++depth_ > depth_max_)
      return fail(net_errc::too_deep, "more than " + std::to_string(depth_max_) + " arrays and maps in each other");
    return true;
  }
  bool end() noexcept {
    --depth_;
    return true;
  }

  const char* end_;
  const char* at_;
  std::size_t announced_ = 0;  // values whose headers were read, and that were not
  std::size_t nodes_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_max_;
  std::optional<error> why_;
};

// The second pass, over bytes that are known to be right.
class builder : public msgpack::null_visitor {
 public:
  explicit builder(std::vector<node>& nodes) : next_free_{nodes.data() + 1}, places_{nodes.data()} {}

  bool visit_nil() {
    add(value_kind::nil);
    return true;
  }
  bool visit_boolean(bool truth) {
    add(value_kind::boolean).truth = truth;
    return true;
  }
  bool visit_positive_integer(std::uint64_t number) {
    add(value_kind::integer).natural = number;
    return true;
  }
  bool visit_negative_integer(std::int64_t number) {
    // msgpack calls this for every number that was written as a signed one.
    node& added = add(value_kind::integer);
    added.negative = number < 0;
    added.integer = number;
    return true;
  }
  bool visit_float32(float number) {
    add(value_kind::real, sizeof number).real = number;
    return true;
  }
  bool visit_float64(double number) {
    add(value_kind::real, sizeof number).real = number;
    return true;
  }
  bool visit_str(const char* bytes, std::uint32_t size) {
    add(value_kind::text, size).bytes = size > 0 ? bytes : "";
    return true;
  }
  bool visit_bin(const char* bytes, std::uint32_t size) {
    add(value_kind::binary, size).bytes = size > 0 ? bytes : "";
    return true;
  }
  bool start_array(std::uint32_t items) { return begin(value_kind::array, items, items); }
  bool end_array() { return end(); }
  bool start_map(std::uint32_t entries) { return begin(value_kind::map, entries, std::size_t{entries} * 2); }
  bool end_map() { return end(); }

 private:
  node& add(value_kind kind, std::uint32_t size = 0) {
    node& added = *places_.back()++;
    added.kind = kind;
    added.size = size;
    return added;
  }
  bool begin(value_kind kind, std::uint32_t size, std::size_t children) {
    add(kind, size).first = next_free_;
    places_.push_back(next_free_);
    next_free_ += children;
    return true;
  }
  bool end() {
    places_.pop_back();
    return true;
  }

  node* next_free_;
  std::vector<node*> places_;  // of each array and map that is open: where its next child goes
};

result<void> fill(tree& into, std::string_view bytes, const limits& within) {
  if (bytes.size() > within.bytes)
    return error{net_errc::too_big,
                 std::to_string(bytes.size()) + " bytes, the limit is " + std::to_string(within.bytes)};
  checker check{bytes, within.depth};
  std::size_t end = 0;
  try {
    const bool parsed = msgpack::parse(bytes.data(), bytes.size(), end, check);
    if (check.why()) return *check.why();
    if (!parsed) return error{net_errc::bad_bytes, "no MessagePack"};
  } catch (const msgpack::unpack_error& thrown) {
    return error{net_errc::bad_bytes, thrown.what()};
  }
  if (end != bytes.size())
    return error{net_errc::bad_bytes, "the value ends at byte " + std::to_string(end) + " of " +
                                          std::to_string(bytes.size()) + ": something follows it"};
  into.nodes.resize(check.nodes());
  builder build{into.nodes};
  end = 0;
  msgpack::parse(bytes.data(), bytes.size(), end, build);
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  const bool unbounded = within.expansion > (most - room_min) / bytes.size();  // bytes are there, or it had not parsed
  into.room = unbounded ? most : room_min + bytes.size() * within.expansion;
  return ok();
}

}  // namespace

std::string_view to_string(value_kind kind) noexcept {
  switch (kind) {
    case value_kind::nil: return "nil";
    case value_kind::boolean: return "a boolean";
    case value_kind::integer: return "an integer";
    case value_kind::real: return "a number";
    case value_kind::text: return "a text";
    case value_kind::binary: return "a binary";
    case value_kind::array: return "an array";
    case value_kind::map: return "a map";
  }
  return "unknown";
}

value_kind value::kind() const noexcept { return node_->kind; }

std::optional<bool> value::as_bool() const noexcept {
  if (kind() != value_kind::boolean) return {};
  return node_->truth;
}

std::optional<std::int64_t> value::as_int() const noexcept {
  if (kind() != value_kind::integer) return {};
  if (node_->negative) return node_->integer;
  if (node_->natural > static_cast<std::uint64_t>(INT64_MAX)) return {};
  return static_cast<std::int64_t>(node_->natural);
}

std::optional<std::uint64_t> value::as_uint() const noexcept {
  if (kind() != value_kind::integer || node_->negative) return {};
  return node_->natural;
}

std::optional<double> value::as_double() const noexcept {
  if (kind() == value_kind::real) return node_->real;
  if (kind() != value_kind::integer) return {};
  return node_->negative ? static_cast<double>(node_->integer) : static_cast<double>(node_->natural);
}

std::optional<std::string_view> value::text() const noexcept {
  if (kind() != value_kind::text) return {};
  return std::string_view{node_->bytes, node_->size};
}

std::optional<std::string_view> value::binary() const noexcept {
  if (kind() != value_kind::binary) return {};
  return std::string_view{node_->bytes, node_->size};
}

std::size_t value::size() const noexcept {
  return kind() == value_kind::array || kind() == value_kind::map ? node_->size : 0;
}

value value::at(std::size_t i) const noexcept {
  assert(i < size());
  return {*tree_, node_->first[kind() == value_kind::map ? 2 * i + 1 : i]};
}

value value::key(std::size_t i) const noexcept {
  assert(kind() == value_kind::map && i < size());
  return {*tree_, node_->first[2 * i]};
}

std::optional<value> value::find(std::string_view name) const noexcept {
  if (kind() != value_kind::map) return {};
  for (std::size_t i = 0; i < size(); ++i)
    if (key(i).text() == name) return at(i);
  return {};
}

void value::pack(packer& out) const {
  switch (kind()) {
    case value_kind::nil: return out.nil();
    case value_kind::boolean: return out.boolean(node_->truth);
    case value_kind::integer: return node_->negative ? out.integer(node_->integer) : out.natural(node_->natural);
    case value_kind::real:
      return node_->size == sizeof(float) ? out.real(static_cast<float>(node_->real)) : out.real(node_->real);
    case value_kind::text: return out.text(*text());
    case value_kind::binary: return out.binary(*binary());
    case value_kind::array:
      out.array(size());
      for (std::size_t i = 0; i < size(); ++i) at(i).pack(out);
      return;
    case value_kind::map:
      out.map(size());
      for (std::size_t i = 0; i < size(); ++i) key(i).pack(out), at(i).pack(out);
      return;
  }
}

const std::shared_ptr<const void>& value::context() const noexcept { return tree_->context; }

bool value::assumed_current() const noexcept { return tree_->assumed_current; }

result<void> value::charge(std::size_t size_bytes) const {
  if (size_bytes > tree_->room)
    return error{net_errc::too_big, "it would grow far beyond its bytes (see limits::expansion)"};
  tree_->room -= size_bytes;
  return ok();
}

document::document(std::unique_ptr<tree> of) noexcept : tree_{std::move(of)} {}
document::document(document&& other) noexcept = default;
document& document::operator=(document&& other) noexcept = default;
document::~document() = default;

result<document> document::parse(std::string_view bytes, const limits& within, std::shared_ptr<const void> context) {
  // What is too big is not copied.
  if (bytes.size() > within.bytes) return view(bytes, within);
  auto made = std::make_unique<tree>();
  made->copy = bytes;
  made->context = std::move(context);
  if (auto filled = fill(*made, made->copy, within); !filled) return std::move(filled).error();
  return document{std::move(made)};
}

result<document> document::view(std::string_view bytes, const limits& within, std::shared_ptr<const void> context) {
  auto made = std::make_unique<tree>();
  made->context = std::move(context);
  if (auto filled = fill(*made, bytes, within); !filled) return std::move(filled).error();
  return document{std::move(made)};
}

value document::root() const noexcept { return {*tree_, tree_->nodes.front()}; }

void document::assume_current() noexcept { tree_->assumed_current = true; }

}  // namespace troupe::net
