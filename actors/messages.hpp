/// \file
/// What travels between actors of one process. Values are shared, never changed once sent.

#pragma once

#include "law/contingents.hpp"
#include "law/late_book.hpp"
#include "law/participation.hpp"
#include "law/sight.hpp"
#include "law/state_book.hpp"
#include "ports/federation.hpp"
#include "ports/vault.hpp"

#include <expected>
#include <memory>
#include <variant>

namespace toit {

/// Who is at the other end, once he has proved it.
struct identity {
  law::party legal_person; ///< the demandeur himself when it is none
  law::agent_id account;
  std::optional<law::dossier_id> own_dossier; ///< of a demandeur's account
  /// He has proved it to another node of the federation: this is who answers for that node.
  std::optional<law::siren> vouched_by{};
};

/// A command as it was asked for: what only the guard may add is not there yet.
struct asked_command {
  identity by;
  std::string token; ///< by which he proved it: a session that stays open when he changes his password
  std::optional<law::party> originator; ///< absent: who asks
  law::civil_date occurred_on;
  std::string idempotency_key;           ///< empty: a repeat is a new command
  law::bytes32 request{};                ///< digest of the whole request
  std::optional<law::nud> number;        ///< of the demande it is about
  std::optional<law::subject_id> target; ///< or the vacancy, session or dossier
  law::event event;
  ports::bytes content; ///< of a document to be filed
  std::string login;    ///< of an account to be opened
  std::string password;
  std::string display_name;
  std::optional<law::command_id> id{};         ///< of a command that another node has issued
  std::optional<ports::stream_id> issuer{};    ///< of that command: the State authority's stream
  std::optional<ports::stream_id> elsewhere{}; ///< on a State node: the territory where it is to be recorded
  std::optional<law::subject_id> late{};       ///< the former host had recorded it, about this subject
};
using asked_command_ptr = std::shared_ptr<const asked_command>;

/// A command on its way to its owner, with the facts gathered so far and what they were read from.
struct submission {
  law::command command;
  law::facts facts;
  std::vector<ports::subject_read> reads;
  std::optional<law::nud> forgets_number; ///< of a dossier that is erased
  std::vector<ports::account_row> accounts;
  std::string secret; ///< told once to who asked: a code, a token
};
using submission_ptr = std::shared_ptr<const submission>;

/// What was recorded, on disk, and can be proved.
struct receipt {
  ports::stream_id stream;
  std::uint64_t first_seq = 0; ///< 0 when nothing had to be recorded
  std::uint64_t last_seq = 0;
  law::instant recorded_at{};
  law::subject_id subject;
  std::vector<ports::stored_entry> entries; ///< those about `subject`
  std::vector<law::warning> warnings;
  std::optional<ports::signed_head> head; ///< covers `last_seq`
  std::string secret;                     ///< shown once, never again
};
using answer = std::expected<receipt, law::refusal>;
using answer_ptr = std::shared_ptr<const answer>;

using append_group = std::vector<ports::append_ptr>;
using append_group_ptr = std::shared_ptr<const append_group>;
struct append_results {
  std::vector<ports::append_result> results; ///< one an append, in order
  std::vector<ports::signed_head> heads;
};
using append_results_ptr = std::shared_ptr<const append_results>;
/// Of a stream hosted here: the authority competent for its dispositif, and the key of its that opens the stream.
struct ordered_stream {
  ports::stream_id stream;
  ports::stream_id ordering;
  std::optional<law::bytes32> escrow;
  friend bool operator==(const ordered_stream&, const ordered_stream&) = default;
};
using ordered_stream_ptr = std::shared_ptr<const ordered_stream>;
/// What another node brings, or has countersigned.
struct brought {
  std::vector<ports::transfer_ptr> transfers;
  std::vector<ports::witness_mark> marks;
  std::vector<ports::signed_head> foreign_heads;
  std::vector<ports::orphan_tail_ptr> orphans;
};
using brought_ptr = std::shared_ptr<const brought>;
struct brought_results {
  bool on_disk = true;                           ///< false: a full disk; nothing was kept
  std::vector<ports::transfer_result> transfers; ///< in the order asked
  std::vector<ports::orphan_result> orphans;     ///< likewise
};
using brought_results_ptr = std::shared_ptr<const brought_results>;

using adoption_ptr = std::shared_ptr<const ports::adoption>;

using log_line_ptr = std::shared_ptr<const ports::log_line>;

/// What the guard must know of a dossier to decide who may read it.
struct dossier_brief {
  law::dossier_id id;
  std::uint64_t last_seq = 0;
  law::wished_communes communes;
  std::vector<law::consultation_code> codes;
  law::dwelling_places places; ///< of its dwellings: who sees what happens there
};
using brief_ptr = std::shared_ptr<const std::optional<dossier_brief>>;

/// One page of dossiers, in the order of arrival.
struct list_query {
  std::optional<law::demande_status> status;
  std::optional<law::commune_code> commune;
  law::view shows;         ///< what the reader may see
  std::uint64_t after = 0; ///< position of the last one seen
  std::size_t limit = 50;
};
using list_query_ptr = std::shared_ptr<const list_query>;
struct dossier_page {
  std::vector<law::dossier> dossiers;
  std::optional<std::uint64_t> next; ///< where to go on, absent at the end
};

/// Deadlines that run, soonest first.
struct due_query {
  law::civil_date up_to;
  std::size_t limit = 256;
  bool alerts = false; ///< also those that take no effect by themselves
  law::view shows = law::view::of_everything();
  std::uint64_t after = 0; ///< lines of the pages before
};
using due_query_ptr = std::shared_ptr<const due_query>;
struct due_line {
  law::due due;
  law::nud number;
};
struct due_page {
  std::vector<due_line> lines; ///< soonest first
  std::optional<std::uint64_t> next;
};
using due_page_ptr = std::shared_ptr<const due_page>;

/// A dossier as it is, or as it was known at a moment.
struct dossier_view {
  law::dossier state;
  law::form form;
  std::vector<ports::stored_entry> timeline; ///< oldest first
};

/// A page of something that names no applicant.
enum class register_kind : std::uint8_t { dwellings, vacancies, sessions };
struct register_query {
  register_kind kind{};
  std::optional<law::subject_id> only;
  std::uint64_t after = 0;
  std::size_t limit = 50;
};
using register_query_ptr = std::shared_ptr<const register_query>;
struct register_page {
  std::vector<law::dwelling> dwellings;
  std::vector<law::vacancy> vacancies;
  std::vector<law::caleol_session> sessions;
  std::optional<std::uint64_t> next;
};
using register_page_ptr = std::shared_ptr<const register_page>;

/// Candidates of a vacancy, with the dossiers behind them.
struct candidate_line {
  law::nud number;
  law::dossier_id dossier;
  law::wished_communes communes;
  law::candidate candidate;
  law::commune_code place; ///< of the dwelling
};

/// A nominative read, to be decided by the guard and kept in the consultation log.
struct read_dossier {
  std::optional<law::nud> number; ///< absent: the demandeur's own
  std::optional<law::instant> as_of;
  std::string code; ///< that the demandeur gave to a reception place
};
struct read_documents_content {
  law::nud number;
  law::document_id document;
};
struct read_list {
  list_query query;
};
struct read_deadlines {
  due_query query;
};
struct read_candidates {
  law::vacancy_id vacancy;
};
struct read_consultations {
  std::optional<law::nud> number;
  std::size_t limit = 100;
};
struct read_request {
  identity by;
  std::optional<law::purpose> purpose;
  std::variant<read_dossier, read_documents_content, read_list, read_deadlines, read_candidates, read_consultations>
      what;
};
using read_request_ptr = std::shared_ptr<const read_request>;
using read_content = std::variant<dossier_view, ports::bytes, dossier_page, due_page, std::vector<candidate_line>,
                                  std::vector<ports::logged_line>>;
using read_answer = std::expected<read_content, law::refusal>;
using read_answer_ptr = std::shared_ptr<const read_answer>;

/// Logging in, and what it gives.
struct credentials {
  std::string login;
  std::string password;
  std::string token; ///< instead of the two others
};
using credentials_ptr = std::shared_ptr<const credentials>;
struct session {
  identity who;
  std::string token;
  law::instant expires{};
};
using session_answer = std::expected<session, law::refusal>;
using session_answer_ptr = std::shared_ptr<const session_answer>;

/// What became of a command of this State authority is in the territory's stream.
struct executed_command {
  ports::stream_id addressee;
  std::uint64_t issued = 0;
  std::uint64_t executed = 0;
};

/// What a State node knows of a territory that it follows, from the entries that it can read.
struct supervised_territory {
  ports::stream_id stream;
  law::text<120> name;
  std::uint64_t seq = 0;   ///< read so far
  std::uint32_t epoch = 0; ///< of that entry
  bool caught_up = false;
  law::instant last_recorded_at{};
  std::uint64_t commands_executed = 0; ///< of this authority
  law::rights_book rights;
  law::dispositif_book dispositif;
  std::optional<law::stream_closing> closing; ///< while it is the last entry
  std::uint32_t closing_epoch = 0;            ///< of that entry
  law::bytes32 closing_link{};
};
using supervised_territory_ptr = std::shared_ptr<const supervised_territory>;

/// A page of what became of the entries that former hosts had made beyond a cut, in the order of cuts and of entries.
struct late_query {
  identity by;
  law::late_book::key after{}; ///< the last one seen
  std::size_t limit = 50;
  bool with_reasons = false; ///< the guard says so
};
using late_query_ptr = std::shared_ptr<const late_query>;
struct late_page {
  std::vector<law::late_file> files;
  std::optional<law::late_book::key> next; ///< after which to go on, absent at the end
  bool waits = false;                      ///< some cannot be brought in now
};
using late_page_ptr = std::shared_ptr<const late_page>;

struct executor_status {
  std::uint64_t executed = 0; ///< commands of State authorities answered since the start
  std::uint64_t refused = 0;  ///< of which were refused
  std::uint64_t waiting = 0;  ///< 1 an authority whose next command cannot be carried out now
};

/// The whole of a territory's instruments, as they are now.
using rights_ptr = std::shared_ptr<const law::rights_book>;
using contingents_ptr = std::shared_ptr<const law::contingent_book>;
using state_acts_ptr = std::shared_ptr<const law::state_book>;

/// What a prefect has recorded about the dispositifs of his territories, and what others' arrêtés are worth there.
struct procedures_report {
  law::procedures_book book;
  /// By territory, that of an authority that was competent before; of a territory that none has instituted, nothing.
  std::map<law::siren, law::act_standing> substituted_elsewhere{};
};
using procedures_ptr = std::shared_ptr<const procedures_report>;

/// A territory's dispositif as its own node knows it, by its stream and the competent prefect's.
struct dispositif_report {
  law::dispositif_book book;
  law::existence_facts existing;
  std::vector<law::checklist> specifications; ///< of the competent prefect
  /// Parties of a convention that an arrêté in force binds to it.
  std::map<std::pair<law::convention_id, law::siren>, law::ordered_participation> participations{};
};
using dispositif_ptr = std::shared_ptr<const dispositif_report>;

/// How much there is, and nothing of whom.
struct registry_status {
  std::uint64_t demandes = 0; ///< registered and not erased
  std::uint64_t dwellings = 0;
  std::uint64_t vacancies = 0;
  std::uint64_t sessions = 0;
};

struct recorder_status {
  bool read_only = false;
  std::uint64_t groups = 0;
  std::uint64_t entries = 0;
};

struct watcher_status {
  law::civil_date day; ///< the day being kept
  bool frozen = false; ///< automatic effects wait until the clock is confirmed
  std::uint64_t effects = 0;
  std::size_t in_flight = 0;
  bool day_done = false; ///< everything due up to `day` has been answered
};

} // namespace toit
