/// \file
/// What a prefect records about the dispositifs of his territories: what he asks and finds, opinions, acts and what
/// becomes of them. Entries in clear in his own stream, which name no natural person but a signatory in office.
///
/// Text       L441-2-7 al. 2 to 4; R441-2-15 IV; R362-2 18° (opinion on the cahier des charges).
/// Not here   who holds a territory's authority, and since which act: it comes with taking over.

#pragma once

#include "law/dispositif_events.hpp"
#include "law/evidence_file.hpp"

namespace toit::law {

/// The State's services record what the prefect does; who may sign is in the act itself.
constexpr originators prefect_services{quality::gestionnaire, quality::state_attribution_follow_up};

// -- what is asked of a territory -----------------------------------------------------------------------------------

/// The cahier des charges that every dispositif of Île-de-France conforms to.
struct specification_set {
  law::checklist checklist;
  civil_date opinion_on; ///< of the comité régional de l'habitat et de l'hébergement
  text<200> source;      ///< the arrêté
  friend bool operator==(const specification_set&, const specification_set&) = default;
  static constexpr auto fields() {
    using t = specification_set;
    return std::tuple{field{"checklist", &t::checklist}, field{"opinion_on", &t::opinion_on},
                      field{"source", &t::source}};
  }
  static constexpr entry_kind kind{204,
                                   "specification_set",
                                   entry_family::state,
                                   "L441-2-7-2-2",
                                   "Cahier des charges régional fixé",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// Whether a territory's EPCI is among those of L441-1 al. 24. Never inferred; unknown is neither yes nor no.
enum class concern : std::uint8_t { unknown, yes, no };
constexpr auto names_of(concern) { return std::to_array<std::string_view>({"unknown", "yes", "no"}); }

/// What is known of a territory's obligation, and by when it should be met.
struct obligation_noted {
  siren territory;
  law::concern concern{};
  law::communes communes;           ///< of a territory in no EPCI: those that the prefect names
  std::optional<civil_date> due_on; ///< last day of the plan's calendar (R441-2-10 3°), where one is known
  text<200> source;
  friend bool operator==(const obligation_noted&, const obligation_noted&) = default;
  static constexpr auto fields() {
    using t = obligation_noted;
    return std::tuple{field{"territory", &t::territory}, field{"concern", &t::concern}, field{"communes", &t::communes},
                      field{"due_on", &t::due_on}, field{"source", &t::source}};
  }
  static constexpr entry_kind kind{205,
                                   "obligation_noted",
                                   entry_family::state,
                                   "L441-2-7-1-1a",
                                   "Obligation d'un territoire notée",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// What a reminder is about.
enum class reminder_matter : std::uint8_t { dispositif, convention, recording, interconnection };
constexpr auto names_of(reminder_matter) {
  return std::to_array<std::string_view>({"dispositif", "convention", "recording", "interconnection"});
}

struct reminder_sent {
  siren territory;
  siren addressee; ///< the EPCI, or a partner
  reminder_matter matter{};
  std::optional<civil_date> answer_by;
  bytes32 document{};
  friend bool operator==(const reminder_sent&, const reminder_sent&) = default;
  static constexpr auto fields() {
    using t = reminder_sent;
    return std::tuple{field{"territory", &t::territory}, field{"addressee", &t::addressee}, field{"matter", &t::matter},
                      field{"answer_by", &t::answer_by}, field{"document", &t::document}};
  }
  static constexpr entry_kind kind{206,
                                   "reminder_sent",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Rappel adressé",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

struct reminder_answered {
  siren territory;
  std::uint64_t reminder = 0; ///< its entry
  bytes32 document{};
  friend bool operator==(const reminder_answered&, const reminder_answered&) = default;
  static constexpr auto fields() {
    using t = reminder_answered;
    return std::tuple{field{"territory", &t::territory}, field{"reminder", &t::reminder},
                      field{"document", &t::document}};
  }
  static constexpr entry_kind kind{207,
                                   "reminder_answered",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Réponse à un rappel reçue",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// What may be joined in the place of a dispositif of one's own (R441-2-15 IV), and what the prefect's services found
/// of it, point by point. No other may be.
struct joinable_examined {
  siren host; ///< who operates it
  joinable joined{};
  dispositif_level level{};
  list<checklist_findings, 8> findings;
  text<200> source; ///< the designation (R441-2-5 IV), for a système particulier
  friend bool operator==(const joinable_examined&, const joinable_examined&) = default;
  static constexpr auto fields() {
    using t = joinable_examined;
    return std::tuple{field{"host", &t::host}, field{"joined", &t::joined}, field{"level", &t::level},
                      field{"findings", &t::findings}, field{"source", &t::source}};
  }
  static constexpr entry_kind kind{219,
                                   "joinable_examined",
                                   entry_family::state,
                                   "L441-2-7-2-1",
                                   "Dispositif auquel on peut adhérer examiné",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// What the prefect's services found of a territory's own dispositif. What they did not look at stays as it was
/// declared.
struct conformity_found {
  siren territory;
  list<checklist_findings, 8> findings;
  friend bool operator==(const conformity_found&, const conformity_found&) = default;
  static constexpr auto fields() {
    using t = conformity_found;
    return std::tuple{field{"territory", &t::territory}, field{"findings", &t::findings}};
  }
  static constexpr entry_kind kind{208,
                                   "conformity_found",
                                   entry_family::state,
                                   "L441-2-7-2-2",
                                   "Conformité d'un dispositif examinée",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// The evidence as it stood on a day is closed and kept, so that what a carence is found upon can be read again, by
/// whoever has a dossier de preuve of this entry too. It says nothing that its lines do not.
struct evidence_filed {
  siren territory;
  bytes32 digest{}; ///< of the file as the API gives it: BLAKE2b of 32 bytes, without a key
  evidence_file file;
  friend bool operator==(const evidence_filed&, const evidence_filed&) = default;
  static constexpr auto fields() {
    using t = evidence_filed;
    return std::tuple{field{"territory", &t::territory}, field{"digest", &t::digest, set_by::node},
                      field{"file", &t::file, set_by::node}};
  }
  static constexpr entry_kind kind{222,
                                   "evidence_filed",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Dossier d'un territoire arrêté",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// Whose carence: the text knows that of the EPCI and that of its partners.
enum class carence_of : std::uint8_t { epci, partners };
constexpr auto names_of(carence_of) { return std::to_array<std::string_view>({"epci", "partners"}); }

/// The prefect finds a carence. The software never does: it gathers the evidence, whose digest this names, as it was
/// filed.
struct carence_found {
  siren territory;
  carence_of whose{};
  list<siren, 64> partners; ///< at fault, where it is theirs
  bytes32 evidence{};
  text<200> grounds; ///< by reference: never a name
  /// Of a territory that has a node, and whose journal has never come: found all the same, and in so many words.
  std::optional<bool> nothing_heard{};
  friend bool operator==(const carence_found&, const carence_found&) = default;
  static constexpr auto fields() {
    using t = carence_found;
    return std::tuple{field{"territory", &t::territory}, field{"whose", &t::whose},
                      field{"partners", &t::partners},   field{"evidence", &t::evidence},
                      field{"grounds", &t::grounds},     field{"nothing_heard", &t::nothing_heard}};
  }
  static constexpr entry_kind kind{209,
                                   "carence_found",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Carence constatée par le préfet",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

// -- a party that refuses the convention ----------------------------------------------------------------------------

/// The prefect asks those who have signed, or accepted to, for their opinion on the terms of another's participation.
struct opinions_asked {
  procedure_id procedure;
  siren territory;
  convention_id convention;
  siren party; ///< that refuses
  list<siren, 1024> asked;
  friend bool operator==(const opinions_asked&, const opinions_asked&) = default;
  static constexpr auto fields() {
    using t = opinions_asked;
    return std::tuple{field{"procedure", &t::procedure, set_by::node}, field{"territory", &t::territory},
                      field{"convention", &t::convention}, field{"party", &t::party},
                      field{"asked", &t::asked, set_by::node}};
  }
  static constexpr entry_kind kind{210,
                                   "opinions_asked",
                                   entry_family::state,
                                   "L441-2-7-3-2",
                                   "Avis des parties demandés",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

enum class party_opinion : std::uint8_t { favourable, unfavourable, waived };
constexpr auto names_of(party_opinion) {
  return std::to_array<std::string_view>({"favourable", "unfavourable", "waived"});
}

/// One opinion is in, or the prefect has recorded that he goes on without it: no silence closes it by itself.
struct opinion_received {
  procedure_id procedure;
  siren from;
  party_opinion sense{};
  bytes32 document{};
  text<200> ground; ///< of going on without it
  friend bool operator==(const opinion_received&, const opinion_received&) = default;
  static constexpr auto fields() {
    using t = opinion_received;
    return std::tuple{field{"procedure", &t::procedure}, field{"from", &t::from}, field{"sense", &t::sense},
                      field{"document", &t::document}, field{"ground", &t::ground}};
  }
  static constexpr entry_kind kind{211,
                                   "opinion_received",
                                   entry_family::state,
                                   "L441-2-7-3-2",
                                   "Avis d'une partie reçu, ou passé outre",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

// -- acts -----------------------------------------------------------------------------------------------------------

/// Under which power somebody signs who is not the prefect himself.
struct delegation {
  text<120> reference; ///< the arrêté of delegation
  civil_date from;
  std::optional<civil_date> until; ///< last day
  bool in_force(civil_date day) const { return from <= day && (!until || day <= *until); }
  friend bool operator==(const delegation&, const delegation&) = default;
  static constexpr auto fields() {
    using t = delegation;
    return std::tuple{field{"reference", &t::reference}, field{"from", &t::from}, field{"until", &t::until}};
  }
};

/// What every arrêté has. It is signed on the day on which its entry occurred.
struct act {
  act_id id;
  text<60> number;
  text<120> signatory;                       ///< name and office
  std::optional<law::delegation> delegation; ///< absent: the prefect himself
  bytes32 document{};
  civil_date effective_from;
  std::optional<civil_date> effective_until; ///< last day
  friend bool operator==(const act&, const act&) = default;
  static constexpr auto fields() {
    using t = act;
    return std::tuple{field{"act", &t::id, set_by::node},
                      field{"number", &t::number},
                      field{"signatory", &t::signatory},
                      field{"delegation", &t::delegation},
                      field{"document", &t::document},
                      field{"effective_from", &t::effective_from},
                      field{"effective_until", &t::effective_until}};
  }
};

/// The conditions of participation of a bailleur or réservataire who refuses to sign.
struct participation_ordered {
  law::act act;
  procedure_id procedure;
  basis_points share = 0; ///< of the dispositif's cost
  text<200> conditions;   ///< in short: the arrêté has them
  friend bool operator==(const participation_ordered&, const participation_ordered&) = default;
  static constexpr auto fields() {
    using t = participation_ordered;
    return std::tuple{field{"act", &t::act}, field{"procedure", &t::procedure}, field{"share", &t::share},
                      field{"conditions", &t::conditions}};
  }
  static constexpr entry_kind kind{212,
                                   "participation_ordered",
                                   entry_family::state,
                                   "L441-2-7-3-2",
                                   "Conditions de participation fixées par arrêté",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

enum class substitution_ground : std::uint8_t { carence, absence };
constexpr auto names_of(substitution_ground) { return std::to_array<std::string_view>({"carence", "absence"}); }

/// The prefect institutes a dispositif in the place of the EPCI, and does nothing else in its place.
struct substitution_ordered {
  law::act act;
  siren territory;
  substitution_ground ground{};
  friend bool operator==(const substitution_ordered&, const substitution_ordered&) = default;
  static constexpr auto fields() {
    using t = substitution_ordered;
    return std::tuple{field{"act", &t::act}, field{"territory", &t::territory}, field{"ground", &t::ground}};
  }
  static constexpr entry_kind kind{213,
                                   "substitution_ordered",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Dispositif institué par le préfet à la place de l'EPCI",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

struct act_published {
  act_id act;
  text<120> where; ///< the recueil des actes administratifs, and its number
  friend bool operator==(const act_published&, const act_published&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"act", &act_published::act}, field{"where", &act_published::where}};
  }
  static constexpr entry_kind kind{214,           "act_published",  entry_family::state,        "L441-2-7-4-1",
                                   "Acte publié", prefect_services, refusal_code::not_empowered};
};

struct act_notified {
  act_id act;
  siren addressee;
  bytes32 receipt{}; ///< digest of what proves it
  friend bool operator==(const act_notified&, const act_notified&) = default;
  static constexpr auto fields() {
    using t = act_notified;
    return std::tuple{field{"act", &t::act}, field{"addressee", &t::addressee}, field{"receipt", &t::receipt}};
  }
  static constexpr entry_kind kind{215,
                                   "act_notified",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Acte notifié",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

/// A judge suspends it: from that day on it binds nobody, until it resumes.
struct act_suspended {
  act_id act;
  text<120> decision;
  friend bool operator==(const act_suspended&, const act_suspended&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"act", &act_suspended::act}, field{"decision", &act_suspended::decision}};
  }
  static constexpr entry_kind kind{216,
                                   "act_suspended",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Acte suspendu par le juge",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

struct act_resumed {
  act_id act;
  text<120> decision; ///< that ends the suspension
  friend bool operator==(const act_resumed&, const act_resumed&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"act", &act_resumed::act}, field{"decision", &act_resumed::decision}};
  }
  static constexpr entry_kind kind{217,
                                   "act_resumed",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Suspension d'un acte levée",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

enum class act_end : std::uint8_t { withdrawn, repealed, annulled };
constexpr auto names_of(act_end) { return std::to_array<std::string_view>({"withdrawn", "repealed", "annulled"}); }

/// The act is no more: its author or a judge has said so.
struct act_ended {
  act_id act;
  act_end end{};
  text<120> decision;
  friend bool operator==(const act_ended&, const act_ended&) = default;
  static constexpr auto fields() {
    using t = act_ended;
    return std::tuple{field{"act", &t::act}, field{"end", &t::end}, field{"decision", &t::decision}};
  }
  static constexpr entry_kind kind{218,
                                   "act_ended",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Acte retiré, abrogé ou annulé",
                                   prefect_services,
                                   refusal_code::not_empowered};
};

} // namespace toit::law
