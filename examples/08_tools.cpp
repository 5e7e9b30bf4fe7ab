// An assistant with tools: functions over structs, whose arguments are checked before anything happens; one that
// somebody has to confirm; one in a process of its own, which may crash. And the tools of an MCP server, if there is
// one:
//
//   08_tools
//   08_tools --server node build/mcp_servers/node_modules/@modelcontextprotocol/server-everything/dist/index.js
//   08_tools --url http://127.0.0.1:3001/mcp
//
// What comes after --server is the server's command.

#include <cstdlib>
#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <troupe/actors/tool_registry.hpp>
#include <vector>

using namespace std::chrono_literals;

// -- the tools --------------------------------------------------------------------------------------------------------

struct distance_in_km {
  double km = 0;
  TROUPE_MESSAGE(distance_in_km, km)
};
struct distance_in_miles {
  double miles = 0;
  TROUPE_MESSAGE(distance_in_miles, miles)
};
distance_in_miles convert(const distance_in_km& from) { return {from.km / 1.609344}; }

struct loan {
  std::string to;
  int euros = 0;
  TROUPE_MESSAGE(loan, to, euros)
};
std::string lend(const loan& what, const troupe::tool_call& call) {
  // A bank would look at call.idempotency_key, which is the same in all tries of one call.
  return what.to + " has " + std::to_string(what.euros) + " euros more" + (call.attempt > 1 ? ", at last" : "");
}

struct fraction {
  int dividend = 0;
  int divisor = 1;
  TROUPE_MESSAGE(fraction, dividend, divisor)
};
std::string divide(const fraction& f) {
  if (f.divisor == 0) std::abort();  // as careless code does
  return std::to_string(f.dividend / f.divisor);
}
using careless = troupe::tool_agent<&divide>;

void add_tools(troupe::tool_registry& tools) {
  tools.add({.name = "convert", .description = "Kilometres in miles.", .fields = {{"km", "kilometres"}}}, &convert)
      .value();
  tools.add({.name = "lend", .description = "Lends money.", .policy = troupe::tool_policy::confirm}, &lend).value();
  tools.add_agent(careless::spec({.name = "divide", .description = "Divides."}), troupe::path{"/tools/divide"}).value();
  // A person would be asked here; this one is generous, up to a point.
  tools.confirm_with([](const troupe::tool_request& what, const troupe::tool_answer& answer) {
    const auto asked = troupe::from_json<loan>(what.arguments).value();
    std::cout << "  (" << what.agent.str() << " wants to " << what.tool << " " << asked.euros << " euros)\n";
    answer(asked.euros <= 20, "that is too much");
  });
}

// -- the assistant ----------------------------------------------------------------------------------------------------

// What a model would ask for: a tool by its name, and JSON.
struct request {
  std::string tool;
  std::string arguments;
  using reply_type = troupe::tool_reply;
  TROUPE_MESSAGE(request, tool, arguments)
};

class assistant : public troupe::agent {
 public:
  explicit assistant(troupe::agent_context& context) : agent{context} { on(&assistant::call); }

 private:
  troupe::task<troupe::result<troupe::tool_reply>> call(request r, troupe::turn& now) {
    auto calling = now.call_tool(r.tool, r.arguments);
    co_return co_await calling.as_result();
  }
};

void show(troupe::node& node, const std::string& tool, const std::string& arguments) {
  std::cout << tool << ' ' << arguments << '\n';
  const auto said = node.ask(node.ref(troupe::path{"/root/assistant"}), request{tool, arguments});
  if (!said)
    std::cout << "  failed: " << said.error().message().substr(0, 160) << '\n';
  else
    std::cout << (said->is_error ? "  the tool says that it could not: " : "  ") << said->text.substr(0, 160) << '\n';
}

void show_own_tools(troupe::node& node) {
  show(node, "convert", R"({"km": 42.195})");
  show(node, "convert", R"({"km": "far"})");
  show(node, "lend", R"({"to": "Ada", "euros": 5})");
  show(node, "lend", R"({"to": "Ada", "euros": 5000})");
  show(node, "divide", R"({"dividend": 1, "divisor": 0})");
  show(node, "divide", R"({"dividend": 84, "divisor": 2})");
}

void show_server(troupe::node& node, const troupe::mcp_options& server) {
  const auto names = node.tools().add_server(server).value();
  const auto info = node.tools().servers().front();
  std::cout << "\n" << info.server << " speaks " << info.revision << " and has " << names.size() << " tools.\n";
  for (const auto& each : node.tools().list())
    if (each.name.rfind(server.name + "/", 0) == 0)
      std::cout << "  " << each.name << ": " << each.description.substr(0, each.description.find('\n')) << '\n';
  if (node.tools().find(server.name + "/echo")) show(node, server.name + "/echo", R"({"message": "hello"})");
}

int main(int argc, char** argv) {
  troupe::mcp_options server{.name = "server"};
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    if (std::string{argv[i]} == "--url" && i + 1 < argc)
      server.url = argv[++i];
    else if (std::string{argv[i]} == "--server")
      while (++i < argc) server.command.emplace_back(argv[i]);
    else
      rest.push_back(argv[i]);
  }
  const auto work = [&](troupe::node& node) {
    add_tools(node.tools());
    node.supervise({.name = "tools", .children = {troupe::child<careless>("divide", troupe::in_process(5s))}}).value();
    node.supervise({.name = "root", .children = {troupe::child<assistant>("assistant")}}).value();
    show_own_tools(node);
    if (!server.url.empty() || !server.command.empty()) show_server(node, server);
    node.request_stop("all is shown");
  };
  return troupe::run(static_cast<int>(rest.size()), rest.data(), work,
                     {.name = "08_tools", .description = "Tools, some of them dangerous.", .version = {}});
}
