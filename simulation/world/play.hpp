/// \file
/// What players of a run ask for: mostly what the state of the dossiers makes likely, sometimes nonsense.

#pragma once

#include "simulation/world/cast.hpp"

namespace toit::simulation {

class play {
public:
  play(scene& w, cast& c) : w_{w}, c_{c}, chance_{w.random().branch()} {}

  /// Follows the stream, so that the next command fits what has happened.
  void follow(const ports::stored_entry& entry);
  /// The stream is no longer what was followed: this is all of it.
  void follow_again(const std::vector<ports::stored_entry>& entries);
  /// The scene is set: what was made for it is not ended in the course of the run.
  void begin();
  const law::demand_book& book() const { return book_; }

  /// One more command, ready to be sent.
  std::shared_ptr<asked_command> next();
  /// A nominative read, allowed or not.
  std::shared_ptr<read_request> next_read();
  /// A command on a given dossier that is always possible: many of them make a crowd.
  std::shared_ptr<asked_command> harmless(law::dossier_id id);
  std::optional<law::dossier_id> any_dossier();
  /// A convention that began yesterday, and then two commands of which only one may be accepted if it comes second: a
  /// mention that rests on the last convention signed, and the end of that convention, yesterday.
  std::shared_ptr<asked_command> short_convention();
  std::array<std::shared_ptr<asked_command>, 2> race(law::dossier_id id);

  /// The code that a demandeur was given for reception places, as he was told.
  void remember_code(law::dossier_id id, std::string code, law::civil_date last_day) {
    codes_[id] = {std::move(code), last_day};
  }
  /// True when the read shows a code that its demandeur was given, still valid.
  bool code_opens(const read_request& asked) const;

private:
  using command = std::shared_ptr<asked_command>;

  command about(const body& by, const law::dossier& d, law::event happened, int days_ago = 0);
  command about_vacancy(const body& by, law::vacancy_id id, law::event happened);
  command about_session(const body& by, law::session_id id, law::event happened);

  command registration();
  command likely(const law::dossier& d);
  const law::candidacy* turned_away(const law::dossier& d) const;
  command second_lease(const law::dossier& d, const law::candidacy& k);
  command follow_through(const law::dossier& otherwise);
  command about_demande(const law::dossier& d);
  command filing(const law::dossier& d);
  command account_of(const law::dossier& d);
  command change(const law::dossier& d);
  command rectification(const law::dossier& d);
  command mention(const law::dossier& d);
  command about_validity(const law::dossier& d);
  command about_candidacy(const law::dossier& d, const law::candidacy& k);
  command decision_on(const law::dossier& d, const law::candidacy& k, const law::vacancy& v);
  command designation(const law::dossier& d);
  command dwelling_side();
  command session_side();
  command instruments();
  command instruments_ended();
  command nonsense();
  void twist(asked_command& asked);
  void choose_reading(read_request& asked, const law::dossier& d);

  const law::dossier* some_dossier();
  const law::dossier* some_radiated();
  const body& bailleur_of(const law::vacancy& v) const;
  law::form some_form();

  scene& w_;
  cast& c_;
  chance chance_;
  law::demand_book book_;
  std::uint64_t made_ = 0;
  struct given_code {
    std::string code;
    law::civil_date last_day;
  };
  std::map<law::dossier_id, given_code> codes_;
  std::vector<law::agent_id> spare_accounts_;
  std::vector<law::convention_id> spare_conventions_;
  std::vector<law::habilitation_id> spare_habilitations_;
  std::vector<law::mandate_id> spare_mandates_;
};

} // namespace toit::simulation
