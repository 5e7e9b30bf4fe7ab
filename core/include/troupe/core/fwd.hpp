#pragma once

// The types of core by name, for headers that only mention them.

namespace troupe {

class error;
class failure;
template <class T>
class result;

class path;
class id;
class id_generator;

class clock;
class real_clock;
class virtual_clock;

struct trace_context;
class trace_state;

class config;
class logger;

class counter;
class gauge;
class histogram;
template <class Metric>
class metric_family;
class metrics_registry;

}  // namespace troupe
