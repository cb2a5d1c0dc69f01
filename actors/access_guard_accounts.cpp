// The guard's side of accounts: secrets that an entry brings into force, and nothing else does.

#include "actors/access_guard.hpp"

namespace toit {

using law::refusal_code;

namespace {

std::unexpected<law::refusal> no_account() {
  return law::refuse(refusal_code::unknown_subject, "R441-2-15-V-2-5", "Ce compte n'existe pas.");
}

law::check check_password(const std::string& password) {
  if (password.size() < account_desk::password_length_least || password.size() > account_desk::password_length_most)
    return law::refuse_field(refusal_code::malformed, "R441-2-15-V-2-5", "Le mot de passe a de 12 à 200 caractères.",
                             "password");
  return {};
}

} // namespace

/// Whoever has no power over an account is told so before anything is hashed or kept for him. What the dossier alone
/// can tell, its owner decides.
law::check access_guard_state::check_power(const submission& on_its_way) const {
  const auto& kind = *law::kind_asked(on_its_way.command);
  if (kind.family == law::entry_family::territory) {
    auto decided = law::decide(desk->book(), context->settings, on_its_way.command, on_its_way.facts);
    return decided ? law::check{} : std::unexpected{decided.error()};
  }
  bool admitted = std::ranges::any_of(on_its_way.facts.capacities,
                                      [&](const law::capacity& c) { return kind.who.admits(c.quality); });
  if (admitted || (on_its_way.facts.own_dossier && kind.who.admits_demandeur()))
    return {};
  return law::refuse(refusal_code::not_originator, "R441-2-15-I-0-1",
                     "Le compte d'un demandeur est tenu par lui ou par un guichet d'enregistrement.");
}

// -- what the account will be ---------------------------------------------------------------------------------------

access_guard_state::secrets access_guard_state::secrets_of(submission& on_its_way, const asked_command& asked) {
  const auto& happened = std::get<law::event>(on_its_way.command.asked);
  if (std::holds_alternative<law::account_secret_changed>(happened))
    return changed_account(on_its_way, asked);
  if (std::holds_alternative<law::applicant_password_set>(happened))
    return changed_demandeur(on_its_way, asked);
  return opened_account(on_its_way, asked);
}

access_guard_state::secrets access_guard_state::opened_account(submission& on_its_way,
                                                               const asked_command& asked) const {
  auto login = law::text<80>::parse(asked.login);
  auto display_name = law::text<120>::parse(asked.display_name);
  if (!login || login->empty() || !display_name)
    return law::refuse_field(refusal_code::missing_field, "R441-2-15-V-2-5",
                             "Le compte n'a pas d'identifiant de connexion valide.", "login");
  if (auto ok = check_password(asked.password); !ok)
    return std::unexpected{ok.error()};
  if (accounts->find_login(asked.login))
    return law::refuse_field(refusal_code::duplicate, "R441-2-15-V-2-5", "Cet identifiant de connexion est pris.",
                             "login");
  auto id = law::id_of<law::agent_id>(on_its_way.facts.fresh_ids[0]);
  secrets_on_their_way brought{{id, *login, *display_name, {}, {}, {}}, true, {}};
  auto& happened = std::get<law::event>(on_its_way.command.asked);
  if (auto* applicant = std::get_if<law::applicant_account_opened>(&happened)) {
    applicant->account = id;
    brought.account.own_dossier = law::id_of<law::dossier_id>(on_its_way.command.target);
  }
  return brought;
}

access_guard_state::secrets access_guard_state::changed_account(submission& on_its_way, const asked_command& asked) {
  const auto& change = std::get<law::account_secret_changed>(std::get<law::event>(on_its_way.command.asked));
  const auto* known = accounts->find(change.account);
  if (!known)
    return no_account();
  if (change.change == law::secret_change::password_set)
    return with_new_password(asked, *known);
  if (change.change == law::secret_change::token_issued)
    return with_new_token(on_its_way, asked, *known);
  auto account = *known;
  account.tokens.clear();
  return secrets_on_their_way{std::move(account), false, {}};
}

/// That of the demandeur whom the command is about.
std::optional<law::agent_id> access_guard_state::account_of(const submission& on_its_way) const {
  return desk->book().demandeurs().of(law::id_of<law::dossier_id>(on_its_way.command.target));
}

/// The demandeur himself, or the desk that could have opened the account for him.
access_guard_state::secrets access_guard_state::changed_demandeur(submission& on_its_way,
                                                                  const asked_command& asked) const {
  auto account = account_of(on_its_way);
  if (!account)
    return no_account();
  const auto* known = accounts->find(*account);
  if (!known)
    return law::refuse(refusal_code::unknown_subject, "R441-2-15-V-2-5",
                       "Les secrets de ce compte ne sont pas sur ce nœud : fermez-le, puis ouvrez-en un autre.");
  std::get<law::applicant_password_set>(std::get<law::event>(on_its_way.command.asked)).account = known->account;
  return with_new_password(asked, *known);
}

access_guard_state::secrets access_guard_state::with_new_token(submission& on_its_way, const asked_command& asked,
                                                               ports::account_secrets account) {
  auto now = context->clock->now();
  std::erase_if(account.tokens, [&](const auto& token) { return token.expires <= now; });
  auto label = law::text<60>::parse(asked.display_name);
  if (!label || account.tokens.size() == account.tokens.max_items)
    return law::refuse(refusal_code::too_large, "R441-2-15-V-2-5",
                       "Ce compte a déjà trop de jetons, ou le libellé est trop long.");
  auto [token, kept] = accounts->make_token(account.account, *label, now + std::chrono::days{365});
  account.tokens.push_back(kept);
  on_its_way.secret = token;
  return secrets_on_their_way{std::move(account), false, {}};
}

/// Who knew the old password, or had got something by it, is out.
access_guard_state::secrets access_guard_state::with_new_password(const asked_command& asked,
                                                                  ports::account_secrets account) const {
  if (auto ok = check_password(asked.password); !ok)
    return std::unexpected{ok.error()};
  account.tokens.clear();
  return secrets_on_their_way{std::move(account), true, accounts->digest("session", asked.token)};
}

// -- on their way ---------------------------------------------------------------------------------------------------

/// The password is hashed apart; nothing counts before the entry is written.
caf::result<answer_ptr> access_guard_state::bring_secrets(const std::shared_ptr<submission>& on_its_way,
                                                          const asked_command_ptr& asked) {
  if (auto ok = check_power(*on_its_way); !ok)
    return refuse(*on_its_way, ok.error());
  auto brought = secrets_of(*on_its_way, *asked);
  if (!brought)
    return refuse(*on_its_way, brought.error());
  auto command = on_its_way->command.id;
  bool hashes = brought->new_password;
  if (!accounts->expect(command, std::move(*brought)))
    return refused(refusal_code::busy, "R441-2-15-V-2-5",
                   "Ce compte, cet identifiant ou trop d'autres sont en train de changer : réessayez.");
  auto promise = self->make_response_promise<answer_ptr>();
  if (!hashes) {
    submit_secrets(on_its_way, promise);
    return promise;
  }
  self->request(neighbours.passwords, ask_timeout, hash_atom_v, asked->password)
      .then(
          [this, on_its_way, promise, command](std::string& hashed) {
            accounts->set_password(command, std::move(hashed));
            submit_secrets(on_its_way, promise);
          },
          [this, promise, command](const caf::error& error) mutable {
            accounts->withdraw(command);
            promise.deliver(error);
          });
  return promise;
}

void access_guard_state::submit_secrets(const std::shared_ptr<submission>& on_its_way,
                                        guard_owner::promise_type promise) {
  auto command = on_its_way->command.id;
  on_its_way->accounts.push_back(context->accounts->seal(accounts->expected(command)));
  // Once there is an answer the entry has been folded, or never comes.
  auto settle = [this, command](const answer& told) {
    if (told && told->last_seq > desk->cursor().seq())
      desk->catch_up();
    accounts->withdraw(command);
  };
  submission_ptr ready = on_its_way;
  if (law::kind_asked(ready->command)->family == law::entry_family::territory)
    return desk->submit(ready, promise, settle);
  self->request(neighbours.registry, ask_timeout, submit_atom_v, ready)
      .then(
          [promise, settle](const answer_ptr& told) mutable {
            settle(*told);
            promise.deliver(told);
          },
          // Whether its entry comes is unknown: the journal will tell.
          [this](const caf::error& error) { self->quit(error); });
}

/// The row of an account goes with the entry that closes it, where there is one: what was lost of an account must not
/// keep its demandeur from another. A late closing is of the account that it names.
law::check access_guard_state::close_account(submission& on_its_way) {
  auto& happened = std::get<law::event>(on_its_way.command.asked);
  if (const auto* closed = std::get_if<law::account_closed>(&happened))
    on_its_way.accounts.push_back({closed->account, {}});
  auto* of_demandeur = std::get_if<law::applicant_account_closed>(&happened);
  if (!of_demandeur)
    return {};
  auto account = account_of(on_its_way);
  if (!account)
    return no_account();
  if (of_demandeur->account.empty())
    of_demandeur->account = *account;
  on_its_way.accounts.push_back({of_demandeur->account, {}});
  return {};
}

} // namespace toit
