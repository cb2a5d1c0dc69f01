/// \file
/// Every actor of a territory, and every message it answers: the map of the system.
///
/// A command comes in through the guard, which knows who asks; it goes to the owner of what it touches, which decides;
/// the recorder writes; everybody else follows the stream.

#pragma once

#include "actors/messages.hpp"

#include <caf/all.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(toit, first_custom_type_id)
CAF_ADD_ATOM(toit, toit, append_atom, "append")
CAF_ADD_ATOM(toit, toit, refuse_atom, "refuse")
CAF_ADD_ATOM(toit, toit, consult_atom, "consult")
CAF_ADD_ATOM(toit, toit, follow_atom, "follow")
CAF_ADD_ATOM(toit, toit, written_atom, "written")
CAF_ADD_ATOM(toit, toit, flush_atom, "flush")
CAF_ADD_ATOM(toit, toit, tick_atom, "tick")
CAF_ADD_ATOM(toit, toit, submit_atom, "submit")
CAF_ADD_ATOM(toit, toit, describe_atom, "describe")
CAF_ADD_ATOM(toit, toit, list_atom, "list")
CAF_ADD_ATOM(toit, toit, due_atom, "due")
CAF_ADD_ATOM(toit, toit, read_atom, "read")
CAF_ADD_ATOM(toit, toit, login_atom, "login")
CAF_ADD_ATOM(toit, toit, logout_atom, "logout")
CAF_ADD_ATOM(toit, toit, rights_atom, "rights")
CAF_ADD_ATOM(toit, toit, status_atom, "status")
CAF_ADD_ATOM(toit, toit, confirm_atom, "confirm")
CAF_ADD_ATOM(toit, toit, keep_atom, "keep")
CAF_ADD_ATOM(toit, toit, file_atom, "file")
CAF_ADD_ATOM(toit, toit, destroy_atom, "destroy")
CAF_ADD_ATOM(toit, toit, sweep_atom, "sweep")
CAF_ADD_ATOM(toit, toit, hash_atom, "hash")
CAF_ADD_ATOM(toit, toit, check_atom, "check")
CAF_ADD_ATOM(toit, toit, bring_atom, "bring")
CAF_ADD_ATOM(toit, toit, hold_atom, "hold")
CAF_ADD_ATOM(toit, toit, ordering_atom, "ordering")
CAF_ADD_ATOM(toit, toit, received_atom, "received")
CAF_ADD_ATOM(toit, toit, changed_atom, "changed")
CAF_ADD_ATOM(toit, toit, ask_atom, "ask")
CAF_ADD_ATOM(toit, toit, again_atom, "again")
CAF_ADD_ATOM(toit, toit, answer_atom, "answer")
CAF_ADD_ATOM(toit, toit, executed_atom, "executed")
CAF_ADD_ATOM(toit, toit, adopt_atom, "adopt")
CAF_ADD_ATOM(toit, toit, release_atom, "release")
CAF_ADD_ATOM(toit, toit, gather_atom, "gather")
CAF_ADD_ATOM(toit, toit, host_atom, "host")
CAF_ADD_ATOM(toit, toit, pass_atom, "pass")
CAF_END_TYPE_ID_BLOCK(toit)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::asked_command_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::submission_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::answer_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::append_group_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::append_results_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::log_line_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::brought_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ordered_stream_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::node_name)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::link_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::federation_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const toit::ports::bytes>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::brought_results_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::brief_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::list_query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::due_query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::due_page_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::register_query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::register_page_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::read_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::read_answer_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::credentials_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::session_answer_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::rights_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::contingents_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::state_acts_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::procedures_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::dispositif_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::executed_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::supervised_territory_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::executor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::adoption_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::adoption_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::authorities_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::late_query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::late_page_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::registry_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::recorder_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::watcher_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::ports::stream_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::law::nud)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::law::vacancy_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toit::law::dossier_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<toit::law::document_id>)

namespace toit {

/// A FOLLOWER keeps a cursor on a stream. What it is told is a hint: its own reader says what is written.
using follower_actor = caf::typed_actor<
    // These entries are on disk; answers with the sequence up to which the follower has read.
    caf::replies_to<written_atom, ports::batch_ptr>::with<std::uint64_t>>;

/// The EVENT RECORDER is the only writer of its node's journal and log.
using event_recorder_actor = caf::typed_actor<
    // Appends each part of the group, whole or not at all, and answers once they are on disk.
    caf::replies_to<append_atom, append_group_ptr>::with<append_results_ptr>,
    // Writes a refusal to the attempt log; answers with the first answer of a command that is repeated.
    caf::replies_to<refuse_atom, log_line_ptr>::with<append_results_ptr>,
    // Writes a read to the consultation log; true once it is on disk, false when there is no room.
    caf::replies_to<consult_atom, log_line_ptr>::with<bool>,
    // Keeps what another node brings: entries of its streams, or marks on ours.
    caf::replies_to<bring_atom, brought_ptr>::with<brought_results_ptr>,
    // A stream that is behind what another node holds takes no appends until it is released.
    caf::replies_to<hold_atom, ports::stream_id, bool>::with<bool>,
    // From now on each head names the last entry of the ordering authority's stream that was heeded, and the stream's
    // keys are sealed to that authority. False when the disk has no room: to be asked again.
    caf::replies_to<ordering_atom, ordered_stream_ptr>::with<bool>,
    // What the ordering authority's stream says up to this entry has been done: heads name it from now on.
    caf::reacts_to<ordering_atom, ports::stream_id, std::uint64_t>,
    // Makes a stream this node's, whose epoch the ordering authority has opened for it: answers once the cut is on
    // disk.
    caf::replies_to<adopt_atom, adoption_ptr>::with<ports::adoption_result>,
    // The stream is another node's from now on.
    caf::replies_to<release_atom, ports::stream_id>::with<bool>,
    // Whether this node may open a stream that another hosts: if not, what opens it here is deleted. False when the
    // disk has no room: to be asked again.
    caf::replies_to<release_atom, ports::stream_id, bool>::with<bool>,
    // From now on the follower is told what is written to the stream.
    caf::reacts_to<follow_atom, ports::stream_id, follower_actor>,
    // Writes what waits.
    caf::reacts_to<flush_atom>,
    // Tries whether a full disk has room again.
    caf::reacts_to<tick_atom>,
    // Keeps what a restart needs to know of the stream.
    caf::replies_to<keep_atom, bool>::with<bool>, caf::replies_to<status_atom>::with<recorder_status>>;

/// The STREAM READER reads a territory's stream once for all who begin to fold it.
using stream_reader_actor = caf::typed_actor<
    // Entries behind this place, as they are on disk; none at the end of the stream.
    caf::replies_to<read_atom, std::uint64_t>::with<ports::batch_ptr>>;

/// The DEMAND REGISTRY owns a territory's dossiers, dwellings to let and sessions: it decides what happens to them.
using demand_registry_actor = follower_actor::extend<
    // Decides, has it recorded, and answers with a receipt or a refusal.
    caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>,
    // What the guard must know of a dossier to decide who may read it.
    caf::replies_to<describe_atom, law::dossier_id>::with<brief_ptr>,
    // A page of dossiers within a scope.
    caf::replies_to<list_atom, list_query_ptr>::with<read_answer_ptr>,
    // Candidates of a vacancy, with the dossiers behind them.
    caf::replies_to<list_atom, law::vacancy_id>::with<read_answer_ptr>,
    // A page of dwellings, vacancies or sessions, which name no applicant.
    caf::replies_to<list_atom, register_query_ptr>::with<register_page_ptr>,
    // Deadlines that run, soonest first.
    caf::replies_to<due_atom, due_query_ptr>::with<due_page_ptr>,
    // Takes a snapshot when enough has changed, or in any case; answers once it is on disk.
    caf::replies_to<keep_atom, bool>::with<bool>,
    // Every document that an entry names.
    caf::replies_to<sweep_atom>::with<std::vector<law::document_id>>,
    // Goes on with the snapshot begun.
    caf::reacts_to<tick_atom>,
    // How much there is.
    caf::replies_to<status_atom>::with<registry_status>>;

/// The CONTINGENT ALLOCATOR owns conventions and flows, knows what is charged on each, and adds the holder's right to a
/// designation on its way to the registry.
using contingent_allocator_actor =
    follower_actor::extend<caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>,
                           // Conventions, flows and balances as they are now.
                           caf::replies_to<list_atom>::with<contingents_ptr>,
                           caf::replies_to<keep_atom, bool>::with<bool>>;

/// The ACCESS GUARD is the only door: it knows who asks and what each legal person may do, and owns those instruments.
using access_guard_actor = follower_actor::extend<
    // Opens a session with a password, or recognises a token.
    caf::replies_to<login_atom, credentials_ptr>::with<session_answer_ptr>, caf::reacts_to<logout_atom, std::string>,
    // A command from outside: refused here, or handed to its owner with the facts that the guard alone has.
    caf::replies_to<submit_atom, asked_command_ptr>::with<answer_ptr>,
    // A nominative read: refused, or logged and then answered.
    caf::replies_to<read_atom, read_request_ptr>::with<read_answer_ptr>,
    // What became of a former host's entries, with its reasons for who may review them.
    caf::replies_to<list_atom, late_query_ptr>::with<late_page_ptr>,
    // Legal persons, habilitations, mandates and accounts as they are now.
    caf::replies_to<rights_atom>::with<rights_ptr>, caf::replies_to<keep_atom, bool>::with<bool>>;

/// The DEADLINE WATCHER asks for what falls due on each civil day of the territory, in day order.
using deadline_watcher_actor = caf::typed_actor<
    // Looks at the clock.
    caf::reacts_to<tick_atom>,
    // Automatic effects run again if this entry, which confirms or sets the clock, came after they were frozen.
    caf::reacts_to<confirm_atom, std::uint64_t>, caf::replies_to<status_atom>::with<watcher_status>>;

/// The PASSWORD DESK hashes and compares, slowly and apart from everybody else.
using password_desk_actor = caf::typed_actor<
    // The hash of a new password.
    caf::replies_to<hash_atom, std::string>::with<std::string>,
    // Whether a hash is that of the password.
    caf::replies_to<check_atom, std::string, std::string>::with<bool>>;

/// The DOSSIER READER unfolds one dossier from the journal, as it is or as it was.
using dossier_reader_actor = caf::typed_actor<
    caf::replies_to<read_atom, law::dossier_id, std::uint64_t, read_request_ptr>::with<read_answer_ptr>>;

/// DOCUMENTS keeps supporting documents: on disk before the entry that names them, swept when none does.
using documents_actor = caf::typed_actor<
    // Stores the content of a document on its way to the registry.
    caf::replies_to<submit_atom, submission_ptr, asked_command_ptr, demand_registry_actor>::with<answer_ptr>,
    // Destroys the documents of an erased dossier.
    caf::reacts_to<destroy_atom, std::vector<law::document_id>>,
    // Removes files that no entry names.
    caf::reacts_to<sweep_atom, demand_registry_actor>>;

/// The COMMAND EXECUTOR carries out what State authorities command a territory, under the guard, each command once, and
/// records what became of it.
using command_executor_actor = follower_actor::extend< // Looks for authorities, and tries again what could not be done.
    caf::reacts_to<tick_atom>, caf::replies_to<status_atom>::with<executor_status>>;

/// The STATE DESK owns what a State authority records in its own stream: commands to territories, waiting thresholds.
using state_desk_actor = follower_actor::extend<caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>,
                                                // What became of a command is known: what it held is destroyed.
                                                caf::reacts_to<executed_atom, executed_command>,
                                                // Commands and thresholds as they are now.
                                                caf::replies_to<list_atom>::with<state_acts_ptr>,
                                                caf::replies_to<keep_atom, bool>::with<bool>>;

/// The CONVENTION KEEPER owns what a territory's parties record of its dispositif, and of the convention that they sign
/// or refuse.
using convention_keeper_actor = follower_actor::extend<caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>,
                                                       // The dispositif as it is now, by this stream and the prefect's.
                                                       caf::replies_to<list_atom>::with<dispositif_ptr>,
                                                       caf::replies_to<keep_atom, bool>::with<bool>>;

/// PREFECT PROCEDURES owns what a prefect records about the dispositifs of his territories: what he asks and finds,
/// opinions, acts and what becomes of them.
using prefect_procedures_actor = follower_actor::extend<caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>,
                                                        // Territories, procedures and acts as they are now, and
                                                        // what others' arrêtés are worth there.
                                                        caf::replies_to<list_atom>::with<procedures_ptr>,
                                                        caf::replies_to<keep_atom, bool>::with<bool>>;

/// The TERRITORY SUPERVISOR of a State node follows one territory: what it may read there, and what became of commands.
using territory_supervisor_actor =
    follower_actor::extend<caf::reacts_to<tick_atom>, caf::replies_to<status_atom>::with<supervised_territory_ptr>>;

/// The SUBSTITUTION HOST of a State node opens epochs: it writes in its authority's stream that a territory's
/// dispositif passes, when the prefect's acts or the territory's adhesion say so.
using substitution_host_actor = follower_actor::extend< // Looks what is due.
    caf::reacts_to<tick_atom>>;

/// LATE ENTRIES brings in what a territory's former host had recorded beyond the cut, each entry at most once, and owns
/// what the holder says of it.
using late_entries_actor = follower_actor::extend<
    // Goes on with the next one, which is asked of this guard.
    caf::reacts_to<tick_atom, access_guard_actor>,
    // A page of what became of each so far; the guard says whether with its reasons.
    caf::replies_to<list_atom, late_query_ptr>::with<late_page_ptr>,
    // What the holder says of one of them.
    caf::replies_to<submit_atom, submission_ptr>::with<answer_ptr>, caf::replies_to<keep_atom, bool>::with<bool>>;

/// The HOST KEEPER (nodes/host) of a node takes over the streams whose epochs are opened for it, and hands over or lets
/// go those that are another's.
using host_keeper_actor = follower_actor::extend< // Looks what is not yet done.
    caf::reacts_to<tick_atom>>;

using message_ptr = std::shared_ptr<const ports::bytes>;

/// The LINK KEEPER (nodes/federation) exchanges streams with the neighbours: the one actor that knows of other nodes.
using link_keeper_actor = follower_actor::extend<
    // A neighbour, who has proved who he is, says this.
    caf::reacts_to<received_atom, ports::node_name, message_ptr>,
    // The link with a neighbour is up, down or refused.
    caf::reacts_to<changed_atom, ports::node_name, ports::link_state>,
    // Looks at the clock: what is late is asked for again.
    caf::reacts_to<tick_atom>,
    // Asks a neighbour something that he answers at once, under his own guard.
    caf::replies_to<ask_atom, ports::node_name, message_ptr>::with<message_ptr>,
    // A newer directory, signed by the anchor, was brought by hand.
    caf::reacts_to<keep_atom, message_ptr>,
    // Other nodes host streams now.
    caf::reacts_to<pass_atom, ports::authorities_ptr>,
    // This node hosts the stream from now on, or no more.
    caf::reacts_to<host_atom, ports::stream_id, bool>,
    // Asks all neighbours for what they hold more of a stream; answers once they have given it, or been waited for.
    caf::replies_to<gather_atom, ports::stream_id>::with<bool>,
    // The answer to what a neighbour asked.
    caf::reacts_to<answer_atom, ports::node_name, std::uint64_t, message_ptr>,
    // Links, positions and alarms as they are now.
    caf::replies_to<status_atom>::with<ports::federation_report_ptr>>;

/// The DIRECTORY KEEPER (nodes/federation) keeps the signed directory on disk, and looks for one brought by hand.
using directory_keeper_actor = caf::typed_actor<
    // A newer one is in force, which a neighbour has brought: kept; false when it could not be, which costs nothing
    // but that the next start learns it again.
    caf::replies_to<keep_atom, message_ptr>::with<bool>,
    // Whom to tell of what is brought by hand.
    caf::reacts_to<follow_atom, link_keeper_actor>,
    // Looks whether a newer one was put in the place of the old one.
    caf::reacts_to<tick_atom>>;

/// The NODE SUPERVISOR (nodes/host) begins a territory's actors, gives them their ticks, and begins them all again when
/// one ends.
using node_supervisor_actor = caf::typed_actor<caf::reacts_to<tick_atom>,
                                               // The past of the territory's stream has come back from another node:
                                               // whoever folded it begins again.
                                               caf::reacts_to<again_atom>>;

} // namespace toit
