/// \file
/// When a territory's authority passes, and to whom: a function of the prefect's acts, of the territory's adhesion and
/// of the epoch in force. Whoever asks twice before anything has passed gets the same answer, so that a crash costs
/// nothing.
///
/// Text       L441-2-7 al. 2 (adhesion; it is the EPCI's, registered without discretion) and al. 4 (the prefect
///            institutes the dispositif; once his arrêté no longer binds, the EPCI answers again).
///            docs/readings.md, 40.
/// Not here   how a stream passes between nodes: docs/federation-protocol.md.

#pragma once

#include "law/procedures.hpp"

namespace toit::law {

/// The nodes that may host a territory's stream.
struct possible_hosts {
  std::optional<text<64>> territory; ///< its own; absent where there never was one
  text<64> prefect;                  ///< of the authority competent for the dispositif
  std::optional<text<64>> joined;    ///< of who operates the dispositif that the territory has joined, if he has one
};

/// Where the stream stands now, whichever authority has brought it there: another may have been competent before.
struct stream_standing {
  const authority_passed* opened = nullptr; ///< the last epoch; null: the first, of the territory's own node
  const procedures_book* former = nullptr;  ///< of the authority that opened it, where that is another
  bool closed = false;                      ///< by its present host, to pass
};

/// Whom the territory has joined; absent when nobody.
std::optional<siren> joined_by(const dispositif_book* side);

/// The epoch to be opened; absent when the stream is where it belongs, and its holder who answers for it. `side` is
/// what the territory's own stream says; null when nothing of it was received. A stream that was closed, and belongs
/// where it is after all, passes to the host that it has: nothing else could reopen it. An arrêté of the authority that
/// was competent before takes its effects until it ends, whatever the present one has ordered without having heard.
// [L441-2-7-2-1] [L441-2-7-4-1]
std::optional<authority_passed> passing_due(const procedures_book& book, siren territory, const dispositif_book* side,
                                            const possible_hosts& hosts, siren prefect, const stream_standing& now,
                                            civil_date day);

/// The host stays, and another answers: the stream goes on where it is, and nothing has to be closed or brought.
bool stays_where_it_is(const authority_passed& due, const possible_hosts& hosts, const stream_standing& now);

/// The present host hands over what is whole; without it, the next one takes what it can prove.
bool by_agreement(passing_ground ground);

/// What the world tells is recorded, if need be as a conflict; what somebody decided is decided again; what a node had
/// drawn by itself the present one draws where it is due.
enum class late_nature : std::uint8_t { fact, decided, consequence };
late_nature late_nature_of(const record& happened);

/// The identifier by which others know what the entry made: the one in the event, where it has one of its own; else
/// that of the entry's subject.
subject_id identity_made(subject_id about, const event& happened);

/// Whether it may be asked for again at all. Who knew that another hosts the stream (`knowing`) had nothing to decide
/// or to grant in it any more; rights that nobody outside had seen change, a fenced host could have given to anybody or
/// taken from anybody; and what was said of late entries is brought in for nobody.
check may_come_back(const record& happened, bool witnessed, bool knowing);

} // namespace toit::law
