#include "law/access.hpp"

namespace toit::law {

namespace {

using enum quality;

// [R441-2-15-V-1] [R441-2-15-V-2-0] [R441-2-15-V-2-1a] [R441-2-15-V-2-1b]
constexpr std::array matrix{
    access_rule{access_row::a,
                service_enregistreur,
                {},
                true,
                false,
                true,
                "R441-2-15-V-1",
                "Organisme ou collectivité qui enregistre des demandes"},
    access_rule{access_row::b1,
                state_attribution_follow_up,
                {},
                true,
                true,
                true,
                "R441-2-15-V-2-1a",
                "Service de l'État qui suit les attributions"},
    access_rule{access_row::b2,
                state_mediation_secretariat,
                {},
                true,
                true,
                true,
                "R441-2-15-V-2-1b",
                "Secrétariat de la commission de médiation et exécution de ses décisions"},
    access_rule{access_row::c,
                epci_responsable,
                {},
                true,
                true,
                true,
                "R441-2-15-V-2-2",
                "EPCI, EPT ou Paris, responsable du dispositif ; le préfet qui s'y est substitué"},
    access_rule{access_row::d,
                reservataire,
                {},
                true,
                true,
                true,
                "R441-2-15-V-2-3",
                "Réservataire, pour les communes où il a des réservations"},
    access_rule{access_row::e1, instance_secretariat, instance_kind::coordination, true, true, true, "R441-2-15-V-2-4a",
                "Secrétariat de la commission de coordination"},
    access_rule{access_row::e1, instance_secretariat, instance_kind::qpv, true, true, true, "R441-2-15-V-2-4a",
                "Secrétariat de la commission des quartiers prioritaires"},
    access_rule{access_row::e2, instance_secretariat, instance_kind::pdalhpd, true, true, true, "R441-2-15-V-2-4b",
                "Secrétariat des instances locales du PDALHPD"},
    access_rule{access_row::f, gestionnaire, {}, true, true, true, "R441-2-15-V-2-5", "Gestionnaire du dispositif"},
    access_rule{access_row::g,
                lieu_accueil,
                {},
                false,
                true,
                false,
                "R441-2-15-V-3",
                "Lieu d'accueil, à la demande du demandeur"},
    access_rule{access_row::h, {}, {}, true, true, false, "R441-2-17", "Le demandeur, pour ses propres informations"},
};

constexpr civil_date reception_places_from{std::chrono::year{2018}, std::chrono::June, std::chrono::day{30}};

bool serves(const access_rule& rule, purpose p) {
  return p == purpose::shared_management ? rule.shared_management : rule.information;
}

/// True where the capacity puts its holder in this row: a secretariat in that of its own instance.
// [R441-2-15-V-2-4a] [R441-2-15-V-2-4b]
bool stands_in(const capacity& c, const access_rule& rule) {
  return rule.quality == c.quality && (!rule.instance || rule.instance == c.instance);
}

/// A reception place: one file, and the demandeur's request.
// [R441-2-15-V-3]
check check_reception_place(const reading& what, civil_date today) {
  if (today < reception_places_from)
    return refuse_until(refusal_code::not_in_force, "R441-2-15-V-3",
                        "L'accès des lieux d'accueil est en vigueur depuis le 30 juin 2018.", reception_places_from);
  if (!what.requested_by_demandeur)
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-3",
                  "Un lieu d'accueil consulte le dossier à la demande du demandeur, qui lui donne un code.");
  return {};
}

// [R441-2-15-V-1] [R441-2-15-V-2-0] [R441-2-15-V-2-3]
check check_row(const access_rule& rule, const capacity& as, const reading& what, civil_date today) {
  if (!what.dossier && !rule.lists)
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-3", "Cette qualité n'ouvre pas de recherche ni de liste.");
  if (!serves(rule, *what.purpose))
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-2-0", "Cette finalité n'est pas ouverte à cette qualité.");
  if (rule.row == access_row::g)
    return check_reception_place(what, today);
  if (what.dossier && !as.covers(what.communes))
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-2-3",
                  "La demande ne porte sur aucune commune où cette personne morale a compétence.");
  return {};
}

/// Who manages the demandes in common follows them everywhere, and a reception place tells the demandeur all that is
/// his; the others see what happens where they have to do with it.
// [R441-2-15-V-1] [R441-2-15-V-2-3] [R441-2-15-V-3]
reach dwellings_of(const access_rule& rule, const capacity& as) {
  return rule.row == access_row::a || rule.row == access_row::g ? reach{true} : as.where;
}

/// A reception place is let into one file by the demandeur, wherever he asks to live.
// [R441-2-15-V-3]
reach demandes_of(const access_rule& rule, const capacity& as) {
  return rule.row == access_row::g ? reach{true} : as.where;
}

} // namespace

view view::of_everything() {
  view all;
  all.open({true}, {true});
  return all;
}

bool view::covers(const wished_communes& wished) const {
  return std::ranges::any_of(parts_, [&](const part& p) { return p.demandes.covers(wished); });
}

// [R441-2-15-V-2-3]
reach view::dwellings_for(const wished_communes& wished) const {
  reach shown;
  for (const auto& p : parts_)
    if (p.demandes.covers(wished))
      shown.widen(p.dwellings);
  return shown;
}

reach view::demandes() const {
  reach shown;
  for (const auto& p : parts_)
    shown.widen(p.demandes);
  return shown;
}

std::span<const access_rule> access_matrix() { return matrix; }

// [R441-2-15-V-2-2] [L441-2-7-4-1]
reader reader_under(const authority_in_force& now, siren who, std::vector<capacity> capacities, bool by_its_own) {
  reader one{std::move(capacities), {}, false, false};
  if (!now.in_its_place())
    return one;
  auto lost = std::erase_if(one.capacities, [](const capacity& c) { return c.quality == epci_responsable; });
  bool answers = !now.holder.empty() && who == now.holder;
  one.not_his_agent = answers && !by_its_own;
  if (answers && by_its_own)
    one.capacities.push_back({epci_responsable, {}, {true, {}, {}}});
  else
    one.replaced = lost != 0;
  return one;
}

namespace {

std::unexpected<refusal> in_no_row(const reader& who) {
  if (who.replaced)
    return refuse(refusal_code::out_of_scope, "L441-2-7-4-1",
                  "Un autre répond du dispositif à la place de cet EPCI, qui n'y a plus accès à ce titre.");
  if (who.not_his_agent)
    return refuse(refusal_code::out_of_scope, "L441-2-7-4-1",
                  "Ce compte n'a pas été ouvert par qui répond du dispositif : il n'a pas accès en son nom.");
  return refuse(refusal_code::out_of_scope, "R441-2-15-V-1",
                "Cette personne morale n'a aucune qualité qui ouvre l'accès aux informations nominatives.");
}

} // namespace

// [R441-2-15-V-1] [R441-2-15-V-2-2] [R441-2-15-V-2-5] [L441-2-7-1-1c]
std::expected<grant, refusal> may_read(const reader& who, const reading& what, civil_date today) {
  if (who.own) {
    const auto& rule = matrix.back();
    if (what.dossier == who.own)
      return grant{rule.row, rule.article, view::of_everything()};
    return refuse(refusal_code::out_of_scope, "R441-2-17", "Un demandeur ne consulte que son propre dossier.");
  }
  if (!what.purpose)
    return refuse(refusal_code::out_of_scope, "L441-2-7-1-1c",
                  "Toute consultation nominative énonce sa finalité : gestion partagée ou information du demandeur.");
  std::expected<grant, refusal> answer = in_no_row(who);
  for (const auto& rule : matrix)
    for (const auto& as : who.capacities) {
      if (!stands_in(as, rule))
        continue;
      auto allowed = check_row(rule, as, what, today);
      if (!allowed && !answer)
        answer = std::unexpected{allowed.error()};
      if (!allowed)
        continue;
      if (!answer)
        answer = grant{rule.row, rule.article, {}};
      answer->shows.open(demandes_of(rule, as), dwellings_of(rule, as));
    }
  return answer;
}

} // namespace toit::law
