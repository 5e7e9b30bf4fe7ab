#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

// Appends `text` so that it can do no harm on a terminal or in a line of a log: control characters (C0, C1, DEL), line
// and paragraph separators, and the marks that change the direction of text become \n, \t, \xNN or \u{NNNN}; so do
// bytes that are not UTF-8, `"` and `\`. Printable UTF-8 stays.
void append_escaped(std::string& out, std::string_view text);
std::string escaped(std::string_view text);

// `text` escaped, in double quotes, cut after `size_bytes_max` bytes: for error messages that repeat what came in.
std::string in_quotes(std::string_view text, std::size_t size_bytes_max = 80);

// Appends `text` as a JSON string (RFC 8259), quotes included; each byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// `text` with U+FFFD in place of each byte that is not UTF-8.
std::string valid_utf8(std::string_view text);

// At most `size_bytes_max` bytes of `text`, not ending inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t size_bytes_max) noexcept;

}  // namespace troupe
