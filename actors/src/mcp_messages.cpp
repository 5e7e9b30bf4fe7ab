#include "mcp_messages.hpp"

#include <troupe/actors/errc.hpp>
#include <utility>

namespace troupe::actors {

namespace {

constexpr std::size_t batch_max = 100;
constexpr double code_max = 9007199254740992;  // 2^53

std::optional<std::uint64_t> as_id(const json& id) {
  if (!id.is_number_integer() || id.get<std::int64_t>() < 0) return {};
  return id.get<std::uint64_t>();
}

std::optional<rpc_message> as_message(json&& from) {
  if (!from.is_object() || text_of(from, "jsonrpc") != "2.0") return {};
  rpc_message made;
  const auto* id = member(from, "id");
  if (const auto* method = member(from, "method")) {
    if (!method->is_string()) return {};
    made.method = method->get<std::string>();
    made.what = id ? rpc_message::kind::request : rpc_message::kind::notification;
    if (id) made.raw_id = *id;
    if (from.contains("params")) made.body = std::move(from["params"]);
    return made;
  }
  if (id) made.id = as_id(*id);
  if (const auto* error = member(from, "error")) {
    const auto* code = member(*error, "code");
    if (!code || !code->is_number()) return {};
    const auto number = code->get<double>();
    if (!(number > -code_max && number < code_max)) return {};
    made.what = rpc_message::kind::failure;
    made.code = static_cast<std::int64_t>(number);
    made.words = text_of(*error, "message");
    if (error->contains("data")) made.body = (*error)["data"];
    return made;
  }
  if (!from.contains("result") || !id) return {};
  made.what = rpc_message::kind::answer;
  made.body = std::move(from["result"]);
  return made;
}

}  // namespace

result<std::vector<rpc_message>> parse_messages(std::string_view text) {
  const auto garbage = [&](const std::string& why) {
    return error{agent_errc::bad_tool_reply, "the server said something that is " + why + ": " + seen(text)};
  };
  auto parsed = parse_json(text);
  if (!parsed) return garbage(parsed.error().message());
  std::vector<rpc_message> all;
  if (!parsed->is_array()) {
    auto one = as_message(std::move(*parsed));
    if (!one) return garbage("no message of JSON-RPC");
    all.push_back(*std::move(one));
    return all;
  }
  if (parsed->size() > batch_max) return garbage("a batch of more than 100 messages");
  for (auto& each : *parsed) {
    auto one = as_message(std::move(each));
    if (!one) return garbage("no message of JSON-RPC");
    all.push_back(*std::move(one));
  }
  return all;
}

bool line_reader::take(std::string_view piece, const std::function<void(std::string_view line)>& each) {
  const auto give = [&](std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) each(line);
  };
  for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (begun_.size() + end > bytes_max_) return false;
    if (begun_.empty()) {
      give(piece.substr(0, end));
    } else {
      begun_.append(piece.substr(0, end));
      const auto whole = std::exchange(begun_, {});
      give(whole);
    }
    piece.remove_prefix(end + 1);
  }
  if (begun_.size() + piece.size() > bytes_max_) return false;
  begun_.append(piece);
  return true;
}

bool event_reader::take(std::string_view piece, const std::function<void(std::string_view data)>& each) {
  while (!piece.empty()) {
    if (std::exchange(after_return_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const auto end = piece.find_first_of("\r\n");
    const auto part = piece.substr(0, end);
    if (begun_.size() + part.size() + data_.size() > bytes_max_) return false;
    begun_.append(part);
    if (end == std::string_view::npos) return true;
    after_return_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
    const auto whole = std::exchange(begun_, {});
    if (!line(whole, each)) return false;
  }
  return true;
}

bool event_reader::line(std::string_view text, const std::function<void(std::string_view data)>& each) {
  if (text.empty()) {
    const auto data = std::exchange(data_, {});
    const auto type = std::exchange(type_, {});
    if (std::exchange(has_data_, false) && !data.empty() && (type.empty() || type == "message")) each(data);
    return true;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "data") {
    if (data_.size() + value.size() + 1 > bytes_max_) return false;
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
  } else if (field == "event") {
    type_ = std::string{value};
  }
  return true;
}

result<tool_reply> reply_of(const json& result) {
  const auto bad = [](const char* why) { return error{agent_errc::bad_tool_reply, why}; };
  if (!result.is_object()) return bad("the result of the call is no object");
  if (const auto type = text_of(result, "resultType"); type == "input_required")
    return error{errc::unsupported, "the tool wants to be given more input in the middle of its work"};
  else if (!type.empty() && type != "complete")
    return error{agent_errc::bad_tool_reply, "the result is of an unknown type: " + seen(type)};
  tool_reply reply;
  const auto* content = member(result, "content");
  const auto* structured = member(result, "structuredContent");
  if (content && !content->is_array()) return bad("the content of the result is no list");
  if (!content && !structured) return bad("the result has no content");
  bool texts_only = true;
  for (const auto& part : content ? *content : json::array()) {
    auto text = text_of(part, "text");
    const bool is_text = text_of(part, "type") == "text";
    texts_only = texts_only && is_text;
    if (const auto* resource = member(part, "resource")) text = text_of(*resource, "text");
    if (!is_text && text.empty()) continue;
    if (!reply.text.empty()) reply.text += '\n';
    reply.text += text;
  }
  if (!texts_only) reply.content = write_json(*content);
  if (structured) reply.structured = write_json(*structured);
  const auto* failed = member(result, "isError");
  reply.is_error = failed && failed->is_boolean() && failed->get<bool>();
  return reply;
}

}  // namespace troupe::actors
