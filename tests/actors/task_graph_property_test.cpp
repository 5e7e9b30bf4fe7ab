#include <map>
#include <set>

#include "core/seeded.hpp"
#include "task_graphs.hpp"

using namespace troupe;
using namespace support;
using actors::edge_kind;
using actors::graph_plan;

// Random graphs against a model that plays them step by step, looking at all tasks at every step.

namespace {

constexpr instant never = instant::max();

// What happens to one task of a random graph.
struct fate {
  std::vector<duration> times;  // of its attempts
  std::size_t failures = 0;     // the first so many attempts fail
  agent_errc code = agent_errc::agent_failed;
  bool allowed = true;  // by its condition
  bool has_stand_in = false;
  bool stand_in_fails = false;
  duration stand_in_time{};
};

struct story {
  std::shared_ptr<graph_plan> plan = std::make_shared<graph_plan>();
  std::vector<fate> fates;
  std::optional<duration> cancelled;  // after this time
  bool destroyed = false;             // by that, instead of being asked
};

// Times that no two sums of them are equal, as good as certain.
duration some_time(test::seeded& random) {
  return duration{static_cast<std::int64_t>(random.below(2'000'000'000) + 1)};
}

story random_story(test::seeded& random) {
  story s;
  auto& plan = *s.plan;
  plan.name = "random";
  plan.options.at_once = random.below(5) + 1;
  if (random.below(6) == 0) plan.options.within = some_time(random) * 3;
  if (random.below(4) == 0) s.cancelled = some_time(random) * 3;
  s.destroyed = random.below(2) == 0;
  const std::size_t count = random.below(14) + 1;
  std::set<std::size_t> standing_in;
  for (std::size_t i = 0; i < count; ++i) {
    actors::graph_task task{.name = std::to_string(i), .type = "value"};
    task.options.priority = static_cast<int>(random.below(4)) - 1;
    if (random.below(5) == 0) task.options.within = some_time(random);
    if (random.below(3) == 0) task.options.on_failure = on_task_failure::skip;
    auto& retry = task.options.retry;
    retry = {.attempts = static_cast<int>(random.below(3)), .delay_min = 0s, .delay_max = 0s, .jitter = 0.0};
    if (random.below(2) == 0) {
      retry.delay_min = some_time(random);
      retry.delay_max = 3s;
    }
    if (random.below(3) == 0) retry.faults = {fault::overload};
    for (std::size_t tries = random.below(4); i > 0 && tries > 0; --tries) {
      const auto from = random.below(i);
      if (standing_in.contains(from)) continue;
      const auto kind = static_cast<edge_kind>(random.below(3));
      (kind == edge_kind::after || random.below(4) == 0 ? task.order : task.inputs).push_back({from, kind});
    }
    fate f;
    for (int attempt = 0; attempt < 4; ++attempt)
      f.times.push_back(random.below(5) == 0 ? duration::zero() : some_time(random));
    f.failures = random.below(3) == 0 ? random.below(4) : 0;
    f.code = random.below(2) == 0 ? agent_errc::overloaded : agent_errc::agent_failed;
    f.allowed = random.below(10) != 0;
    f.has_stand_in = random.below(5) == 0;
    f.stand_in_fails = random.below(3) == 0;
    f.stand_in_time = some_time(random);
    if (!f.has_stand_in && i > 0 && random.below(3) == 0) {
      const auto other = random.below(i);
      bool used = standing_in.contains(other);
      for (const auto& each : plan.tasks) {
        for (const auto& edge : each.inputs) used |= edge.from == other;
        for (const auto& edge : each.order) used |= edge.from == other;
      }
      for (const auto& edge : task.inputs) used |= edge.from == other;
      for (const auto& edge : task.order) used |= edge.from == other;
      if (!used) {
        task.fallback = other;
        standing_in.insert(other);
      }
    }
    s.fates.push_back(f);
    plan.tasks.push_back(std::move(task));
  }
  return s;
}

std::string value_of(const std::string& name, bool stands_in, const std::vector<std::string>& inputs) {
  std::string text = (stands_in ? "!" : "") + name + "(";
  for (const auto& each : inputs) text += each + ",";
  return std::to_string(std::hash<std::string>{}(text));
}

// What both sides are compared by.
struct played {
  std::vector<std::string> starts;  // with their times
  std::vector<std::string> ends;    // by task: state, times, attempts, value
  std::string failure;
  std::size_t most = 0;  // at the same time
};

// -- the model --------------------------------------------------------------------------------------------------------

class model {
 public:
  explicit model(const story& s) : s_{s}, tasks_(s.plan->tasks.size()) {
    for (std::size_t i = 0; i < tasks_.size(); ++i)
      if (const auto other = s.plan->tasks[i].fallback) owner_[*other] = i;
  }

  played play() {
    const instant end = s_.plan->options.within == duration::max() ? never : instant{} + s_.plan->options.within;
    const instant cancel = s_.cancelled ? instant{} + *s_.cancelled : never;
    for (;;) {
      start_what_can();
      if (failed_ || all_over()) break;
      const std::size_t next = next_event();
      const instant when = std::min({next < tasks_.size() ? tasks_[next].event : never, end, cancel});
      now_ = when;
      if (when == cancel) {
        failure_ = "cancelled";
        break;
      }
      if (when == end) {
        failure_ = "timeout";
        break;
      }
      happen(next);
    }
    return result();
  }

 private:
  struct one {
    task_state state = task_state::not_started;
    instant started{}, finished{}, event = never;
    std::size_t attempts = 0;
    bool was_ready = false, stands_in = false, by_fallback = false, released = false;
    agent_errc code{};
    std::string value;
  };
  bool over(std::size_t i) const { return tasks_[i].state >= task_state::done; }
  bool all_over() const {
    return std::all_of(tasks_.begin(), tasks_.end(), [](const one& t) { return t.state >= task_state::done; });
  }

  // Skips whoever has to be, until nobody is left.
  void skip_what_must() {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (over(i) || tasks_[i].state != task_state::not_started) continue;
        bool must = owner_.contains(i) && over(owner_.at(i));
        const auto look = [&](const actors::graph_edge& edge) {
          must |= edge.kind == edge_kind::need && over(edge.from) && tasks_[edge.from].state != task_state::done;
        };
        for (const auto& edge : s_.plan->tasks[i].inputs) look(edge);
        for (const auto& edge : s_.plan->tasks[i].order) look(edge);
        if (!must) continue;
        end(i, task_state::skipped);
        again = true;
      }
    }
  }

  bool ready(std::size_t i) const {
    const auto& t = tasks_[i];
    if (over(i) || t.state == task_state::running || t.event != never) return false;
    if (owner_.contains(i) && !t.released) return false;
    const auto& task = s_.plan->tasks[i];
    if (t.state == task_state::waiting) return t.was_ready;
    const auto is_over = [&](const actors::graph_edge& edge) { return over(edge.from); };
    return std::all_of(task.inputs.begin(), task.inputs.end(), is_over) &&
           std::all_of(task.order.begin(), task.order.end(), is_over);
  }

  void start_what_can() {
    for (;;) {
      skip_what_must();
      if (failed_) return;
      std::size_t running = 0, best = tasks_.size();
      for (std::size_t i = 0; i < tasks_.size(); ++i) {
        running += tasks_[i].state == task_state::running ? 1 : 0;
        if (!ready(i)) continue;
        const auto priority = [&](std::size_t x) { return s_.plan->tasks[x].options.priority; };
        if (best == tasks_.size() || priority(i) > priority(best)) best = i;
      }
      if (best == tasks_.size() || running >= s_.plan->options.at_once) return;
      auto& t = tasks_[best];
      const auto& f = s_.fates[best];
      if (!f.allowed && t.attempts == 0) {
        end(best, task_state::skipped);
        continue;
      }
      played_.most = std::max(played_.most, running + 1);
      if (t.attempts == 0) t.started = now_;
      if (!t.stands_in) ++t.attempts;
      t.state = task_state::running;
      const duration time = t.stands_in ? f.stand_in_time : f.times[t.attempts - 1];
      const duration within = s_.plan->tasks[best].options.within;
      t.event = now_ + std::min(time, within);
      t.code = time > within ? agent_errc::timeout : agent_errc{};
      played_.starts.push_back(std::to_string(now_.time_since_epoch().count()) + " " + std::to_string(best) +
                               (t.stands_in ? "!" : "#" + std::to_string(t.attempts)));
    }
  }

  // Of several at the same time (attempts that take none) the one that was started first.
  std::size_t next_event() const {
    std::size_t next = tasks_.size();
    for (const auto& each : order())
      if (tasks_[each].event != never && (next == tasks_.size() || tasks_[each].event < tasks_[next].event))
        next = each;
    return next;
  }
  std::vector<std::size_t> order() const {
    std::vector<std::size_t> all;
    for (auto each = played_.starts.rbegin(); each != played_.starts.rend(); ++each) {
      const auto name = each->substr(each->find(' ') + 1);
      const std::size_t i = std::stoul(name);
      if (std::find(all.begin(), all.end(), i) == all.end()) all.push_back(i);
    }
    std::reverse(all.begin(), all.end());
    return all;
  }

  void happen(std::size_t i) {
    auto& t = tasks_[i];
    const auto& f = s_.fates[i];
    t.event = never;
    if (t.state == task_state::waiting) {
      t.was_ready = true;
      return;
    }
    const bool bad = t.code != agent_errc{} || (t.stands_in ? f.stand_in_fails : t.attempts <= f.failures);
    if (!bad) {
      std::vector<std::string> inputs;
      for (const auto& edge : s_.plan->tasks[i].inputs) inputs.push_back(tasks_[edge.from].value);
      t.value = value_of(std::to_string(i), t.stands_in, inputs);
      t.by_fallback = t.stands_in;
      return end(i, task_state::done);
    }
    attempt_failed(i, t.code != agent_errc{} ? t.code : f.code);
  }

  void attempt_failed(std::size_t i, agent_errc code) {
    auto& t = tasks_[i];
    const auto& options = s_.plan->tasks[i].options;
    if (t.stands_in) return fail(i);
    t.state = task_state::waiting;
    t.was_ready = true;
    const bool kind = options.retry.faults.contains(fault_of(error{code, ""}));
    if (kind && static_cast<int>(t.attempts) <= options.retry.attempts) {
      duration wait = options.retry.delay_min;
      for (std::size_t n = 1; n < t.attempts; ++n) wait = std::min(wait * 2, options.retry.delay_max);
      t.was_ready = wait == duration::zero();
      if (!t.was_ready) t.event = now_ + wait;
      return;
    }
    if (s_.fates[i].has_stand_in) {
      t.stands_in = true;
      return;
    }
    t.was_ready = false;
    const auto other = s_.plan->tasks[i].fallback;
    if (!other || over(*other)) return fail(i);
    tasks_[*other].released = true;
  }

  void fail(std::size_t i) {
    end(i, task_state::failed);
    if (s_.plan->tasks[i].options.on_failure == on_task_failure::skip || owner_.contains(i)) return;
    failed_ = true;
    failure_ = "task_failed";
  }

  void end(std::size_t i, task_state how) {
    tasks_[i].state = how;
    tasks_[i].finished = now_;
    if (!owner_.contains(i)) return;
    const auto first = owner_.at(i);
    auto& t = tasks_[first];
    if (t.state != task_state::waiting || !tasks_[i].released) return;
    if (how != task_state::done) return fail(first);
    t.value = tasks_[i].value;
    t.by_fallback = true;
    end(first, task_state::done);
  }

  played result() {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      auto& t = tasks_[i];
      if (t.state == task_state::running || t.state == task_state::waiting) end_of_run(t);
      played_.ends.push_back(std::to_string(i) + " " + std::string{to_string(t.state)} + " " +
                             std::to_string(t.started.time_since_epoch().count()) + "-" +
                             std::to_string(t.finished.time_since_epoch().count()) + " #" + std::to_string(t.attempts) +
                             (t.by_fallback ? "! " : " ") + t.value);
    }
    played_.failure = failure_;
    return played_;
  }
  void end_of_run(one& t) const {
    t.state = task_state::cancelled;
    t.finished = now_;
  }

  const story& s_;
  std::vector<one> tasks_;
  std::map<std::size_t, std::size_t> owner_;
  instant now_{};
  bool failed_ = false;
  std::string failure_;
  played played_;
};

// -- the runtime ------------------------------------------------------------------------------------------------------

class stage_of_story {
 public:
  stage_of_story(workshop& w, story& s) : w_{w}, s_{s}, attempts_(s.fates.size()) {
    for (std::size_t i = 0; i < s.fates.size(); ++i) {
      auto& task = s.plan->tasks[i];
      task.body = [this, i](actors::task_context& here) { return body(i, false, here); };
      if (s.fates[i].has_stand_in)
        task.stand_in = [this, i](actors::task_context& here) { return body(i, true, here); };
      task.condition = [this, i](const std::vector<message>&) { return s_.fates[i].allowed; };
    }
  }

  played play() {
    began_ = w_.n.clock().now();
    graph_control hand;
    w_.run([&](turn& now) -> task<void> {
      const auto run = [&](turn& mine) -> task<std::string> {
        std::vector<message> none;
        auto options = run_options{}.control(hand);
        auto running = actors::run_outside(s_.plan, mine, std::move(options), std::move(none));
        const auto report = co_await std::move(running);
        co_return report.failure ? std::string{report.failure->name()} : std::string{};
      };
      const auto cancel = [&](turn& mine) -> task<std::string> {
        co_await mine.sleep(*s_.cancelled);
        hand.cancel();
        co_return "cancelled";
      };
      if (s_.cancelled && s_.destroyed) {
        std::vector<task<std::string>> both;
        both.push_back(run(now));
        both.push_back(cancel(now));
        auto any = when_any(now, std::move(both));
        const auto first = co_await std::move(any);
        result_.failure = first.value;
      } else if (s_.cancelled) {
        auto all = when_all(now, run(now), cancel(now));
        const auto [failure, nothing] = co_await std::move(all);
        result_.failure = failure;
      } else {
        result_.failure = co_await run(now);
      }
    });
    BOOST_TEST(running_ == 0u);
    const auto report = hand.so_far();
    for (const auto& each : report.tasks) {
      const auto* value = each.get<std::string>();
      result_.ends.push_back(each.name + " " + std::string{to_string(each.state)} + " " + since(each.started) + "-" +
                             since(each.finished) + " #" + std::to_string(each.attempts) +
                             (each.by_fallback ? "! " : " ") + (value ? *value : ""));
    }
    return result_;
  }

 private:
  std::string since(instant when) const { return when == instant{} ? "0" : std::to_string((when - began_).count()); }

  struct running {
    explicit running(std::size_t& count) : count_{count} { ++count_; }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() { --count_; }
    std::size_t& count_;
  };

  task<message> body(std::size_t i, bool stands_in, actors::task_context& here) {
    const running now{running_};
    result_.most = std::max(result_.most, running_);
    const auto& f = s_.fates[i];
    const auto attempt = stands_in ? 0 : attempts_[i]++;
    result_.starts.push_back(since(here.now.now()) + " " + std::to_string(i) +
                             (stands_in ? "!" : "#" + std::to_string(attempt + 1)));
    const duration time = stands_in ? f.stand_in_time : f.times[attempt];
    if (time > duration::zero()) co_await here.now.sleep(time);
    if (stands_in ? f.stand_in_fails : attempt < f.failures) throw failure{error{f.code, "as it was to be"}};
    std::vector<std::string> inputs;
    for (const auto& each : here.inputs) inputs.push_back(each.empty() ? std::string{} : *each.get_if<std::string>());
    co_return message::of(value_of(std::to_string(i), stands_in, inputs));
  }

  workshop& w_;
  story& s_;
  instant began_{};
  std::vector<std::size_t> attempts_;
  std::size_t running_ = 0;
  played result_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_graph_property_test)

BOOST_AUTO_TEST_CASE(random_graphs_start_end_and_fail_as_a_model_of_them_does) {
  test::seeded random;
  workshop w;
  std::map<std::string, int> seen;
  for (int round = 0; round < 3'000; ++round) {
    auto s = random_story(random);
    stage_of_story stage{w, s};
    if (const auto wrong = actors::complete(*s.plan)) {
      BOOST_TEST(wrong->message().find("a cycle") != std::string::npos, wrong->message());
      ++seen["cycle"];
      continue;
    }
    const auto expected = model{s}.play();
    const auto got = stage.play();
    BOOST_TEST_CONTEXT("round " << round << ", seed " << random.seed() << "\n" << to_dot(*s.plan)) {
      BOOST_TEST(got.starts == expected.starts, boost::test_tools::per_element());
      BOOST_TEST(got.ends == expected.ends, boost::test_tools::per_element());
      BOOST_TEST(got.failure == expected.failure);
      BOOST_TEST(got.most <= s.plan->options.at_once);
    }
    if (got.starts != expected.starts || got.ends != expected.ends) break;
    ++seen[expected.failure];
    for (const auto& each : expected.ends) {
      ++seen[each.substr(each.find(' ') + 1, 4)];
      if (each.find('!') != std::string::npos) ++seen["fallback"];
    }
  }
  // All of it came up.
  for (const char* each :
       {"", "task_failed", "timeout", "cancelled", "done", "fail", "skip", "canc", "not ", "fallback"})
    BOOST_TEST(seen[each] > 30, each << " " << seen[each]);
}

BOOST_AUTO_TEST_SUITE_END()
