%% The Erlang side of tools/bench isolation: ports that talk to echo.cpp in packets with a length. One measurement per call, one
%% line of JSON on standard output.
%%
%%   erlc isolation.erl
%%   erl -noinput -run isolation main ask_process_32 5000 32 -echo build/release/tests/bench/bench_echo
%%
%% The names and sizes are those of bench_isolation.cpp; what each one does is described in ../README.md. A port has no supervisor of
%% its own: whoever owns it hears of its end and opens it again, as here.
-module(isolation).
-export([main/1]).

main([Bench | Sizes]) ->
    Values = measure(list_to_atom(Bench), [list_to_integer(S) || S <- Sizes]),
    io:format("{~s}~n", [lists:join(", ", [io_lib:format("\"~s\": ~.10e", [N, float(V)]) || {N, V} <- Values])]),
    halt(0).

measure(ask_process_32, Sizes) -> [{ask_process_32, ask(Sizes)}];
measure(ask_process_64k, Sizes) -> [{ask_process_64k, ask(Sizes)}];
measure(restart_process, [Times]) -> [{restart_process, restart(<<"f">>, Times)}];
measure(restart_process_killed, [Times]) -> [{restart_process_killed, restart(<<"k">>, Times)}];
measure(many, [Children, _]) -> many(Children);
measure(Spawn, [Times]) -> [{Spawn, spawn_port(Times)}].

open() ->
    {ok, [[Echo]]} = init:get_argument(echo),
    open_port({spawn_executable, Echo}, [{packet, 4}, binary, exit_status, use_stdio]).

call(Port, Bytes) ->
    port_command(Port, Bytes),
    receive {Port, {data, Bytes}} -> ok end.

seconds(Work) ->
    Start = erlang:monotonic_time(nanosecond),
    Work(),
    (erlang:monotonic_time(nanosecond) - Start) / 1.0e9.

median(Values) ->
    lists:nth((length(Values) + 1) div 2, lists:sort(Values)).

ask([Rounds, Bytes]) ->
    Port = open(),
    Question = binary:copy(<<"x">>, Bytes),
    ok = call(Port, Question),
    seconds(fun() -> [ok = call(Port, Question) || _ <- lists:seq(1, Rounds)] end) / Rounds.

%% From the failure to the answer of the next one.
restart(How, Times) -> median(restarts(open(), How, Times)).

restarts(_, _, 0) -> [];
restarts(Port, How, Times) ->
    ok = call(Port, <<"are you there?">>),
    timer:sleep(20),
    Start = erlang:monotonic_time(nanosecond),
    port_command(Port, How),
    receive {Port, {exit_status, _}} -> ok end,
    New = open(),
    ok = call(New, <<"are you there?">>),
    [(erlang:monotonic_time(nanosecond) - Start) / 1.0e9 | restarts(New, How, Times - 1)].

%% Until it answers: opening a port tells nothing about its program.
spawn_port(Times) ->
    [_ | Counted] = [begin
        Seconds = seconds(fun() -> ok = call(open(), <<"are you there?">>) end),
        timer:sleep(30),
        Seconds
    end || _ <- lists:seq(0, Times)],
    median(Counted).

many(Children) ->
    ok = call(open(), <<"and its helper">>),
    Files = descriptors(),
    Self = self(),
    Started = seconds(fun() ->
        Ports = [open() || _ <- lists:seq(1, Children)],
        [port_command(P, <<"are you there?">>) || P <- Ports],
        [receive {P, {data, _}} -> ok end || P <- Ports],
        Self ! {ports, Ports}
    end),
    Ports = receive {ports, All} -> All end,
    Memory = lists:sum([proportional_bytes(P) || P <- Ports]),
    Open = descriptors() - Files,
    Stopped = seconds(fun() ->
        [port_command(P, <<"f">>) || P <- Ports],
        [receive {P, {exit_status, _}} -> ok end || P <- Ports]
    end),
    [{many_start, Started}, {many_memory, Memory / Children}, {many_descriptors, Open / Children}, {many_stop, Stopped}].

descriptors() ->
    {ok, Names} = file:list_dir("/proc/self/fd"),
    length(Names).

proportional_bytes(Port) ->
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    {ok, Text} = file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/smaps_rollup"),
    [_, Rest] = string:split(Text, "Pss:"),
    [KiB | _] = string:lexemes(Rest, " \tk"),
    binary_to_integer(KiB) * 1024.
