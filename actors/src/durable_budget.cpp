#include "durable_budget.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "account.hpp"
#include "durable_cell.hpp"
#include "runtime.hpp"
#include "stored_answer.hpp"
#include "turn_charges.hpp"

namespace troupe::actors {

namespace {

// What is left, as the journal has it.
struct stored_room {
  bool limited = false;
  std::int64_t left = 0;
  std::int64_t limit = 0;
  troupe::path whose;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("limited", self.limited), visit("left", self.left), visit("limit", self.limit), visit("whose", self.whose);
  }
};

std::string words_of(std::string_view what, const amounts& all) {
  std::string text{what};
  for (const auto& [name, how_much] : all) text += " " + name + ":" + std::to_string(how_much.value());
  return text;
}

// The number of the effect, whose result is an error or nothing.
result<std::uint32_t> take(cell& in, turn_journal& journal, const amounts& all, bool spends) {
  const auto words = words_of(spends ? "spend" : "reserve", all);
  const auto known = journal.begin(effect_kind::budget, words, digest_of(0, words));
  if (known.wrong) return *known.wrong;
  if (known.has_result) {
    const auto before = decode_answer(journal.result_of(known.number), nullptr);
    if (!before) return before.error();
    return known.number;
  }
  auto& charges = *journal.charges();
  if (charges.are_many()) write_charges(in, journal);
  auto refused = charges.take(known.number, all, spends);
  if (refused && charges.keeps_back()) {  // the turn itself has given back what it asks for
    write_charges(in, journal);
    refused = charges.take(known.number, all, spends);
  }
  if (!refused) return known.number;
  auto why = in.home().budget_refused(*refused, in.where());
  auto what = journal.record(known.number);
  what.result = *encode_answer(why);
  what.charges.emplace();
  charges.note(std::move(what));
  return why;
}

}  // namespace

result<reservation> reserve_durably(cell& in, turn_journal& journal, amounts all) {
  const auto number = take(in, journal, all, false);
  if (!number) return number.error();
  return reservation{journal.charges(), *number, std::hash<id>{}(journal.name().derived(*number)) | 1, in.where(),
                     std::move(all)};
}

result<void> spend_durably(cell& in, turn_journal& journal, const amounts& all) {
  const auto number = take(in, journal, all, true);
  if (!number) return number.error();
  return {};
}

std::optional<budget_room> look_durably(cell& in, turn_journal& journal, std::string_view quantity) {
  const auto words = "left of " + std::string{quantity};
  const auto known = journal.begin(effect_kind::budget, words, digest_of(0, words));
  if (known.wrong) return {};  // the turn fails by it
  stored_room room;
  if (known.has_result) {
    if (auto before = net::decode<stored_room>(journal.result_of(known.number))) room = *std::move(before);
  } else {
    if (journal.charges()->keeps_back() || journal.charges()->are_many()) write_charges(in, journal);
    if (const auto& nearest = in.nearest_account())
      if (auto left = nearest->left(quantity, in.where(), in.home().time().now()))
        room = {true, left->left, left->limit, std::move(left->whose)};
    auto what = journal.record(known.number);
    what.result = net::encode(room);
    what.charges.emplace();
    journal.charges()->note(std::move(what));
  }
  if (!room.limited) return {};
  return budget_room{room.left, room.limit, std::move(room.whose)};
}

void write_charges(cell& in, turn_journal& journal) {
  auto all = journal.before(in.where());
  for (auto first = all.begin(); first != all.end();) {
    const auto last = first + std::min<std::ptrdiff_t>(all.end() - first, std::ptrdiff_t{turn_charges::unsent_max});
    memory::command what;
    what.author = in.where();
    what.operations.assign(std::move_iterator{first}, std::move_iterator{last});
    in.home().memory().commit(std::move(what), [](const result<memory::outcome>&) {});
    first = last;
  }
  journal.charges()->sent();
}

void begin_when_written(cell& in, turn_journal& journal, std::uint32_t number, std::function<void()> begin) {
  if (number == 0 || !journal.charges()->must_be_written()) return begin();
  journal.begins_later(number, std::move(begin));
  journaled_result news{journal.name(), number, in.home().time().wall(), std::string{}};
  news.notes = journal.charges()->notes();
  news.begins = true;
  memory::command what;
  what.author = in.where();
  what.operations = journal.before(in.where());
  in.home().memory().commit(
      std::move(what), [self = in.shared_from_this(), news = std::move(news)](const result<memory::outcome>& done) {
        auto told = news;
        if (!done) told.stored = done.error();
        self->tell_result(std::move(told));
      });
  journal.charges()->sent();
}

}  // namespace troupe::actors
