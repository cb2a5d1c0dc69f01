/// \file
/// What nodes say to each other. docs/federation-protocol.md is normative.
///
/// A stream is its own outbox: whoever holds it asks for what follows his cursor, and what he asks next is at once his
/// acknowledgement and the sender's credit. Nothing depends on a message arriving: whatever is lost is asked for again,
/// whatever comes twice is known.

#pragma once

#include "federation/directory.hpp"
#include "ports/replica.hpp"

#include <variant>

namespace toit::federation {

/// Another number is refused, and said to be.
constexpr std::uint64_t protocol_number = 1;

using ports::lane;

/// Who I am since when, and where I stand in each stream that I have.
struct hello {
  std::array<std::uint8_t, 16> run{}; ///< drawn at each start
  std::uint64_t directory_number = 0;
  law::instant at{};
  law::list<ports::stream_position, 4096> positions;
  static constexpr std::uint8_t kind = 1;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    using law::field;
    using t = hello;
    return std::tuple{field{"run", &t::run}, field{"directory_number", &t::directory_number}, field{"at", &t::at},
                      field{"positions", &t::positions}};
  }
};

/// A directory newer than yours, signed by the anchor.
struct newer_directory {
  bytes content;
  static constexpr std::uint8_t kind = 2;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() { return std::tuple{law::field{"content", &newer_directory::content}}; }
};

/// I hold `after`: send what follows, at most so many bytes beyond it.
struct want {
  ports::stream_position after;
  std::uint32_t window_bytes = 0;
  bool again = false; ///< what was sent beyond `after` did not come, or was not taken
  bool keys = false;  ///< a key for the ordering authority lacks: send the keys again
  static constexpr std::uint8_t kind = 3;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"after", &want::after}, field{"window_bytes", &want::window_bytes},
                      field{"again", &want::again}, field{"keys", &want::keys}};
  }
};

enum class no_reason : std::uint8_t {
  unknown_protocol,
  not_yours, ///< the directory does not let you hold this
  not_here,  ///< nothing of this is here
  forked,    ///< what you hold of it is another history: `head` is what I have there
  behind,    ///< you hold more of it than I do
  not_to_me, ///< addressed to another node
  malformed,
};
constexpr auto names_of(no_reason) {
  return std::to_array<std::string_view>(
      {"unknown_protocol", "not_yours", "not_here", "forked", "behind", "not_to_me", "malformed"});
}

/// I do not do that.
struct no {
  no_reason because{};
  std::optional<stream_id> stream;
  std::uint64_t seq = 0;
  std::optional<ports::signed_head> head;
  static constexpr std::uint8_t kind = 4;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"because", &no::because}, field{"stream", &no::stream}, field{"seq", &no::seq},
                      field{"head", &no::head}};
  }
};

/// A State node has what these say.
struct marks {
  law::list<ports::witness_mark, 1024> given;
  static constexpr std::uint8_t kind = 5;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() { return std::tuple{law::field{"given", &marks::given}}; }
};

/// A question that the host answers at once, under its own guard and in its own log; and its answer.
struct question {
  std::uint64_t number = 0;
  bytes content;
  static constexpr std::uint8_t kind = 6;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    return std::tuple{law::field{"number", &question::number}, law::field{"content", &question::content}};
  }
};
struct reply {
  std::uint64_t number = 0;
  bytes content;
  static constexpr std::uint8_t kind = 7;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    return std::tuple{law::field{"number", &reply::number}, law::field{"content", &reply::content}};
  }
};

/// Entries, heads and keys of a stream.
struct entries {
  ports::transfer brought;
  static constexpr std::uint8_t kind = 8;
  static constexpr federation::lane lane = federation::lane::journal;
  static constexpr auto fields() { return std::tuple{law::field{"brought", &entries::brought}}; }
};

/// Which documents of a stream do you have, in the order of their ids, after this one?
struct want_documents {
  stream_id stream;
  law::document_id after;
  static constexpr std::uint8_t kind = 9;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    return std::tuple{law::field{"stream", &want_documents::stream}, law::field{"after", &want_documents::after}};
  }
};
struct document_size {
  law::document_id id;
  std::uint64_t bytes_stored = 0;
  friend bool operator==(const document_size&, const document_size&) = default;
  static constexpr auto fields() {
    return std::tuple{law::field{"id", &document_size::id}, law::field{"bytes_stored", &document_size::bytes_stored}};
  }
};
struct documents {
  stream_id stream;
  law::document_id after;
  law::list<document_size, 1024> some;
  bool last = false;
  static constexpr std::uint8_t kind = 10;
  static constexpr federation::lane lane = federation::lane::documents;
  static constexpr auto fields() {
    using law::field;
    using t = documents;
    return std::tuple{field{"stream", &t::stream}, field{"after", &t::after}, field{"some", &t::some},
                      field{"last", &t::last}};
  }
};

/// A part of a stored document, which stays encrypted; and its content.
struct want_part {
  stream_id stream;
  law::document_id id;
  std::uint64_t offset = 0;
  static constexpr std::uint8_t kind = 11;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"stream", &want_part::stream}, field{"id", &want_part::id},
                      field{"offset", &want_part::offset}};
  }
};
struct part {
  stream_id stream;
  law::document_id id;
  std::uint64_t offset = 0;
  std::uint64_t size = 0; ///< of the whole; 0: there is no such document
  bytes content;
  static constexpr std::uint8_t kind = 12;
  static constexpr federation::lane lane = federation::lane::documents;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"stream", &part::stream}, field{"id", &part::id}, field{"offset", &part::offset},
                      field{"size", &part::size}, field{"content", &part::content}};
  }
};

/// Entries that a former host of your stream has made beyond the cut of the epoch that followed his.
struct orphans {
  ports::orphan_tail tail;
  static constexpr std::uint8_t kind = 13;
  static constexpr federation::lane lane = federation::lane::journal;
  static constexpr auto fields() { return std::tuple{law::field{"tail", &orphans::tail}}; }
};
/// Where that tail ends here.
struct orphans_held {
  ports::orphan_position position;
  bool another = false; ///< what you sent is not of the tail that is here
  static constexpr std::uint8_t kind = 14;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    return std::tuple{law::field{"position", &orphans_held::position}, law::field{"another", &orphans_held::another}};
  }
};

/// I hold your stream, or am to host it, and lack so much of it. A message of its own: who does not know it drops it.
struct still_lacking {
  stream_id stream;
  ports::stream_lack what;
  static constexpr std::uint8_t kind = 15;
  static constexpr federation::lane lane = federation::lane::control;
  static constexpr auto fields() {
    return std::tuple{law::field{"stream", &still_lacking::stream}, law::field{"what", &still_lacking::what}};
  }
};

using any_message = std::variant<hello, newer_directory, want, no, marks, question, reply, entries, want_documents,
                                 documents, want_part, part, orphans, orphans_held, still_lacking>;

struct envelope {
  node_name from; ///< must be who the transport says
  node_name to;
  any_message said;
};

enum class envelope_fault : std::uint8_t { too_large, malformed, unknown_protocol, unknown_kind };
constexpr auto names_of(envelope_fault) {
  return std::to_array<std::string_view>({"too_large", "malformed", "unknown_protocol", "unknown_kind"});
}

bytes encode(const envelope& sent);
/// From untrusted bytes.
std::expected<envelope, envelope_fault> decode(byte_view received);

lane lane_of(const any_message& what);

} // namespace toit::federation
