#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/record.hpp>
#include <vector>

namespace troupe::memory {

// Where to look: in one space, in it and all below it, or in it and all above it.
enum class scope { space, subtree, ancestors };

// How much each part of a score counts. Each part is brought to 0 to 1 over the candidates of one question (min-max),
// so that they can be added. The defaults are a rule rather than a fit: words count 1 at each level, all else a half.
struct recall_weights {
  double words = 1;             // BM25 of the record itself
  double window = 1;            // BM25 of the record with its two neighbours on either side
  double space = 1;             // BM25 of the space it is in, as one text, among those searched
  double meaning = 0.5;         // dot product of the vectors, the record's
  double window_meaning = 0.5;  // the same, of the mean over its neighbours
  double mention = 0.5;         // the question names who speaks in it: a name at its start, its subject or an attribute
  double recency = 0;           // 0.995 to the power of the hours since its time, as Generative Agents have it
  double importance = 0;        // the record's own

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("words", self.words), visit("window", self.window), visit("space", self.space),
        visit("meaning", self.meaning);
    visit("window_meaning", self.window_meaning), visit("mention", self.mention);
    visit("recency", self.recency), visit("importance", self.importance);
  }
};

struct query {
  std::string text = {};
  path space = {};
  memory::scope scope = scope::subtree;
  std::size_t limit = 10;                              // 1 to 1,000
  std::vector<record_kind> kinds = {};                 // empty: all
  std::optional<timestamp> from = {}, to = {};         // of the record's time: from <= time < to
  std::map<std::string, std::string> attributes = {};  // all of them equal
  std::string subject = {};                            // empty: any
  recall_weights weights = {};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("text", self.text), visit("space", self.space), visit("scope", self.scope), visit("limit", self.limit);
    visit("kinds", self.kinds), visit("from", self.from), visit("to", self.to), visit("attributes", self.attributes);
    visit("subject", self.subject), visit("weights", self.weights);
  }
};

struct score_parts {
  double words = 0, window = 0, space = 0, meaning = 0, window_meaning = 0, mention = 0, recency = 0, importance = 0;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("words", self.words), visit("window", self.window), visit("space", self.space),
        visit("meaning", self.meaning);
    visit("window_meaning", self.window_meaning), visit("mention", self.mention);
    visit("recency", self.recency), visit("importance", self.importance);
  }
};

struct hit {
  record what;
  double score = 0;   // the weighted sum of the parts, divided by the sum of the weights
  score_parts parts;  // each 0 to 1, before weighting

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("what", self.what), visit("score", self.score), visit("parts", self.parts);
  }
};

// Which facts to read: those that held at `as_of`, as known at `known_at`.
struct facts_query {
  path space = {};
  std::string key_prefix = {};
  std::optional<timestamp> as_of = {};     // none: now
  std::optional<timestamp> known_at = {};  // none: now
  bool history = false;                    // all versions known then, in the order of key and time; as_of is not used
  std::size_t limit = 10'000;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space), visit("key_prefix", self.key_prefix), visit("as_of", self.as_of);
    visit("known_at", self.known_at), visit("history", self.history), visit("limit", self.limit);
  }
};

}  // namespace troupe::memory
