/// \file
/// How a node stands with its neighbours, for whoever looks after it: docs/operating.md says what each alarm means.

#pragma once

#include "ports/replica.hpp"
#include "ports/transport.hpp"

#include <map>

namespace toit::ports {

/// What a human must know of. Stable names; docs/operating.md says what to do.
enum class alarm_kind : std::uint8_t {
  forked,            ///< two histories of one stream, both signed by its host
  rolled_back,       ///< a host has less of its own stream than was countersigned
  altered,           ///< entries whose hashes do not follow from one another
  bad_signature,     ///< signed by nobody whom the directory names, or by a revoked key
  keys_missing,      ///< a stream's key is not sealed to the ordering authority: it is not countersigned
  directory_expired, ///< the authority is unconfirmed since then
  clock_apart,       ///< a neighbour's clock is far from ours
  unconfirmed,       ///< nobody has yet confirmed where this node's own stream stands
  misbehaving,       ///< malformed, wrongly addressed, more than was asked for
  unordered,         ///< entries of an epoch that the ordering stream has not opened, as far as it is here
};
constexpr auto names_of(alarm_kind) {
  return std::to_array<std::string_view>({"forked", "rolled_back", "altered", "bad_signature", "keys_missing",
                                          "directory_expired", "clock_apart", "unconfirmed", "misbehaving",
                                          "unordered"});
}

struct alarm {
  alarm_kind kind{};
  std::optional<stream_id> stream;
  std::optional<node_name> node;
  std::uint64_t seq = 0;
  law::instant since{};
  friend bool operator==(const alarm&, const alarm&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = alarm;
    return std::tuple{field{"kind", &t::kind}, field{"stream", &t::stream}, field{"node", &t::node},
                      field{"seq", &t::seq}, field{"since", &t::since}};
  }
};

/// Where a stream stands on a link, for whoever looks.
struct stream_report {
  stream_id stream;
  std::uint64_t seq = 0;                ///< here
  std::uint64_t their_seq = 0;          ///< there, as last heard
  std::uint32_t their_epoch = 0;        ///< of that entry
  law::instant as_of{};                 ///< when that was
  std::uint64_t documents_missing = 0;  ///< that are there, as last heard, and not yet here
  std::optional<stream_lack> lacking{}; ///< there, as he says who holds it; absent: he has said nothing of it
  static constexpr auto fields() {
    using law::field;
    using t = stream_report;
    return std::tuple{field{"stream", &t::stream},       field{"seq", &t::seq},
                      field{"their_seq", &t::their_seq}, field{"their_epoch", &t::their_epoch},
                      field{"as_of", &t::as_of},         field{"documents_missing", &t::documents_missing},
                      field{"lacking", &t::lacking}};
  }
};
/// Documents of entries up to `seq` are there, and the keys. Whoever has said nothing may not have heard yet that he is
/// to hold it.
inline bool is_whole_there(const stream_report& there, std::uint64_t seq) {
  const auto& lacking = there.lacking;
  return lacking && lacking->documents == 0 && !lacking->keys && lacking->seq >= seq;
}
struct link_report {
  node_name node;
  link_state state{};
  std::optional<law::instant> last_heard;
  std::uint64_t misbehaviours = 0;
  law::list<stream_report, 4096> streams;
  static constexpr auto fields() {
    using law::field;
    using t = link_report;
    return std::tuple{field{"node", &t::node}, field{"state", &t::state}, field{"last_heard", &t::last_heard},
                      field{"misbehaviours", &t::misbehaviours}, field{"streams", &t::streams}};
  }
};
/// A stream's host since an epoch, as an ordering authority's stream has opened it.
struct host_epoch {
  std::uint32_t epoch = 0;
  node_name host;
  friend bool operator==(const host_epoch&, const host_epoch&) = default;
};
/// Of one stream.
struct stream_hosts {
  std::vector<host_epoch> passed; ///< each epoch after the first, in order
  std::optional<node_name> next;  ///< by a passing that is prepared and not yet done
  std::uint32_t epoch() const { return passed.empty() ? 0 : passed.back().epoch; }
  friend bool operator==(const stream_hosts&, const stream_hosts&) = default;
};
/// Streams that nobody has taken over are not there.
using authorities = std::map<stream_id, stream_hosts>;
using authorities_ptr = std::shared_ptr<const authorities>;

/// Who hosts a stream whose authority has passed, or is about to.
struct authority_report {
  stream_id stream;
  std::uint32_t epoch = 0;
  node_name host;
  std::optional<node_name> next; ///< by a passing that is prepared
  static constexpr auto fields() {
    using law::field;
    using t = authority_report;
    return std::tuple{field{"stream", &t::stream}, field{"epoch", &t::epoch}, field{"host", &t::host},
                      field{"next", &t::next}};
  }
};
struct federation_report {
  std::uint64_t directory_number = 0;
  law::instant valid_until{};
  bool held = false; ///< nothing may be recorded until a neighbour has said where this node's stream stands
  std::optional<stream_id> ordering; ///< of the authority competent for the dispositif of this node's territory
  law::list<link_report, 2048> links;
  law::list<alarm, 1000> alarms;
  law::list<authority_report, 2048> authorities;
  static constexpr auto fields() {
    using law::field;
    using t = federation_report;
    return std::tuple{field{"directory_number", &t::directory_number},
                      field{"valid_until", &t::valid_until},
                      field{"held", &t::held},
                      field{"ordering", &t::ordering},
                      field{"links", &t::links},
                      field{"alarms", &t::alarms},
                      field{"authorities", &t::authorities}};
  }
};
using federation_report_ptr = std::shared_ptr<const federation_report>;

} // namespace toit::ports
