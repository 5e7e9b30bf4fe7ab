%% The Erlang side of tools/bench actors: one measurement per call, one line of JSON on standard output.
%%
%%   erlc actors.erl
%%   erl -noinput -kernel logger_level none -run actors main ping_pong 500000
%%
%% The names and sizes are those of bench_actors.cpp; what each one does is described in ../README.md. Where Erlang has a choice,
%% the one that is quicker for Erlang is taken.
-module(actors).
-behaviour(supervisor).
-export([main/1, init/1, start_worker/2, worker_init/2]).

main([Bench | Sizes]) ->
    {Unit, Value} = measure(list_to_atom(Bench), [list_to_integer(S) || S <- Sizes]),
    io:format("{\"bench\": \"~s\", \"~s\": ~.10e}~n", [Bench, Unit, float(Value)]),
    halt(0).

measure(ping_pong, [Rounds]) ->
    Main = self(),
    Pong = spawn_link(fun pong/0),
    per_second(2 * Rounds, fun() ->
        spawn_link(fun() -> ping(Pong, Rounds), Main ! done end),
        receive done -> ok end
    end);
measure(request, [Rounds]) ->
    Main = self(),
    Server = spawn_link(fun worker/0),
    per_second(Rounds, fun() ->
        spawn_link(fun() -> ask(Server, Rounds), Main ! done end),
        receive done -> ok end
    end);
measure(mailbox, [Senders, Messages]) ->
    Main = self(),
    Receiver = spawn_link(fun() -> drain(Senders * Messages), Main ! done end),
    per_second(Senders * Messages, fun() ->
        [spawn_link(fun() -> flood(Receiver, Messages) end) || _ <- lists:seq(1, Senders)],
        receive done -> ok end
    end);
measure(ring, [Members, Hops]) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> ring(Next, Main) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> ring(Next, Main) end) end, First, lists:seq(2, Members)),
    First ! {next, Last},
    per_second(Hops, fun() ->
        First ! Hops,
        receive done -> ok end
    end);
measure(broadcast, [Actors]) ->
    Main = self(),
    All = [spawn_link(fun() -> receive N -> Main ! N end end) || _ <- lists:seq(1, Actors)],
    per_second(Actors, fun() ->
        spawn_link(fun() -> [Pid ! up || Pid <- All] end),
        await_up(Actors)
    end);
measure(spawn, [Actors]) ->
    per_second(Actors, fun() -> spawn_idle(Actors) end);
measure(idle_memory, [Actors]) ->
    Before = resident_bytes(),
    spawn_idle(Actors),
    {bytes, (resident_bytes() - Before) / Actors};
measure(restart, [Times]) ->
    {ok, Supervisor} = start_supervisor(one_for_one, 1),
    [{_, First, _, _}] = supervisor:which_children(Supervisor),
    await_up(1),
    {seconds, median(restart_times(First, Times))};
measure(restart_storm, [Children]) ->
    storm(one_for_one, Children);
measure(restart_storm_dynamic, [Children]) ->
    storm(simple_one_for_one, Children).

per_second(Operations, Work) ->
    {Microseconds, _} = timer:tc(Work),
    {ops_per_s, Operations * 1.0e6 / Microseconds}.

median(Values) ->
    lists:nth((length(Values) + 1) div 2, lists:sort(Values)).

%% Messages.

pong() ->
    receive {From, N} -> From ! N, pong() end.

ping(_, 0) -> ok;
ping(Pong, N) ->
    Pong ! {self(), N},
    receive N -> ping(Pong, N - 1) end.

ask(_, 0) -> ok;
ask(Server, N) ->
    N = gen_call(Server, N),
    ask(Server, N - 1).

%% A question as gen_server asks it: with a monitor, so that the death of the server is an answer too.
gen_call(Server, Question) ->
    {ok, Answer} = gen:call(Server, '$ask', Question, infinity),
    Answer.

flood(_, 0) -> ok;
flood(Receiver, N) ->
    Receiver ! N,
    flood(Receiver, N - 1).

drain(0) -> ok;
drain(N) ->
    receive _ -> drain(N - 1) end.

ring(Next, Main) ->
    receive
        0 -> Main ! done;
        Hops -> Next ! Hops - 1, ring(Next, Main)
    end.

%% Many idle processes.

spawn_idle(Actors) ->
    Main = self(),
    spawn_link(fun() ->
        [spawn(fun() -> Main ! up, idle() end) || _ <- lists:seq(1, Actors)],
        idle()
    end),
    await_up(Actors).

idle() ->
    receive stop -> ok end.

await_up(0) -> ok;
await_up(N) ->
    receive up -> await_up(N - 1); {up, _} -> await_up(N - 1) end.

resident_bytes() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    [_, Rest] = string:split(Status, "VmRSS:"),
    [KiB | _] = string:lexemes(Rest, " \tk"),
    binary_to_integer(KiB) * 1024.

%% Supervision. A worker says "up" to the measuring process when it has started, so nobody has to poll for the new one.

init({Strategy, Children, Main}) ->
    Flags = #{strategy => Strategy, intensity => 1000000000, period => 1000000},
    Spec = fun(Id) -> #{id => Id, start => {?MODULE, start_worker, [Main, Id]}, shutdown => brutal_kill} end,
    case Strategy of
        simple_one_for_one -> {ok, {Flags, [(Spec(worker))#{start := {?MODULE, start_worker, [Main]}}]}};
        _ -> {ok, {Flags, [Spec(Id) || Id <- lists:seq(1, Children)]}}
    end.

start_supervisor(Strategy, Children) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {Strategy, Children, self()}),
    case Strategy of
        simple_one_for_one -> [{ok, _} = supervisor:start_child(Supervisor, [Id]) || Id <- lists:seq(1, Children)];
        _ -> ok
    end,
    {ok, Supervisor}.

start_worker(Main, Id) ->
    proc_lib:start_link(?MODULE, worker_init, [Main, Id]).

worker_init(Main, _Id) ->
    proc_lib:init_ack({ok, self()}),
    Main ! {up, self()},
    worker().

worker() ->
    receive {'$ask', From, Question} -> gen:reply(From, Question), worker() end.

restart_times(_, 0) -> [];
restart_times(Worker, Times) ->
    Start = erlang:monotonic_time(nanosecond),
    exit(Worker, kill),
    New = receive {up, Pid} -> Pid end,
    42 = gen_call(New, 42),
    [(erlang:monotonic_time(nanosecond) - Start) / 1.0e9 | restart_times(New, Times - 1)].

storm(Strategy, Children) ->
    {ok, Supervisor} = start_supervisor(Strategy, Children),
    await_up(Children),
    Workers = [Pid || {_, Pid, _, _} <- supervisor:which_children(Supervisor)],
    {Microseconds, _} = timer:tc(fun() ->
        [exit(Pid, kill) || Pid <- Workers],
        New = [receive {up, Pid} -> Pid end || _ <- lists:seq(1, Children)],
        [42 = gen_call(Pid, 42) || Pid <- New]
    end),
    {seconds, Microseconds / 1.0e6}.
