#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <troupe/net/errc.hpp>
#include <troupe/net/http_client.hpp>

#include "support/http_peer.hpp"

// The HTTP client against a server of the test's own, on loopback.

using namespace troupe;
using namespace std::chrono_literals;
using support::http_answer;
using support::http_peer;

namespace {

void echo(const support::heard_request& asked, support::peer_connection& to) {
  to.send(http_answer("200 OK", "text/plain", asked.method + " " + asked.target + " " + asked.body, "X-Two: 2\r\n"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client_test)

BOOST_AUTO_TEST_CASE(a_request_is_answered_with_status_headers_and_body) {
  http_peer server{echo};
  net::http_client client;
  const auto got = client.perform(
      {.method = "POST", .url = server.url("/a?b"), .headers = {{"X-One", "1"}, {"X-Empty", ""}}, .body = "said"});
  BOOST_TEST_REQUIRE(got.has_value());
  BOOST_TEST(got->status == 200);
  BOOST_TEST(got->body == "POST /a?b said");
  BOOST_TEST(got->header("x-TWO").value_or("") == "2");
  BOOST_TEST(!got->header("x-three"));
  BOOST_TEST(server.heard()[0].header("x-one") == "1");
  BOOST_TEST(server.heard()[0].head.find("X-Empty:") != std::string::npos);
  BOOST_TEST(server.heard()[0].header("expect") == "");
}

BOOST_AUTO_TEST_CASE(every_method_is_sent_as_it_is) {
  http_peer server{echo};
  net::http_client client;
  for (const char* method : {"GET", "DELETE", "PUT", "POST"})
    BOOST_TEST(client.perform({.method = method, .url = server.url()}).value().body == std::string{method} + " / ");
}

BOOST_AUTO_TEST_CASE(a_status_that_is_no_success_is_an_answer_and_a_redirect_is_not_followed) {
  http_peer server{[](const support::heard_request& asked, support::peer_connection& to) {
    if (asked.target == "/gone") return (void)to.send(http_answer("404 Not Found", "text/plain", "no"));
    to.send(http_answer("302 Found", "text/plain", "", "Location: http://127.0.0.1:1/elsewhere\r\n"));
  }};
  net::http_client client;
  BOOST_TEST(client.perform({.url = server.url("/gone")}).value().status == 404);
  const auto there = client.perform({.url = server.url("/there")}).value();
  BOOST_TEST(there.status == 302);
  BOOST_TEST(there.header("location").value_or("") == "http://127.0.0.1:1/elsewhere");
  BOOST_TEST(server.heard().size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_or_would_break_a_header_is_refused_before_anything_is_sent) {
  net::http_client client;
  const auto why = [&](net::http_request what) { return client.perform(std::move(what)).error(); };
  for (const char* url : {"", "nowhere", "ftp://127.0.0.1/", "file:///etc/passwd", "http://me:secret@127.0.0.1/",
                          "http://127.0.0.1/\r\nX: y"})
    BOOST_TEST(why({.url = url}).is(net_errc::bad_url), url);
  BOOST_TEST(why({.url = "http://127.0.0.1/", .headers = {{"X", "a\r\nY: b"}}}).is(net_errc::bad_url));
  BOOST_TEST(why({.method = "GET /", .url = "http://127.0.0.1/"}).is(net_errc::bad_url));
}

BOOST_AUTO_TEST_CASE(an_address_is_of_this_machine_if_it_is_a_loopback_address_and_not_if_it_looks_like_one) {
  const std::pair<const char*, bool> rows[] = {
      {"http://127.0.0.1/", true},        {"https://127.9.9.9:1/", true},      {"http://localhost/", true},
      {"http://[::1]:80/", true},         {"http://127.evil.example/", false}, {"http://127.0.0.1.example/", false},
      {"http://localhost.example", false}};
  for (const auto& [url, loopback] : rows) BOOST_TEST(net::read_address(url).value().loopback == loopback, url);
  BOOST_TEST(net::read_address("HTTPS://example.com").value().secure);
  BOOST_TEST(!net::read_address("http://example.com").value().secure);
}

BOOST_AUTO_TEST_CASE(what_may_do_something_never_goes_on_a_connection_that_was_used_before) {
  // The second request on a connection would die there unanswered, and libcurl would send it again.
  std::atomic<int> again{0};
  http_peer server{[&](const support::heard_request&, support::peer_connection& to) {
    to.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (to.hears_more()) ++again;
  }};
  {
    net::http_client client;
    client.perform({.url = server.url()}).value();
    for (const char* method : {"POST", "POST", "DELETE"})
      BOOST_TEST(client.perform({.method = method, .url = server.url()}).value().body == "ok");
  }
  BOOST_TEST(again == 0);
  BOOST_TEST(server.heard().size() == 4u);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_unreachable) {
  std::string url;
  { url = http_peer{echo}.url(); }
  net::http_client client;
  const auto why = client.perform({.url = url}).error();
  BOOST_TEST(why.is(net_errc::unreachable), why.message());
  BOOST_TEST(why.message().find(url) == 0u, why.message());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_is_timed_out) {
  http_peer server{[](const auto&, support::peer_connection& to) { to.wait_for_end(); }};
  net::http_client client;
  BOOST_TEST(client.perform({.url = server.url(), .timeout = 50ms}).error().is(net_errc::timed_out));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_is_no_answer) {
  http_peer server{
      [](const auto&, support::peer_connection& to) { to.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"); }};
  net::http_client client;
  BOOST_TEST(client.perform({.url = server.url()}).error().is(net_errc::unreachable));
}

BOOST_AUTO_TEST_CASE(an_endless_answer_is_cut_off_at_the_limit) {
  http_peer server{[](const auto&, support::peer_connection& to) {
    to.send("HTTP/1.1 200 OK\r\n\r\n");
    while (to.send(std::string(4'096, 'x'))) {
    }
  }};
  net::http_client client;
  BOOST_TEST(client.perform({.url = server.url(), .response_bytes_max = 10'000}).error().is(net_errc::too_big));
  // Headers, too.
  http_peer talker{[](const auto&, support::peer_connection& to) {
    to.send("HTTP/1.1 200 OK\r\n");
    while (to.send("X-More: " + std::string(1'000, 'x') + "\r\n")) {
    }
  }};
  BOOST_TEST(!client.perform({.url = talker.url()}).has_value());
}

BOOST_AUTO_TEST_CASE(pieces_are_handed_over_as_they_come_until_there_is_enough) {
  http_peer server{[](const auto&, support::peer_connection& to) {
    to.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    while (to.send("data: x\n\n")) {
    }
  }};
  net::http_client client;
  std::size_t bytes = 0;
  std::string type;
  const auto got =
      client.perform({.url = server.url(), .piece = [&](const net::http_response& so_far, std::string_view piece) {
                        type = so_far.header("content-type").value_or("");
                        return (bytes += piece.size()) < 100'000;
                      }});
  BOOST_TEST_REQUIRE(got.has_value());
  BOOST_TEST(bytes >= 100'000u);
  BOOST_TEST(type == "text/event-stream");
  BOOST_TEST(got->body.empty());
}

BOOST_AUTO_TEST_CASE(a_request_can_be_given_up_and_the_end_of_the_client_gives_up_all) {
  http_peer server{[](const auto&, support::peer_connection& to) { to.wait_for_end(); }};
  std::promise<result<net::http_response>> first, second, third;
  {
    net::http_client client{{.at_once_max = 2}};
    const auto begin = [&](auto& into) {
      return client.begin({.url = server.url()},
                          [&](result<net::http_response> how) { into.set_value(std::move(how)); });
    };
    const auto number = begin(first);
    begin(second);
    begin(third);  // waits for its turn
    client.cancel(number);
    BOOST_TEST(first.get_future().get().error().is(net_errc::cancelled));
  }
  BOOST_TEST(second.get_future().get().error().is(net_errc::cancelled));
  BOOST_TEST(third.get_future().get().error().is(net_errc::cancelled));
}

BOOST_AUTO_TEST_CASE(many_requests_run_at_the_same_time_and_more_than_may_wait_are_refused) {
  std::atomic<int> here{0};
  std::promise<void> all_here;
  http_peer server{[&](const auto&, support::peer_connection& to) {
    if (++here == 8) all_here.set_value();
    to.wait_for_end();
  }};
  net::http_client client{{.at_once_max = 8, .waiting_max = 2}};
  std::atomic<int> refused{0};
  const auto begin = [&] {
    client.begin({.url = server.url()}, [&](const result<net::http_response>& how) {
      if (how.error().is(net_errc::overloaded)) ++refused;
    });
  };
  for (int i = 0; i < 8; ++i) {
    begin();
    while (here < i) std::this_thread::yield();
  }
  all_here.get_future().wait();
  for (int i = 0; i < 5; ++i) begin();
  BOOST_TEST(refused == 3);
}

BOOST_AUTO_TEST_SUITE_END()
