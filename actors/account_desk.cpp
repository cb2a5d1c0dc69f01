#include "actors/account_desk.hpp"

#include "base/log.hpp"

namespace toit {

namespace {

constexpr std::string_view session_mark = "s.";
constexpr std::string_view token_mark = "t.";

} // namespace

void account_desk::load(ports::journal_reader& reader, const guard_book& book) {
  for (const auto& row : reader.accounts(context_->stream)) {
    auto own = context_->accounts->open(row);
    if (!own) {
      base::log_error("an account does not open",
                      {{"stream", context_->stream.text()}, {"account", law::to_text(row.account)}});
      continue;
    }
    const auto* agent = book.find(own->account);
    if (!agent || !agent->closed)
      put(std::move(*own));
  }
}

void account_desk::drop_unnamed(const guard_book& book) {
  std::vector<law::agent_id> unnamed;
  for (const auto& [id, account] : accounts_)
    if (account.own_dossier && book.demandeurs().of(*account.own_dossier) == id)
      demandeurs_[*account.own_dossier] = id;
    else if (account.own_dossier)
      unnamed.push_back(id);
  for (auto id : unnamed)
    drop(id);
}

void account_desk::keep(ports::account_secrets account) {
  // Another one that he had is his no more.
  if (account.own_dossier)
    if (auto before = demandeurs_.find(*account.own_dossier);
        before != demandeurs_.end() && before->second != account.account)
      drop(before->second);
  put(std::move(account));
}

void account_desk::put(ports::account_secrets account) {
  auto id = account.account;
  logins_[account.login.str()] = id;
  if (account.own_dossier)
    demandeurs_[*account.own_dossier] = id;
  accounts_[id] = std::move(account);
}

const ports::account_secrets* account_desk::find(law::agent_id id) const {
  auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

const ports::account_secrets* account_desk::find_login(const std::string& login) const {
  auto found = logins_.find(login);
  return found == logins_.end() ? nullptr : find(found->second);
}

// -- on their way ---------------------------------------------------------------------------------------------------

bool account_desk::expect(law::command_id command, secrets_on_their_way brought) {
  const auto& account = brought.account;
  bool busy = std::ranges::any_of(expected_, [&](const auto& entry) {
    const auto& other = entry.second.account;
    return other.account == account.account || other.login == account.login;
  });
  if (busy || expected_.size() >= changes_limit)
    return false;
  return expected_.try_emplace(command, std::move(brought)).second;
}

void account_desk::set_password(law::command_id command, std::string hashed) {
  expected_.at(command).account.password = std::move(hashed);
}

void account_desk::confirm(law::command_id command) {
  auto found = expected_.find(command);
  if (found == expected_.end())
    return;
  auto& brought = found->second;
  if (brought.new_password)
    std::erase_if(sessions_, [&](const auto& entry) {
      return entry.second.who.account == brought.account.account && entry.first != brought.kept_session;
    });
  keep(std::move(brought.account));
  expected_.erase(found);
}

void account_desk::drop(law::agent_id id) {
  auto found = accounts_.find(id);
  if (found == accounts_.end())
    return;
  auto account = std::move(found->second);
  accounts_.erase(found);
  failures_.erase(account.login.str());
  if (account.own_dossier)
    if (auto his = demandeurs_.find(*account.own_dossier); his != demandeurs_.end() && his->second == id)
      demandeurs_.erase(his);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.who.account == id; });
  free_login(account.login.str(), id);
}

/// A row may have stayed that was to go, and another account has its login by now.
void account_desk::free_login(const std::string& login, law::agent_id former) {
  auto held = logins_.find(login);
  if (held == logins_.end() || held->second != former)
    return;
  auto next = std::ranges::find_if(accounts_, [&](const auto& one) { return one.second.login.str() == login; });
  if (next == accounts_.end())
    logins_.erase(held);
  else
    held->second = next->first;
}

void account_desk::drop_of(law::dossier_id dossier) {
  if (auto found = demandeurs_.find(dossier); found != demandeurs_.end())
    drop(found->second);
}

// -- who he is ------------------------------------------------------------------------------------------------------

/// What a former host had of an account may say more than the entries do: its row counts where they name it.
// [L441-2-7-4-1] [L441-2-7-1-1c]
std::optional<identity> account_desk::identity_of(const ports::account_secrets& account, const guard_book& book) const {
  if (account.own_dossier) {
    if (book.demandeurs().of(*account.own_dossier) != account.account)
      return std::nullopt;
    return identity{law::party::demandeur(), account.account, account.own_dossier};
  }
  const auto* opened = book.find(account.account);
  if (!opened || !opened->in_force(context_->today()))
    return std::nullopt;
  return identity{opened->legal_person, account.account, {}};
}

// -- attempts -------------------------------------------------------------------------------------------------------

bool account_desk::rests(const std::string& login) const {
  auto found = failures_.find(login);
  return found != failures_.end() && found->second.count >= failures_limit &&
         context_->clock->now() < found->second.latest + rest;
}

bool account_desk::begin_attempt(const std::string& login) {
  if (rests(login))
    return false;
  count_attempt(login);
  return true;
}

void account_desk::count_attempt(const std::string& login) {
  auto now = context_->clock->now();
  // Names that nobody bears must not fill the memory.
  if (failures_.size() >= sessions_limit)
    std::erase_if(failures_, [&](const auto& entry) { return entry.second.latest + rest < now; });
  if (failures_.size() >= sessions_limit && !failures_.contains(login))
    return;
  auto& known = failures_[login];
  if (known.latest + rest < now)
    known.count = 0;
  ++known.count;
  known.latest = now;
}

// -- sessions and tokens --------------------------------------------------------------------------------------------

law::bytes32 account_desk::digest(std::string_view purpose, std::string_view secret) const {
  return context_->digester->digest(purpose, {reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()});
}

std::string account_desk::fresh_secret() {
  std::array<std::uint8_t, 24> random{};
  context_->chance->fill(random);
  return law::to_hex(random);
}

std::optional<session> account_desk::open_session(const identity& who) {
  auto now = context_->clock->monotonic();
  if (sessions_.size() >= sessions_limit)
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.ends <= now; });
  if (sessions_.size() >= sessions_limit)
    return std::nullopt;
  session opened{who, std::string{session_mark} + fresh_secret(), context_->clock->now() + session_length};
  sessions_[digest("session", opened.token)] = {who, opened.expires, now + session_length};
  return opened;
}

void account_desk::close_session(const std::string& token) { sessions_.erase(digest("session", token)); }

std::optional<session> account_desk::recognise(const std::string& token, const guard_book& book) const {
  auto now = context_->clock->now();
  if (token.starts_with(session_mark)) {
    auto found = sessions_.find(digest("session", token));
    if (found == sessions_.end() || found->second.ends <= context_->clock->monotonic())
      return std::nullopt;
    const auto* account = find(found->second.who.account);
    auto who = account ? identity_of(*account, book) : std::nullopt;
    if (!who)
      return std::nullopt;
    return session{*who, token, found->second.expires};
  }
  // "t.<account>.<secret>"
  law::agent_id id;
  if (!token.starts_with(token_mark) || token.size() < 35 || !law::parse_hex(token.substr(2, 32), id.bytes))
    return std::nullopt;
  const auto* account = find(id);
  auto who = account ? identity_of(*account, book) : std::nullopt;
  if (!who)
    return std::nullopt;
  auto hash = digest("token", token);
  for (const auto& known : account->tokens)
    if (known.hash == hash && known.expires > now)
      return session{*who, token, known.expires};
  return std::nullopt;
}

std::pair<std::string, ports::account_token> account_desk::make_token(law::agent_id account, law::text<60> label,
                                                                      law::instant expires) {
  auto token = std::string{token_mark} + law::to_text(account) + "." + fresh_secret();
  return {token, {digest("token", token), std::move(label), expires}};
}

} // namespace toit
