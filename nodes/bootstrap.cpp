#include "nodes/bootstrap.hpp"

#include "law/rights.hpp"

#include <algorithm>

namespace toit::nodes {

namespace {

ports::entry_draft draft(ports::sealer& sealer, const ports::stream_id& stream, law::subject_id subject, law::siren by,
                         law::civil_date today, law::event happened) {
  law::record record{};
  record.occurred_on = today;
  record.originator = by;
  record.introducer = by;
  record.event = std::move(happened);
  auto payload = sealer.seal(stream, subject, record);
  return {subject, std::move(payload), std::make_shared<const law::record>(std::move(record))};
}

/// The first event of this kind in the stream that is the one looked for; mostly it is among the first entries.
template <class E, class Condition>
std::optional<E> first_event(ports::journal_reader& reader, const ports::stream_id& stream, Condition&& is_it) {
  constexpr std::size_t largest_chunk = 512;
  std::uint64_t at = 0;
  for (std::size_t chunk = 4;; chunk = std::min(2 * chunk, largest_chunk)) {
    auto entries = reader.read(stream, at, chunk);
    for (const auto& entry : entries) {
      at = entry.seq;
      const auto* found = entry.record ? std::get_if<E>(&entry.record->event) : nullptr;
      if (found && is_it(*found))
        return *found;
    }
    if (entries.size() < chunk)
      return std::nullopt;
  }
}

std::optional<law::habilitation_granted> first_gestionnaire(ports::journal_reader& reader,
                                                            const ports::stream_id& stream) {
  return first_event<law::habilitation_granted>(reader, stream, [](const law::habilitation_granted& granted) {
    return granted.habilitation.quality == law::quality::gestionnaire;
  });
}

/// An account and what it rests on, in one append.
class account_append {
public:
  account_append(journal::node_journal& node, const ports::stream_id& stream, const new_account& asked,
                 law::civil_date today)
      : node_{node}, asked_{asked}, today_{today}, sealer_{node.open_sealer()} {
    append_->stream = stream;
  }

  void put(law::subject_id subject, law::event happened) {
    append_->drafts.push_back(
        draft(*sealer_, append_->stream, subject, asked_.legal_person, today_, std::move(happened)));
  }
  void put_legal_person() {
    put(law::subject_of(asked_.legal_person),
        law::legal_person_registered{asked_.legal_person, asked_.kind, asked_.legal_person_name});
  }
  void put_account(law::agent_id id, law::agent_missions missions, ports::account_sealer& accounts,
                   ports::password_hasher& hasher) {
    put(law::subject_of(id), law::account_opened{id, asked_.legal_person, std::move(missions), asked_.from, {}});
    append_->accounts.push_back(
        accounts.seal({id, asked_.login, asked_.display_name, hasher.hash(asked_.password), {}, {}}));
  }
  void write() {
    std::vector<ports::append_ptr> group{append_};
    auto results = node_.writer().stage(group);
    law::require(results.front().status == ports::append_status::appended, "nobody else writes to the stream");
    if (!node_.writer().sync().entries)
      throw journal::store_full{};
  }

private:
  journal::node_journal& node_;
  const new_account& asked_;
  law::civil_date today_;
  std::shared_ptr<ports::sealer> sealer_;
  std::shared_ptr<ports::append> append_ = std::make_shared<ports::append>();
};

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
  auto granted = first_gestionnaire(reader, stream);
  return granted ? granted->habilitation.legal_person : otherwise;
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
  return !first_gestionnaire(*node.open_reader(), stream);
}

void create_first_account(journal::node_journal& node, const ports::stream_id& stream, const new_account& first,
                          ports::account_sealer& accounts, ports::password_hasher& hasher, ports::randomness& chance,
                          law::civil_date today) {
  account_append made{node, stream, first, today};
  made.put_legal_person();
  law::habilitation habilitation{};
  habilitation.id = chance.fresh<law::habilitation_id>();
  habilitation.legal_person = first.legal_person;
  habilitation.quality = law::quality::gestionnaire;
  habilitation.mission = law::text<200>{"Gestionnaire du dispositif"};
  habilitation.from = first.from;
  made.put(law::subject_of(habilitation.id), law::habilitation_granted{habilitation});
  using enum law::agent_mission;
  made.put_account(chance.fresh<law::agent_id>(), {consult, record, rectify, administer}, accounts, hasher);
  made.write();
}

// [L441-2-7-4-1]
void create_holders_account(journal::node_journal& node, const ports::stream_id& stream, const new_account& asked,
                            ports::account_sealer& accounts, ports::password_hasher& hasher, ports::randomness& chance,
                            law::civil_date today) {
  account_append made{node, stream, asked, today};
  auto is_holder = [&](const law::legal_person_registered& known) { return known.legal_person == asked.legal_person; };
  if (!first_event<law::legal_person_registered>(*node.open_reader(), stream, is_holder))
    made.put_legal_person();
  using enum law::agent_mission;
  made.put_account(chance.fresh<law::agent_id>(), {consult, record}, accounts, hasher);
  made.write();
}

} // namespace toit::nodes
