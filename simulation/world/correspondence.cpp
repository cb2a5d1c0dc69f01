#include "simulation/world/correspondence.hpp"

namespace toit::simulation {

namespace {

/// Letters that a repeat is chosen among: the latest ones.
constexpr std::size_t letters_in_mind = 120;
/// Refusals are remembered for thirty days; nothing is claimed about the last ones.
constexpr std::chrono::days surely_remembered{28};

law::bytes32 digest_of(std::uint64_t number) {
  law::bytes32 digest{};
  for (std::size_t i = 0; i < 8; ++i)
    digest[i] = static_cast<std::uint8_t>(number >> (8 * i));
  digest[31] = 1;
  return digest;
}

bool is_final(const answer& given) {
  if (given)
    return given->first_seq > 0;
  using enum law::refusal_code;
  auto code = given.error().code;
  return code != busy && code != read_only && code != rolled_back && code != idempotency_key_reused;
}

std::string told(const answer& given) {
  if (!given)
    return std::string{law::name_of(given.error().code)} + " (" + given.error().because + ")";
  return "entries " + std::to_string(given->first_seq) + " to " + std::to_string(given->last_seq);
}

} // namespace

void correspondence::say(const char* checker, std::string what) {
  if (faults_.size() < 20)
    faults_.push_back({checker, std::move(what)});
}

// -- commands -------------------------------------------------------------------------------------------------------

void correspondence::send(std::shared_ptr<asked_command> asked) {
  auto number = ++asked_;
  asked->idempotency_key = "clé " + std::to_string(number);
  asked->request = digest_of(number);
  letters_.push_back(
      std::make_shared<letter>(letter{std::move(asked), false, false, nullptr, w_.clock().now(), clock_moves_}));
  dispatch(letters_.back());
}

void correspondence::dispatch(const letter_ptr& l) {
  in_flight_ += l->waiting ? 0 : 1;
  l->waiting = true;
  w_.submit(l->asked, [this, l](answer_ptr given) { answered(l, given); });
}

void correspondence::repeat() {
  if (letters_.empty())
    return;
  auto latest = std::min(letters_in_mind, letters_.size());
  for (std::size_t attempt = 0; attempt < 8; ++attempt) {
    const auto& l = letters_[letters_.size() - 1 - w_.random().below(latest)];
    if (attempt < 4 && !l->unanswered)
      continue;
    ++counts_[l->waiting      ? "fault.repeat_in_flight"
              : l->unanswered ? "fault.repeat_unanswered"
                              : "fault.repeat_answered"];
    l->unanswered = false;
    return dispatch(l);
  }
}

void correspondence::reuse_key() {
  if (letters_.empty())
    return;
  const auto& used = letters_[letters_.size() - 1 - w_.random().below(std::min(letters_in_mind, letters_.size()))];
  auto other = std::make_shared<asked_command>(*used->asked);
  other->request = digest_of(++asked_);
  ++counts_["fault.key_reused"];
  w_.submit(other, [this, used](answer_ptr given) {
    if (!given)
      return;
    if (*given)
      ++counts_["fault.key_free_again"];
    else
      ++counts_["refusal." + std::string{law::name_of(given->error().code)}];
    bool known = used->first && remembered(*used);
    if (known && (*given || is_final(*given)))
      say("repeats",
          "another request under a key that had been answered " + told(*used->first) + " was answered " + told(*given));
  });
}

void correspondence::give_up() {
  for (const auto& l : letters_)
    if (std::exchange(l->waiting, false)) {
      l->unanswered = true;
      ++counts_["fault.unanswered"];
    }
  in_flight_ = 0;
}

void correspondence::forget_after(std::uint64_t seq) {
  std::erase_if(receipts_, [&](const receipt& r) { return r.last_seq > seq; });
  for (const auto& l : letters_)
    if (l->first && *l->first && (*l->first)->last_seq > seq) {
      l->first = nullptr;
      l->unanswered = true;
    }
}

void correspondence::answered(const letter_ptr& l, const answer_ptr& given) {
  if (std::exchange(l->waiting, false))
    --in_flight_;
  if (!given) {
    l->unanswered = true;
    ++counts_["fault.unanswered"];
    return;
  }
  l->unanswered = false;
  if (!*given)
    ++counts_["refusal." + std::string{law::name_of(given->error().code)}];
  for (const auto& warning : *given ? (*given)->warnings : decltype(receipt::warnings){})
    ++counts_["warning." + std::string{law::name_of(warning)}];
  if (l->first && remembered(*l))
    compare(*l, *given);
  if (is_final(*given))
    keep_first(l, given);
}

void correspondence::keep_first(const letter_ptr& l, const answer_ptr& given) {
  if (!l->first || !remembered(*l))
    l->first = given;
  if (!*given)
    return;
  receipts_.push_back(**given);
  keep_code(**given);
}

/// True while the node must still know its first answer: for ever when it recorded something that is still there. A
/// refusal counts from when it was first asked for: nobody knows when it was logged if its answer was lost.
bool correspondence::remembered(const letter& l) const {
  const auto& first = *l.first;
  if (!first)
    return l.clock_moves == clock_moves_ && w_.clock().now() - l.sent_at < surely_remembered;
  auto entry = w_.reader().entry(world::stream(), first->first_seq);
  return entry && entry->record;
}

void correspondence::compare(const letter& l, const answer& given) {
  const auto& first = *l.first;
  bool same = first && given ? first->first_seq == given->first_seq && first->last_seq == given->last_seq &&
                                   first->recorded_at == given->recorded_at && first->subject == given->subject
                             : !first && !given && first.error() == given.error();
  bool try_again = !given && !is_final(given) && given.error().code != law::refusal_code::idempotency_key_reused;
  if (!same && !try_again)
    say("repeats",
        std::string{law::kind_of(l.asked->event).name} + " was answered " + told(first) + ", then " + told(given));
}

void correspondence::keep_code(const receipt& r) {
  for (const auto& entry : r.entries)
    if (const auto* authorised =
            entry.record ? std::get_if<law::consultation_authorised>(&entry.record->event) : nullptr;
        authorised && !r.secret.empty())
      play_.remember_code(law::id_of<law::dossier_id>(r.subject), r.secret, authorised->last_day);
}

// -- reads ----------------------------------------------------------------------------------------------------------

void correspondence::read() {
  auto asked = play_.next_read();
  // A right may come or go while the read is on its way.
  w_.read(asked, [this, asked, before = may(*asked)](read_answer_ptr given) {
    if (given)
      was_read(*asked, before, given);
  });
}

namespace {

std::optional<law::nud> number_of(const read_request& asked) {
  if (const auto* one = std::get_if<read_dossier>(&asked.what))
    return one->number;
  if (const auto* file = std::get_if<read_documents_content>(&asked.what))
    return file->number;
  if (const auto* log = std::get_if<read_consultations>(&asked.what))
    return log->number;
  return std::nullopt;
}

const law::dossier* find_number(const law::demand_book& book, law::nud number) {
  for (auto id : book.dossiers_by_arrival())
    if (const auto* d = book.find(id); d && d->number == number)
      return d;
  return nullptr;
}

} // namespace

std::string correspondence::reader_of(const read_request& asked) const {
  const auto* who = c_.find(asked.by.legal_person.legal_person());
  return who ? who->name : "a demandeur";
}

bool correspondence::may(const read_request& asked) const {
  auto number = number_of(asked);
  const auto* d = number ? find_number(play_.book(), *number) : nullptr;
  return may_be_read(c_, asked, d, play_.code_opens(asked));
}

// P5: what is shown may be, and what may be is not refused for want of a right.
void correspondence::was_read(const read_request& asked, bool allowed_before, const read_answer_ptr& given) {
  auto number = number_of(asked);
  const auto* about = number ? find_number(play_.book(), *number) : nullptr;
  if (!*given) {
    auto code = given->error().code;
    if (about && code == law::refusal_code::out_of_scope)
      ++refused_reads_[about->id];
    ++counts_["refusal." + std::string{law::name_of(code)}];
    if (code == law::refusal_code::out_of_scope && allowed_before && may(asked))
      say("P5", "a read of kind " + std::to_string(asked.what.index()) + " by " + reader_of(asked) +
                    ", which is allowed, was refused by " + given->error().article);
    return;
  }
  ++counts_["read.answered"];
  if (!allowed_before && !may(asked))
    say("P5", "a read of kind " + std::to_string(asked.what.index()) + " by " + reader_of(asked) +
                  ", which nothing allows, was answered");
  if (about)
    ++reads_[about->id];
  check_page(asked, **given);
}

/// The collectivité has reservations in Saint-Denis alone: what happens on dwellings elsewhere is none of its business.
void correspondence::check_sight(const read_request& asked, const law::dossier& shown) {
  if (asked.by.legal_person != c_.collectivite.siren)
    return;
  for (const auto& candidacy : shown.candidacies) {
    const auto* v = play_.book().find(candidacy.vacancy);
    const auto* home = v ? play_.book().find(v->dwelling) : nullptr;
    if (home && home->commune != *law::commune_code::parse("93066"))
      say("P5", "a reader sees a candidacy for a dwelling of a commune that it has no right in");
    ++counts_["read.candidacy_in_sight"];
  }
}

void correspondence::check_page(const read_request& asked, const read_content& shown) {
  if (const auto* view = std::get_if<dossier_view>(&shown)) {
    check_sight(asked, view->state);
    auto of_state = [&](law::candidacy_id id) { return view->state.find(id) != nullptr; };
    for (const auto& entry : view->timeline)
      if (const auto* named = std::get_if<law::designated>(&entry.record->event); named && !of_state(named->candidacy))
        say("P5", "a timeline tells of a candidacy that its reader may not see");
  }
  if (const auto* page = std::get_if<dossier_page>(&shown))
    for (const auto& d : page->dossiers) {
      check_sight(asked, d);
      if (!may_be_read(c_, asked, &d, false))
        say("P5", "a list shows a demande of communes that its reader has no right in");
    }
  if (const auto* lines = std::get_if<due_page>(&shown))
    for (const auto& line : lines->lines)
      if (!law::takes_effect(line.due.rule))
        ++counts_["due." + std::string{law::name_of(line.due.rule)}];
}

std::vector<fault> correspondence::faults(ports::journal_reader& reader) const {
  auto all = faults_;
  auto check = [&](const std::map<law::dossier_id, std::size_t>& told, bool attempts, const char* what) {
    for (const auto& [id, times] : told) {
      auto lines = reader.log_about(law::subject_of(id), 10'000);
      auto logged = std::ranges::count_if(
          lines, [&](const ports::logged_line& l) { return l.line.attempt == attempts && l.line.command.empty(); });
      if (static_cast<std::size_t>(logged) < times)
        all.push_back({"P5", std::string{what} + " " + std::to_string(times) + " times, the log has " +
                                 std::to_string(logged) + " lines"});
    }
  };
  check(reads_, false, "a dossier was read");
  check(refused_reads_, true, "a read of a dossier was refused");
  return all;
}

} // namespace toit::simulation
