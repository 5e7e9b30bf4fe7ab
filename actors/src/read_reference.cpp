#include "read_reference.hpp"

#include <algorithm>
#include <utility>

#include "stored_answer.hpp"
#include "turn_journal.hpp"

namespace troupe::actors {

namespace {

// A text that a record begins with.
struct text_reference {
  id record;
  std::uint64_t size_bytes = 0;
  std::uint64_t digest = 0;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("record", self.record), visit("size", self.size_bytes), visit("digest", self.digest);
  }
};
struct hit_reference {
  text_reference what;
  double score = 0;
  memory::score_parts parts;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("what", self.what), visit("score", self.score), visit("parts", self.parts);
  }
};
struct part_reference {
  memory::part shown;  // without its text, if that is a record's
  std::optional<text_reference> what;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("shown", self.shown), visit("what", self.what);
  }
};
struct window_reference {
  std::vector<part_reference> parts, left_out;
  std::uint64_t tokens = 0;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("parts", self.parts), visit("left_out", self.left_out), visit("tokens", self.tokens);
  }
};

// In the place of the type of a result.
constexpr std::string_view hits_type = "~hits", records_type = "~records", window_type = "~window";

text_reference refer(const memory::record& what) { return {what.id, what.text.size(), fnv1a(what.text)}; }

part_reference refer(const memory::part& what) {
  part_reference made{.shown = what, .what = {}};
  if (what.record.is_nil()) return made;
  made.what = text_reference{what.record, what.text.size(), fnv1a(what.text)};
  made.shown.text.clear();
  return made;
}

template <class From>
auto refer_all(const std::vector<From>& all) {
  std::vector<decltype(refer(all.front()))> made;
  for (const auto& each : all) made.push_back(refer(each));
  return made;
}

class look_up {
 public:
  look_up(const memory::store& in, const troupe::path& reader) : in_{in}, reader_{reader} {}

  memory::record record(const text_reference& of) const {
    auto found = in_.get(reader_, of.record);
    if (found && text_of(*found, of)) return *std::move(found);
    memory::record gone;
    gone.id = of.record;
    return gone;
  }
  memory::part part(part_reference of) const {
    if (of.what)
      if (const auto found = in_.get(reader_, of.what->record))
        if (const auto text = text_of(*found, *of.what)) of.shown.text = *text;
    return std::move(of.shown);
  }
  template <class From>
  auto all(From&& each, auto one) const {
    std::vector<decltype(one(std::move(each.front())))> made;
    for (auto& every : each) made.push_back(one(std::move(every)));
    return made;
  }

 private:
  static std::optional<std::string> text_of(const memory::record& found, const text_reference& of) {
    if (found.text.size() < of.size_bytes) return {};
    auto text = found.text.substr(0, of.size_bytes);
    if (fnv1a(text) != of.digest) return {};
    return text;
  }

  const memory::store& in_;
  const troupe::path& reader_;
};

template <class T>
result<message> decoded(const stored_answer& from) {
  auto value = net::decode<T>(from.bytes);
  if (!value) return std::move(value).error();
  return message::of(*std::move(value));
}

// Nothing, if it is none.
std::optional<result<message>> found(const look_up& by, const stored_answer& stored) {
  if (stored.type == hits_type) {
    auto all = decoded<std::vector<hit_reference>>(stored);
    if (!all) return all;
    return message::of(by.all(all->take<std::vector<hit_reference>>(), [&](hit_reference each) {
      return memory::hit{by.record(each.what), each.score, each.parts};
    }));
  }
  if (stored.type == records_type) {
    auto all = decoded<std::vector<text_reference>>(stored);
    if (!all) return all;
    return message::of(
        by.all(all->take<std::vector<text_reference>>(), [&](const text_reference& each) { return by.record(each); }));
  }
  if (stored.type == window_type) {
    auto all = decoded<window_reference>(stored);
    if (!all) return all;
    auto of = all->take<window_reference>();
    const auto part = [&](part_reference each) { return by.part(std::move(each)); };
    memory::window made;
    made.parts = by.all(std::move(of.parts), part);
    made.left_out = by.all(std::move(of.left_out), part);
    made.tokens = of.tokens;
    return message::of(std::move(made));
  }
  return {};
}

}  // namespace

std::optional<std::string> refer_to(const message& read) {
  stored_answer made;
  if (const auto* hits = read.get_if<std::vector<memory::hit>>()) {
    made.type = hits_type;
    std::vector<hit_reference> all;
    for (const auto& each : *hits) all.push_back({refer(each.what), each.score, each.parts});
    made.bytes = net::encode(all);
  } else if (const auto* records = read.get_if<std::vector<memory::record>>()) {
    made.type = records_type;
    made.bytes = net::encode(refer_all(*records));
  } else if (const auto* window = read.get_if<memory::window>()) {
    made.type = window_type;
    made.bytes = net::encode(window_reference{refer_all(window->parts), refer_all(window->left_out), window->tokens});
  } else {
    return {};
  }
  return net::encode(made);
}

void look_up_references(const memory::store& in, const troupe::path& reader, memory::agent_journal& of) {
  const look_up by{in, reader};
  for (auto& [name, turn] : of.turns)
    for (auto& effect : turn.effects) {
      if (!effect.result) continue;
      const auto stored = net::decode<stored_answer>(*effect.result);
      if (!stored || stored->error) continue;
      if (const auto read = found(by, *stored))
        if (auto whole = encode_answer(*read)) effect.result = *std::move(whole);
    }
}

}  // namespace troupe::actors
