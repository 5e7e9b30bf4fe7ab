#pragma once

#include <cstddef>

// The measurements of bench_actors on Troupe's agents. Each makes a node of its own and blocks until it is done; each
// runs in a fresh process. What each does, and its sizes, is described in README.md.
namespace bench::ours {

double ping_pong(std::size_t rounds);                       // messages/s
double request(std::size_t rounds);                         // answers/s
double mailbox(std::size_t senders, std::size_t messages);  // messages/s; `messages` by each sender
double ring(std::size_t members, std::size_t hops);         // hops/s
double broadcast(std::size_t agents);                       // agents/s
double spawn(std::size_t agents);                           // agents/s
double idle_memory(std::size_t agents);                     // resident bytes per agent
double restart(std::size_t times);                          // seconds from the failure to the first answer, median
double restart_storm(std::size_t children);                 // seconds from the first failure to the last answer
double restart_storm_dynamic(std::size_t children);         // the same under simple_one_for_one

}  // namespace bench::ours
