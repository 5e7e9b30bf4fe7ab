#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <troupe/net/errc.hpp>
#include <troupe/net/http_client.hpp>
#include <utility>
#include <vector>

namespace troupe::net {

namespace {

constexpr std::size_t header_bytes_max = 64 << 10;

bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool has_line_end(std::string_view text) noexcept {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_loopback(const std::string& host) noexcept {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
  return host == "localhost" || host == "[::1]";
}

}  // namespace

result<http_address> read_address(const std::string& url) {
  const auto bad = [&](const char* why) { return error{net_errc::bad_url, "`" + url.substr(0, 200) + "`: " + why}; };
  if (has_line_end(url)) return bad("there is a line end in it");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed{curl_url(), &curl_url_cleanup};
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return bad("it is no URL of http or https");
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl_url_get(parsed.get(), which, &text, 0) == CURLUE_OK && text) copy = text;
    curl_free(text);
    return copy;
  };
  const auto scheme = part(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return bad("it is neither http nor https");
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return bad("a user or a password goes into a header, not into the URL");
  return http_address{.secure = scheme == "https", .loopback = is_loopback(part(CURLUPART_HOST))};
}

std::optional<std::string_view> http_response::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return {};
}

class http_client::transfers {
 public:
  explicit transfers(http_client_options options) : options_{std::move(options)} {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    multi_ = curl_multi_init();
  }
  transfers(const transfers&) = delete;
  transfers& operator=(const transfers&) = delete;
  ~transfers() {
    {
      std::scoped_lock lock{mutex_};
      stopping_ = true;
    }
    if (multi_) curl_multi_wakeup(multi_);
    if (thread_.joinable()) thread_.join();
    for (auto& [number, each] : running_) finish(*each, error{net_errc::cancelled, "the HTTP client ends"});
    running_.clear();
    for (auto& each : waiting_) each->done(error{net_errc::cancelled, "the HTTP client ends"});
    if (multi_) curl_multi_cleanup(multi_);
  }

  std::uint64_t begin(http_request what, done_function done) {
    auto made = std::make_unique<transfer>();
    made->done = std::move(done);
    if (auto wrong = check(what, *made)) return made->done(*std::move(wrong)), 0;
    made->request = std::move(what);
    std::unique_lock lock{mutex_};
    if (!multi_ || stopping_ || waiting_.size() >= options_.waiting_max) {
      lock.unlock();
      return made->done(error{net_errc::overloaded, "too many HTTP requests wait"}), 0;
    }
    const auto number = made->number = ++last_number_;
    waiting_.push_back(std::move(made));
    if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
    lock.unlock();
    curl_multi_wakeup(multi_);
    return number;
  }

  void cancel(std::uint64_t number) {
    if (number == 0) return;
    {
      std::scoped_lock lock{mutex_};
      cancelled_.push_back(number);
    }
    curl_multi_wakeup(multi_);
  }

 private:
  struct transfer {
    http_request request;
    http_response response;
    done_function done;
    std::uint64_t number = 0;
    bool local = false;
    bool enough = false;
    bool too_big = false;
    std::size_t header_bytes = 0;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    char words[CURL_ERROR_SIZE] = {};
    transfer() = default;
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;
    ~transfer() {
      curl_easy_cleanup(easy);
      curl_slist_free_all(headers);
    }
  };

  static std::optional<error> check(const http_request& what, transfer& made) {
    const auto address = read_address(what.url);
    if (!address) return address.error();
    made.local = address->loopback;
    const auto wrong = [](const std::string& text) { return error{net_errc::bad_url, text}; };
    if (what.method.empty() || what.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)
      return wrong("a method is a word of capital letters");
    for (const auto& [name, value] : what.headers)
      if (name.empty() || name.find_first_of(": ") != std::string::npos || has_line_end(name) || has_line_end(value))
        return wrong("the header `" + name.substr(0, 100) + "` has a line end in it, or a bad name");
    return {};
  }

  static std::size_t take_header(char* text, std::size_t, std::size_t size, void* of) noexcept {
    auto& self = *static_cast<transfer*>(of);
    const std::string_view line{text, size};
    if ((self.header_bytes += size) > header_bytes_max) return self.too_big = true, 0;
    if (line.rfind("HTTP/", 0) == 0) {  // the next answer, after one that is interim
      self.response.headers.clear();
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      self.response.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    return size;
  }

  static std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* of) noexcept {
    auto& self = *static_cast<transfer*>(of);
    if (self.response.status == 0) {
      long status = 0;
      curl_easy_getinfo(self.easy, CURLINFO_RESPONSE_CODE, &status);
      self.response.status = static_cast<int>(status);
    }
    const std::string_view piece{bytes, size};
    if (self.request.piece && self.response.status / 100 == 2) {
      if (self.request.piece(self.response, piece)) return size;
      self.enough = true;
      return 0;
    }
    if (self.response.body.size() + size > self.request.response_bytes_max) return self.too_big = true, 0;
    self.response.body.append(piece);
    return size;
  }

  // Whether curl took it.
  bool start(transfer& what) {
    what.easy = curl_easy_init();
    if (!what.easy) return false;
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(what.easy, option, value); };
    auto& request = what.request;
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(what.words));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    if (!options_.ca_file.empty()) {
      set(CURLOPT_CAINFO, options_.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<char*>(nullptr));  // else the system's folder counts, too
    }
    // What dies on a connection that was used before, curl sends again by itself, and it may have been done already.
    if (request.method != "GET" && request.method != "HEAD") {
      set(CURLOPT_FRESH_CONNECT, 1L);
      set(CURLOPT_FORBID_REUSE, 1L);  // nobody else would use it
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    set(CURLOPT_QUICK_EXIT, 1L);  // the end does not wait for a name that is looked up
#endif
    if (what.local) set(CURLOPT_PROXY, "");
    for (const auto& [name, value] : request.headers)
      what.headers = curl_slist_append(what.headers, (name + (value.empty() ? ";" : ": " + value)).c_str());
    what.headers = curl_slist_append(what.headers, "Expect:");  // no waiting for 100 Continue
    set(CURLOPT_HTTPHEADER, what.headers);
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.c_str());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, &what);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &what);
    set(CURLOPT_PRIVATE, &what);
    return curl_multi_add_handle(multi_, what.easy) == CURLM_OK;
  }

  void run() {
    sigset_t broken_pipe;  // a server that does not read is no reason to end
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    for (;;) {
      std::vector<std::uint64_t> cancelled;
      {
        std::scoped_lock lock{mutex_};
        if (stopping_) return;
        cancelled.swap(cancelled_);
      }
      for (const auto number : cancelled) give_up(number);
      start_waiting();
      int count = 0;
      curl_multi_perform(multi_, &count);
      collect();
      curl_multi_poll(multi_, nullptr, 0, 1'000, nullptr);
    }
  }

  void start_waiting() {
    while (running_.size() < options_.at_once_max) {
      std::unique_ptr<transfer> next;
      {
        std::scoped_lock lock{mutex_};
        if (waiting_.empty()) return;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      if (start(*next))
        running_.emplace(next->number, std::move(next));
      else
        next->done(error{net_errc::unreachable, "the HTTP request could not begin"});
    }
  }

  void give_up(std::uint64_t number) {
    const error why{net_errc::cancelled, "the HTTP request was given up"};
    if (const auto found = running_.find(number); found != running_.end()) {
      const auto gone = std::move(found->second);
      running_.erase(found);
      return finish(*gone, why);
    }
    std::unique_ptr<transfer> gone;
    {
      std::scoped_lock lock{mutex_};
      const auto found =
          std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each->number == number; });
      if (found == waiting_.end()) return;
      gone = std::move(*found);
      waiting_.erase(found);
    }
    gone->done(why);
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* said = curl_multi_info_read(multi_, &left)) {
      if (said->msg != CURLMSG_DONE) continue;
      const CURLcode code = said->data.result;
      void* of = nullptr;
      curl_easy_getinfo(said->easy_handle, CURLINFO_PRIVATE, &of);
      const auto found = running_.find(static_cast<transfer*>(of)->number);
      const auto over = std::move(found->second);
      running_.erase(found);
      finish(*over, outcome(*over, code));
    }
  }

  static result<http_response> outcome(transfer& of, CURLcode code) {
    if (code == CURLE_OK || of.enough) {
      long status = 0;
      curl_easy_getinfo(of.easy, CURLINFO_RESPONSE_CODE, &status);
      of.response.status = static_cast<int>(status);
      return std::move(of.response);
    }
    const std::string url = of.request.url.substr(0, 200);
    if (of.too_big) return error{net_errc::too_big, url + " answers with more than is taken"};
    const std::string words = of.words[0] ? of.words : curl_easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT) return error{net_errc::timed_out, url + ": " + words};
    return error{net_errc::unreachable, url + ": " + words};
  }

  void finish(transfer& which, result<http_response> how) {
    curl_multi_remove_handle(multi_, which.easy);
    which.done(std::move(how));
  }

  const http_client_options options_;
  CURLM* multi_ = nullptr;
  std::mutex mutex_;
  bool stopping_ = false;
  std::uint64_t last_number_ = 0;
  std::deque<std::unique_ptr<transfer>> waiting_;
  std::vector<std::uint64_t> cancelled_;
  std::map<std::uint64_t, std::unique_ptr<transfer>> running_;  // of the thread alone
  std::thread thread_;
};

http_client::http_client(http_client_options options) : transfers_{std::make_unique<transfers>(std::move(options))} {}
http_client::~http_client() = default;

std::uint64_t http_client::begin(http_request what, done_function done) {
  return transfers_->begin(std::move(what), std::move(done));
}

void http_client::cancel(std::uint64_t number) { transfers_->cancel(number); }

result<http_response> http_client::perform(http_request what) {
  std::promise<result<http_response>> answer;
  begin(std::move(what), [&](result<http_response> how) { answer.set_value(std::move(how)); });
  return answer.get_future().get();
}

}  // namespace troupe::net
