#pragma once

#include <cstddef>

// The measurements of bench_actors on event-based CAF actors, as somebody would write them who uses CAF without Troupe.
// Each makes an actor system of its own with one scheduler thread per core, and blocks until it is done.
// What each does, and its sizes, is described in README.md.
namespace bench::bare_caf {

double ping_pong(std::size_t rounds);                       // messages/s
double request(std::size_t rounds);                         // answers/s
double mailbox(std::size_t senders, std::size_t messages);  // messages/s; `messages` by each sender
double ring(std::size_t members, std::size_t hops);         // hops/s
double broadcast(std::size_t actors);                       // actors/s
double spawn(std::size_t actors);                           // actors/s
double idle_memory(std::size_t actors);                     // resident bytes per actor

}  // namespace bench::bare_caf
