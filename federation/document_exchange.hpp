/// \file
/// How supporting documents travel, as a pure state machine beside `exchange`: encrypted as they are, a part at a time,
/// so that whatever is urgent overtakes them.
///
/// Whoever should hold a stream asks its host which documents there are, and fetches what he lacks, one document at a
/// time from each neighbour; of a stream that is to be hosted here, or is beside the own one, whoever holds it is
/// asked. A document that the stream says is erased is removed, and never fetched again; one that is merely no longer
/// there stays: a host that was restored lacks much, and fetches its own back in the same way.
///
/// Whoever holds a stream that another hosts, because it came from him or goes to him, says what he lacks of it: it is
/// handed over to him once that is nothing.
///
/// Under a directory that has expired nothing is said or taken.
///
/// Not here   whether what came opens: its key is in its entry, which only those who may read the dossier can open.

#pragma once

#include "federation/document_shelves.hpp"
#include "federation/exchange.hpp"

#include <utility>

namespace toit::federation {

/// Of a document, on its way: the same for all nodes of the protocol.
constexpr std::uint64_t document_part_bytes = exchange_limits{}.part_bytes;

struct document_limits {
  std::size_t parts_on_their_way = 4;    ///< to this node, on each link
  std::size_t wanted = 65'536;           ///< documents of a link that wait to be fetched
  std::size_t tries = 5;                 ///< until a question without an answer is given up for this time
  std::size_t lists_a_second = 64;       ///< told to a neighbour
  std::size_t parts_a_second = 2'048;    ///< sent to one
  std::size_t erasures_bytes = 8U << 20; ///< of entries that are read at each tick
  milliseconds ask_again{3'000};
  milliseconds list_every{60'000}; ///< and at least a second for each page
  milliseconds list_soon{2'000};   ///< after entries have come, and at least a tenth of a second for each page
  milliseconds tell_every{5'000};  ///< what is lacking of a stream that is held
  milliseconds tell_soon{1'000};   ///< the same, when it has changed
};

struct document_setup {
  node_name self;
  std::vector<stream_id> hosted; ///< own documents are those of the first, unless `own` says otherwise
  document_shelves::folders folders;
  document_limits limits;
  std::optional<stream_id> own; ///< whose documents are in the own folder, hosted here or not
};

struct document_actions {
  std::vector<exchange_actions::outgoing> messages;
  std::vector<node_name> misbehaved; ///< once for each message: the exchange counts and tells it
  std::vector<std::string> failures; ///< of the disk; nothing is lost by them: what could not be done is tried again
};

class document_exchange {
public:
  /// `directory` is always the one in force; it and `source` outlive this. Throws what `ports::files` throws.
  document_exchange(document_setup setup, const federation::directory& directory, ports::transfer_source& source,
                    milliseconds monotonic, law::instant now, law::civil_date today);

  /// The time, at least every second.
  void tick(milliseconds monotonic, law::instant now, law::civil_date today);
  void link_changed(const node_name& peer, ports::link_state now);
  /// One of the five messages about documents, from whom the exchange knows that he said it.
  void received(const node_name& from, const any_message& said);
  /// Entries of the stream are on disk.
  void grown(const stream_id& stream);
  /// Another node hosts a stream, or will, or this one hosts others: what is hosted here from now on.
  void set_hosted(std::vector<stream_id> hosted);
  /// This node's own stream was behind and no longer is: its documents may be behind too.
  void fetch_back(const stream_id& stream);

  document_actions take() { return std::exchange(todo_, {}); }
  /// Adds what is known here to what the exchange tells.
  void complete(ports::federation_report& told) const;

private:
  /// What a neighbour says that he has of a stream.
  struct listing {
    bool running = false;
    bool incomplete = false;           ///< not all that is lacking could be noted
    bool clean = false;                ///< the last list had nothing that is lacking here
    std::optional<milliseconds> began; ///< absent: not yet on this link
    std::optional<milliseconds> soon;  ///< entries have come: from then on
    std::uint64_t soon_to = 0;         ///< up to this one
    std::uint64_t begun_to = 0;        ///< a list that began then names the documents of entries up to this one
    std::uint64_t whole_to = 0;        ///< the same of the last whole list
    law::document_id after;
    std::uint64_t listed = 0;
    std::uint64_t lacking = 0; ///< of those listed so far
    std::uint64_t missing = 0; ///< after the last whole list
    std::size_t pages = 0;
    std::size_t waiting = 0; ///< in `wanted`, or being fetched
  };
  struct wanted_document {
    stream_id stream;
    document_size what;
  };
  struct fetch {
    wanted_document wanted;
    std::unique_ptr<ports::files::writer> file;
    std::uint64_t written = 0;
    std::uint64_t asked = 0;
    milliseconds asked_at{0};
    std::size_t tries = 0;
  };
  enum class reading : std::uint8_t { next, other, gone, wrong };
  /// What was told of a stream, and when.
  struct told_lack {
    ports::stream_lack what;
    milliseconds at{0};
  };
  struct link {
    bool up = false;
    std::map<stream_id, listing> lists; ///< that are asked for
    std::optional<stream_id> asking;    ///< whose next page is on its way
    milliseconds asked_at{0};
    std::size_t tries = 0;
    std::deque<wanted_document> wanted;
    std::optional<fetch> fetching;
    std::map<stream_id, told_lack> told;             ///< to him
    std::map<stream_id, ports::stream_lack> lacking; ///< there, as he says while he holds it
    std::size_t lists_told = 0;                      ///< in this second
    std::size_t parts_told = 0;
  };

  void take_in(const node_name& from, link& l, const want_documents& said);
  void take_in(const node_name& from, link& l, const want_part& said);
  void take_in(const node_name& from, link& l, const documents& said);
  void take_in(const node_name& from, link& l, const part& said);
  void take_in(const node_name& from, link& l, const still_lacking& said);

  void say(const node_name& to, any_message what);
  void misbehaved(const node_name& who) { todo_.misbehaved.push_back(who); }
  bool concerns(const node_name& whom, const stream_id& stream) const;
  bool hosts(const stream_id& stream) const;
  bool is_expired() const { return directory_.expired(now_); }
  void choose_streams();
  void choose_streams(const node_name& name, link& l);
  std::set<stream_id> streams_from(const node_name& name) const;
  void count_anew();
  void drop_under_way(link& l);
  void settle_late(const node_name& name, link& l);
  void go_on(const node_name& name, link& l);

  void begin_list(const node_name& name, link& l);
  bool is_due(const stream_id& stream, const listing& list) const;
  void list_soon(const stream_id& stream, listing& list) const;
  void begin_listing(const stream_id& stream, listing& list) const;
  void ask_page(const node_name& name, link& l);
  void give_up_list(link& l);
  bool is_page(const documents& said) const;
  void note_lacking(link& l, listing& list, const documents& said, bool to_fetch);
  void end_list(const stream_id& stream, listing& list);
  void settle_fetching_back();

  std::uint64_t seq_of(const stream_id& stream) const;
  std::vector<const territory_entry*> held_territories() const;
  ports::stream_lack lack_of(const stream_id& stream) const;
  void tell_lacking();

  void begin_fetch(link& l);
  bool is_fetched_elsewhere(const wanted_document& wanted) const;
  void ask_parts(const node_name& name, link& l);
  reading read(const fetch& f, const part& said) const;
  void write(link& l, const part& said);
  void end_fetch(link& l, bool still_missing);
  void drop_erased();

  template <class Action>
  bool tried(Action&& action);

  document_setup setup_;
  const federation::directory& directory_;
  ports::transfer_source& source_;
  document_shelves shelves_;
  milliseconds monotonic_;
  milliseconds second_began_;
  milliseconds fetch_from_{0}; ///< after a failure of the disk, not before
  law::instant now_;
  law::civil_date today_;
  std::optional<std::uint64_t> chosen_from_; ///< number of the directory from which streams were chosen
  bool fetching_back_ = false;
  std::map<node_name, link> links_;
  document_actions todo_;
};

} // namespace toit::federation
