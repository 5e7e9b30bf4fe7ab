// An assistant that answers with a graph of tasks: it asks three sources at the same time, one of which fails at first,
// one of which never answers, and one of which refuses; works on each document that came back; puts the pieces
// together; and has a sub-agent of its own look at the result. Then it shows what took how long.

#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <troupe/actors/task_graph.hpp>
#include <vector>

using namespace std::chrono_literals;

struct documents {
  std::vector<std::string> texts;
  TROUPE_MESSAGE(documents, texts)
};
struct search {
  std::string topic;
  using reply_type = documents;
  TROUPE_MESSAGE(search, topic)
};

struct verdict {
  std::string text;
  TROUPE_MESSAGE(verdict, text)
};
struct review {
  std::string text;
  using reply_type = verdict;
  TROUPE_MESSAGE(review, text)
};

struct question {
  std::string topic;
  using reply_type = verdict;
  TROUPE_MESSAGE(question, topic)
};

// Is not there when it is asked for the first time.
class news : public troupe::agent {
 public:
  explicit news(troupe::agent_context& context) : agent{context} {
    on([this](const search& s) -> troupe::result<documents> {
      if (++asked_ == 1) return troupe::error{troupe::agent_errc::provider_unavailable, "the news are being printed"};
      return documents{{s.topic + " are back in the city", "what " + s.topic + " like"}};
    });
  }

 private:
  int asked_ = 0;
};

// Takes for ever.
class papers : public troupe::agent {
 public:
  explicit papers(troupe::agent_context& context) : agent{context} {
    on([](search, troupe::turn& now) -> troupe::task<documents> {
      co_await now.sleep(1h);
      co_return documents{};
    });
  }
};

// Tells nobody.
class diary : public troupe::agent {
 public:
  explicit diary(troupe::agent_context& context) : agent{context} {
    on([](const search&) -> troupe::result<documents> {
      return troupe::error{troupe::agent_errc::policy_denied, "the diary is private"};
    });
  }
};

// A sub-agent that lives for one task.
class critic : public troupe::agent {
 public:
  explicit critic(troupe::agent_context& context) : agent{context} {
    on([](const review& r) { return verdict{r.text + " (" + std::to_string(r.text.size()) + " letters, approved)"}; });
  }
};

troupe::task<std::string> gist(const std::string& text, troupe::turn& now) {
  co_await now.sleep(20ms);  // a model would think
  co_return text.substr(0, text.find(' ', text.find(' ') + 1));
}

documents collect(const documents& news, const documents& papers, const std::optional<documents>& diary) {
  documents all = news;
  for (const auto* more : {&papers, diary ? &*diary : nullptr})
    if (more) all.texts.insert(all.texts.end(), more->texts.begin(), more->texts.end());
  return all;
}

// What depends on what. The types of the inputs are those of the tasks that are named as such.
troupe::task_graph<verdict, std::string> research() {
  troupe::graph_builder g{"research", {.within = 10s}};
  const auto to_search = [](const std::string& topic) { return search{topic}; };

  auto topic = g.input<std::string>("topic");
  auto news = g.ask("news", troupe::path{"/root/news"}, to_search, topic)
                  .retry({.attempts = 2, .delay_min = 30ms, .delay_max = 1s})
                  .priority(1);
  auto papers =
      g.ask("papers", troupe::path{"/root/papers"}, to_search, topic).within(100ms).fallback([](const std::string& t) {
        return documents{{"all about " + t + ", third edition"}};
      });
  auto diary = g.ask("diary", troupe::path{"/root/diary"}, to_search, topic).skip_on_failure();
  auto all = g.task("collect", collect, news, papers, troupe::maybe(diary));
  auto texts = g.task(
      "texts", [](const documents& d) { return d.texts; }, all);
  auto gists = g.map("gists", gist, texts, {.at_once = 2});
  auto brief = g.reduce(
      "brief", std::string{},
      [](const std::string& before, const std::string& next) { return before.empty() ? next : before + "; " + next; },
      gists);
  auto checked = g.sub_agent(
      "critic", troupe::child<critic>("critic"), [](const std::string& text) { return review{text}; }, brief);
  return g.build(checked, topic).value();
}

void show(const troupe::graph_report& run) {
  std::cout << run.summary() << '\n';
  const auto ms = [&](troupe::instant when) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(when - run.started).count();
  };
  for (const auto& each : run.tasks)
    std::cout << "  " << std::left << std::setw(8) << each.name << std::setw(8) << to_string(each.state) << std::right
              << std::setw(5) << ms(each.started) << " to " << std::setw(4) << ms(each.finished)
              << " ms, attempts: " << each.attempts << (each.by_fallback ? ", by fallback" : "")
              << (each.why ? "; " + each.why->message() : "") << '\n';
}

class assistant : public troupe::agent {
 public:
  explicit assistant(troupe::agent_context& context) : agent{context} { on(&assistant::answer); }

 private:
  troupe::task<troupe::result<verdict>> answer(question q, troupe::turn& now) {
    const auto outcome = co_await research_.run(now, q.topic);
    show(outcome);
    std::cout << "\n" << to_dot(outcome) << "\n";
    co_return outcome.result();
  }

  const troupe::task_graph<verdict, std::string> research_ = research();
};

void ask(troupe::node& node) {
  node.supervise({.name = "root",
                  .children = {troupe::child<news>("news"), troupe::child<papers>("papers"),
                               troupe::child<diary>("diary"), troupe::child<assistant>("assistant")}})
      .value();
  const auto said = node.ask(node.ref(troupe::path{"/root/assistant"}), question{"bees"});
  std::cout << (said ? said->text : said.error().message()) << '\n';
  node.request_stop("all is said");
}

int main(int argc, char** argv) {
  return troupe::run(argc, argv, ask,
                     {.name = "03_task_graph", .description = "An assistant that works by a graph.", .version = {}});
}
