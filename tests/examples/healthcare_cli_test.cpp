#include <boost/test/unit_test.hpp>

#include "examples/fhir_text.hpp"
#include "examples/healthcare_program.hpp"

// The program as its user meets it.

using namespace healthcare_program;

BOOST_AUTO_TEST_SUITE(healthcare_cli_test)

BOOST_AUTO_TEST_CASE(without_arguments_it_shows_what_it_found_in_the_data_that_ships_with_it) {
  const auto out = assistant({});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(has(out, "ward-01"), out.text);
  BOOST_TEST(has(out, "as of 2024-05-06T08:00:00Z"), out.text);
}

BOOST_AUTO_TEST_CASE(json_of_a_stream_on_standard_input_parses) {
  const auto out = assistant({"--bundles", folder, "--vitals", "-", "-o", "json", "--threads", "2"}, shipped_stream());
  BOOST_TEST_REQUIRE(out.code == 0, out.text);
  const auto parsed = nlohmann::json::parse(out.text, nullptr, false);
  BOOST_TEST_REQUIRE(parsed.is_object(), out.text);
  BOOST_TEST(parsed.at("patients").size() == 6u);
  BOOST_TEST(parsed.at("run").at("problems").get<int>() == 0);
  BOOST_TEST(out.text.ends_with("}\n"));
  BOOST_TEST(!out.text.ends_with("\n\n"));
  BOOST_TEST((findings_of(out) == findings_of(assistant({"-o", "json"}))));
}

BOOST_AUTO_TEST_CASE(a_named_pipe_is_read_once) {
  const place files;
  const auto pipe = files / "vitals";
  BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto out =
      shell("cat '" + folder + "/vitals.ndjson' > '" + pipe + "' & exec \"$0\" -o json --vitals '" + pipe + "'");
  BOOST_TEST_REQUIRE(out.code == 0, out.text);
  BOOST_TEST((findings_of(out) == findings_of(assistant({"-o", "json"}))));
}

BOOST_AUTO_TEST_CASE(without_a_stream_the_same_is_found_every_time) {
  const auto out = assistant({"--bundles", folder, "-o", "json"});
  BOOST_TEST_REQUIRE(out.code == 0, out.text);
  const auto disturbed = shell("exec \"$0\" --bundles '" + folder + "' -o json --chaos 1 2> /dev/null");
  BOOST_TEST((findings_of(out) == findings_of(disturbed)));
  BOOST_TEST(has(out, "2025-01-01T08:00:00Z"), out.text);
  const auto later = assistant({"--bundles", folder, "-o", "json", "--as-of", "2024-06-03T09:00:00+02:00"});
  BOOST_TEST(has(later, "2024-06-03T08:00:00Z"), later.text);
}

BOOST_AUTO_TEST_CASE(problems_carry_file_and_line) {
  const place files;
  std::ofstream{files / "a.json"} << "{\n oops";
  std::ofstream{files / "b.json"} << "[]";
  const auto out = assistant({"--bundles", files / "", "--vitals", "-"}, "\n{\n");
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(has(out, "a.json:2: column 2: "), out.text);
  BOOST_TEST(has(out, "b.json:1: "), out.text);
  BOOST_TEST(has(out, "(standard input):2: column "), out.text);
}

BOOST_AUTO_TEST_CASE(where_a_reader_cannot_have_a_process_of_its_own_it_says_so_and_what_to_do) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  BOOST_TEST_MESSAGE("skipped: a sanitizer needs more than such a limit for itself");
  return;
#endif
  // Less memory than the reader's limit.
  const auto refused = shell("ulimit -d 900000 && exec \"$0\"");
  BOOST_TEST(refused.code == 1, refused.text);
  BOOST_TEST(has(refused, "starting the reader of the bundles"), refused.text);
  BOOST_TEST(has(refused, "memory_bytes"), refused.text);
  BOOST_TEST(has(refused, "--reader inlined"), refused.text);
  const auto inlined = shell("ulimit -d 900000 && exec \"$0\" -o json --reader inlined");
  BOOST_TEST_REQUIRE(inlined.code == 0, inlined.text);
  BOOST_TEST((findings_of(inlined) == findings_of(assistant({"-o", "json"}))));
}

BOOST_AUTO_TEST_CASE(a_signal_ends_the_stream_and_what_is_known_is_shown) {
  for (const int number : {SIGINT, SIGTERM}) {
    const place files;
    const open_pipe pipe{files / "vitals"};
    support::process program{{TROUPE_HEALTHCARE_PROGRAM, "--vitals", files / "vitals"}};
    pipe.write(shipped_stream() + "this line is wrong\n");
    BOOST_TEST_REQUIRE(program.wait_for("vitals:250: "), program.text());
    program.send(number);
    BOOST_TEST(program.wait() == 0, program.text());
    BOOST_TEST((program.text().find(number == SIGINT ? "SIGINT ended" : "SIGTERM ended") != std::string::npos));
    BOOST_TEST((program.text().find("249 observations") != std::string::npos), program.text());
  }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_the_program) {
  const place files;
  const open_pipe pipe{files / "vitals"};
  // Stopped, so that both signals are there before it can do anything about the first.
  support::process program{{TROUPE_HEALTHCARE_PROGRAM, "--vitals", files / "vitals"}};
  pipe.write("this line is wrong\n");
  BOOST_TEST_REQUIRE(program.wait_for("vitals:1: "), program.text());
  program.stop();
  program.send(SIGINT);
  program.send(SIGTERM);
  program.send(SIGCONT);
  const int code = program.wait();
  BOOST_TEST((code == 128 + SIGINT || code == 128 + SIGTERM), code);
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_written_it_says_so) {
  for (const auto* script : {"\"$0\" > /dev/full", "\"$0\" -o json > /dev/full", "\"$0\" 3>&1 >&- 2>&3"}) {
    const auto out = shell(script);
    BOOST_TEST(out.code == 1, script << ": " << out.text);
    BOOST_TEST(has(out, "healthcare: standard output"), script << ": " << out.text);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_fails_is_reported) {
  for (const auto* script : {"\"$0\" --vitals - < /", "\"$0\" --vitals - <&-"}) {
    const auto out = shell(script);
    BOOST_TEST(out.code == 1, script << ": " << out.text);
    BOOST_TEST(has(out, "healthcare: (standard input): "), out.text);
    BOOST_TEST(has(out, "6 patients"), out.text);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_or_stream_that_cannot_be_read_is_named) {
  const place files;
  std::filesystem::create_symlink("loop", files / "loop");
  for (const auto& path : {std::string{"/no/such/place"}, std::string(5'000, 'a'), files / "loop"}) {
    for (const auto* flag : {"--bundles", "--vitals"}) {
      const auto out = assistant({flag, path});
      BOOST_TEST(out.code == 64, out.text);
      BOOST_TEST(has(out, std::string{"healthcare: "} + flag + " " + path.substr(0, 100)), out.text);
    }
  }
  BOOST_TEST(has(assistant({"--bundles", "/no/such/place"}), "No such file or directory"));
  BOOST_TEST(assistant({"--bundles", "/dev/null"}).code == 64);
  BOOST_TEST(assistant({"--vitals", "/"}).code == 64);
}

BOOST_AUTO_TEST_CASE(an_unknown_flag_is_named) {
  const auto out = assistant({"--frobnicate"});
  BOOST_TEST(out.code == 64);
  BOOST_TEST(has(out, "--frobnicate"), out.text);
  BOOST_TEST(has(out, "Try healthcare --help."), out.text);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_allowed_is_named) {
  for (const auto& [flag, value] : {std::pair{"--output", "xml"},
                                    {"--threads", "many"},
                                    {"--threads", "-1"},
                                    {"--chaos", "-3"},
                                    {"--chaos", "abc"},
                                    {"--chaos", "1.5"},
                                    {"--chaos", ""},
                                    {"--chaos", "99999999999999999999"},
                                    {"--seed", "99999999999999999999"},
                                    {"--bundles", ""},
                                    {"--vitals", ""},
                                    {"--as-of", ""},
                                    {"--as-of", "yesterday"},
                                    {"--reader", "nowhere"},
                                    {"--log-level", "loud"}}) {
    const auto out = assistant({flag, value});
    BOOST_TEST(out.code == 64, flag << " " << value << ": " << out.text);
    BOOST_TEST(has(out, flag), out.text);
  }
}

BOOST_AUTO_TEST_CASE(names_cannot_harm_the_terminal) {
  const place files;
  std::ofstream{files / "a.json"} << fhir_text::bundle_text(
      fhir_text::entry_text(R"({"resourceType":"Patient","id":"p1","name":[{"family":"A\u202eB\u001b[31m\u0085"}]})"));
  const auto out = assistant({"--bundles", files / ""});
  BOOST_TEST(has(out, "A?B?[31m?"), out.text);
  BOOST_TEST(!has(out, "\x1b"));
  BOOST_TEST(!has(assistant({"--bundles", files / "", "-o", "json"}), "\u202e"));
}

BOOST_AUTO_TEST_CASE(a_question_is_answered_from_what_is_remembered) {
  const place files;
  const auto data = files / "memory";
  const auto first = assistant({"--data", data, "--ask", "Which dose of lisinopril?", "--patient", "amalia"});
  BOOST_TEST_REQUIRE(first.code == 0, first.text);
  BOOST_TEST(has(first, "Amalia Berg was prescribed lisinopril 10 MG Oral Tablet on 2024-05-05"), first.text);
  BOOST_TEST(has(first, "6 patients with"), first.text);
  // A new process; nothing is read again.
  const auto again =
      assistant({"--data", data, "--ask", "Which dose of lisinopril?", "--patient", "ward-01", "-o", "json"});
  const auto parsed = nlohmann::json::parse(again.text, nullptr, false);
  BOOST_TEST_REQUIRE(parsed.is_object(), again.text);
  BOOST_TEST(parsed.at("patient") == "ward-01");
  BOOST_TEST(parsed.at("memory").at("imported").is_null());
  const auto best = parsed.at("records").at(0);
  BOOST_TEST(best.at("time") == "2024-05-05T16:00:00Z");
  BOOST_TEST(has(first, best.at("record").get<std::string>()), first.text);
  BOOST_TEST(parsed.at("facts").at(0).at("key") == "medication/lisinopril 10 mg oral tablet");
}

BOOST_AUTO_TEST_CASE(facts_are_shown_as_of_a_date) {
  const place files;
  const auto facts = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--data", files / "memory", "--facts"});
    return assistant(more);
  };
  const auto drug = "medication/lisinopril 10 mg oral tablet";
  const auto now = facts({"--patient", "Amalia Berg"});
  BOOST_TEST(now.code == 0, now.text);
  BOOST_TEST(has(now, drug), now.text);
  BOOST_TEST(!has(now, "Bruno"), now.text);
  const auto then = facts({"--patient", "Amalia Berg", "--as-of", "2024-05-04"});
  BOOST_TEST(then.code == 0, then.text);
  BOOST_TEST(!has(then, drug), then.text);
  BOOST_TEST(has(then, "allergy/allergy to amoxicillin"), then.text);
  const auto all = nlohmann::json::parse(facts({"-o", "json"}).text, nullptr, false);
  BOOST_TEST_REQUIRE(all.is_object());
  BOOST_TEST(all.at("patients").size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_patient_is_forgotten_with_a_receipt_and_for_good) {
  const place files;
  const auto data = files / "memory";
  BOOST_TEST(assistant({"--data", data, "--facts"}).code == 0);
  const auto unasked = assistant({"--data", data, "--forget", "amalia"});
  BOOST_TEST(unasked.code == 64, unasked.text);
  BOOST_TEST(has(unasked, "--yes"), unasked.text);
  const auto done = assistant({"--data", data, "--forget", "amalia", "--yes"});
  BOOST_TEST(done.code == 0, done.text);
  BOOST_TEST(has(done, "8 records erased"), done.text);
  BOOST_TEST(has(done, "audit line"), done.text);
  BOOST_TEST(has(done, "verified"), done.text);
  BOOST_TEST(!has(done, "NOT VERIFIED"), done.text);
  const auto gone = assistant({"--data", data, "--ask", "lisinopril", "--patient", "amalia"});
  BOOST_TEST(gone.code == 64, gone.text);
  BOOST_TEST(has(gone, "known: Bruno Castel (ward-02), "), gone.text);
  // Her bundle is read again, and she stays forgotten.
  const auto again = assistant({"--data", data, "--bundles", folder, "--ask", "Amalia Berg lisinopril"});
  BOOST_TEST(again.code == 0, again.text);
  BOOST_TEST(has(again, "5 known, 1 forgotten"), again.text);
  BOOST_TEST(again.text.find("Amalia", again.text.find('\n')) == std::string::npos, again.text);
}

BOOST_AUTO_TEST_CASE(without_a_folder_the_memory_is_a_temporary_one_and_says_so) {
  const auto out = assistant({"--facts", "--patient", "amalia"});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(has(out, "temporary"), out.text);
}

BOOST_AUTO_TEST_CASE(a_round_that_remembers_finds_the_same) {
  const place files;
  const auto out = assistant({"--data", files / "memory", "-o", "json"});
  BOOST_TEST_REQUIRE(out.code == 0, out.text);
  BOOST_TEST((findings_of(out) == findings_of(assistant({"-o", "json"}))));
  BOOST_TEST(has(assistant({"--data", files / "memory", "--facts"}), "Amalia Berg (ward-01)"));
}

BOOST_AUTO_TEST_CASE(flags_of_the_memory_that_do_not_fit_are_named) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--ask", "x", "--facts"}, "--facts"},
           {{"--forget", "x", "--facts"}, "--f"},
           {{"--yes"}, "--forget"},
           {{"--patient", "x"}, "--patient is for"},
           {{"--as-of", "2024-05-06"}, "a round begins at a time of day"},
           {{"--facts", "--as-of", "2024-13-06"}, "--as-of"},
           {{"--ask", "x", "--vitals", "-"}, "--vitals"},
           {{"--ask", ""}, "--ask"},
           {{"--data", "/dev/null", "--facts"}, "--data /dev/null"},
           {{"--facts", "--patient", "nobody"}, "known: Amalia Berg (ward-01), "},
           {{"--facts", "--patient", "e"}, "several are meant: Amalia Berg (ward-01), "}}) {
    const auto out = assistant(arguments);
    BOOST_TEST(out.code == 64, part << ": " << out.text);
    BOOST_TEST(has(out, part), out.text);
  }
}

BOOST_AUTO_TEST_CASE(help_is_no_error) {
  const auto out = assistant({"--help"});
  BOOST_TEST(out.code == 0);
  for (const auto* part :
       {"--chaos", "--reader", "--as-of", "--ask", "--facts", "--forget", "--data", "SIGINT", "Exit codes"})
    BOOST_TEST(has(out, part), out.text);
}

BOOST_AUTO_TEST_SUITE_END()
