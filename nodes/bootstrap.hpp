/// \file
/// What whoever runs a host enters on it himself: the first legal person, habilitation and account of a territory; and
/// an account for who answers there in the EPCI's place. Everything else goes through the access guard.

#pragma once

#include "journal/node_journal.hpp"
#include "ports/accounts.hpp"
#include "ports/passwords.hpp"
#include "ports/randomness.hpp"

namespace toit::nodes {

struct new_account {
  law::siren legal_person; ///< whose agent it is
  law::text<120> legal_person_name;
  law::legal_person_kind kind = law::legal_person_kind::ept;
  law::text<80> login;
  law::text<120> display_name;
  std::string password;
  law::civil_date from; ///< of the account, and of the habilitation with it
};

struct stream_setup {
  ports::stream_id stream;
  law::siren territory;
  law::text<120> territory_name;
  law::text<16> purpose; ///< "production", "training" or "demonstration"
};

/// What a stream begins with, whose first host signs with this key.
law::record opening_of(const stream_setup& setup, const journal::public_key& signer, law::civil_date today);

/// The legal person that operates the dispositif, as the first entries of a stream say; `otherwise` where none does.
law::siren gestionnaire_in(ports::journal_reader& reader, const ports::stream_id& stream, law::siren otherwise);

/// Begins the territory's stream if it is not there. Throws when it is there for another purpose: data of the kinds
/// never mix.
void open_stream(journal::node_journal& node, const stream_setup& setup, law::civil_date today);

/// True when the stream still has nobody to administer it.
bool needs_first_account(journal::node_journal& node, const ports::stream_id& stream);

/// Writes legal person, habilitation and account; the stream must be loaded, and nobody else may be writing.
void create_first_account(journal::node_journal& node, const ports::stream_id& stream, const new_account& first,
                          ports::account_sealer& accounts, ports::password_hasher& hasher, ports::randomness& chance,
                          law::civil_date today);

/// The same of an agent of the holder who answers for the dispositif in the EPCI's place: his legal person where it is
/// not known yet, and an account that reads and reviews. He needs no habilitation.
void create_holders_account(journal::node_journal& node, const ports::stream_id& stream, const new_account& asked,
                            ports::account_sealer& accounts, ports::password_hasher& hasher, ports::randomness& chance,
                            law::civil_date today);

} // namespace toit::nodes
