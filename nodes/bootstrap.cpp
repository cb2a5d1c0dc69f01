#include "nodes/bootstrap.hpp"

#include "law/rights.hpp"

namespace toit::nodes {

namespace {

ports::entry_draft draft(ports::sealer& sealer, const ports::stream_id& stream, law::subject_id subject,
                         law::siren gestionnaire, law::civil_date today, law::event happened) {
  law::record record{};
  record.occurred_on = today;
  record.originator = gestionnaire;
  record.introducer = gestionnaire;
  record.event = std::move(happened);
  auto payload = sealer.seal(stream, subject, record);
  return {subject, std::move(payload), std::make_shared<const law::record>(std::move(record))};
}

} // namespace

law::record opening_of(const stream_setup& setup, const journal::public_key& signer, law::civil_date today) {
  law::record first{};
  first.occurred_on = today;
  first.originator = setup.territory;
  first.introducer = setup.territory;
  first.event = law::stream_opened{setup.territory, setup.territory_name, setup.purpose, signer};
  return first;
}

law::siren gestionnaire_in(ports::journal_reader& reader, const ports::stream_id& stream, law::siren otherwise) {
  constexpr std::size_t first_entries = 64;
  for (const auto& entry : reader.read(stream, 0, first_entries)) {
    const auto* granted = entry.record ? std::get_if<law::habilitation_granted>(&entry.record->event) : nullptr;
    if (granted && granted->habilitation.quality == law::quality::gestionnaire)
      return granted->habilitation.legal_person;
  }
  return otherwise;
}

void open_stream(journal::node_journal& node, const stream_setup& setup, law::civil_date today) {
  node.create_stream(setup.stream, opening_of(setup, node.signer(), today));
  auto written = node.open_reader()->entry(setup.stream, 1);
  const auto* there = written && written->record ? std::get_if<law::stream_opened>(&written->record->event) : nullptr;
  if (!there || there->territory != setup.territory)
    throw journal::store_broken{"the stream does not begin with its opening"};
  if (there->purpose != setup.purpose)
    throw journal::store_broken{"this journal is for " + there->purpose.str() + ", the configuration says " +
                                setup.purpose.str()};
}

bool needs_first_account(journal::node_journal& node, const ports::stream_id& stream) {
  return node.writer().last_seq(stream) <= 1;
}

void create_first_account(journal::node_journal& node, const ports::stream_id& stream, const first_account& first,
                          ports::account_sealer& accounts, ports::password_hasher& hasher, ports::randomness& chance,
                          law::civil_date today) {
  auto sealer = node.open_sealer();
  auto append = std::make_shared<ports::append>();
  append->stream = stream;
  auto put = [&](law::subject_id subject, law::event happened) {
    append->drafts.push_back(draft(*sealer, stream, subject, first.gestionnaire, today, std::move(happened)));
  };
  put(law::subject_of(first.gestionnaire),
      law::legal_person_registered{first.gestionnaire, first.gestionnaire_kind, first.gestionnaire_name});
  law::habilitation habilitation{};
  habilitation.id = chance.fresh<law::habilitation_id>();
  habilitation.legal_person = first.gestionnaire;
  habilitation.quality = law::quality::gestionnaire;
  habilitation.mission = law::text<200>{"Gestionnaire du dispositif"};
  habilitation.from = first.from;
  put(law::subject_of(habilitation.id), law::habilitation_granted{habilitation});
  using enum law::agent_mission;
  auto id = chance.fresh<law::agent_id>();
  put(law::subject_of(id),
      law::account_opened{id, first.gestionnaire, {consult, record, rectify, administer}, first.from, {}});
  append->accounts.push_back(accounts.seal({id, first.login, first.display_name, hasher.hash(first.password), {}, {}}));
  std::vector<ports::append_ptr> group{append};
  auto results = node.writer().stage(group);
  law::require(results.front().status == ports::append_status::appended, "nobody else writes to a new stream");
  if (!node.writer().sync().entries)
    throw journal::store_full{};
}

} // namespace toit::nodes
