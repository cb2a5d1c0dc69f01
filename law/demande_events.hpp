/// \file
/// What happens to a demande outside of a candidacy.
///
/// Text       R441-2-15 I; R441-2-3 to R441-2-8 (registration, renewal, radiation); L441-2-1 (documents filed once).
/// Not here   candidacies (candidacy_events.hpp); E29, the cotation, which no territory has decided here yet.

#pragma once

#include "law/entry_kind.hpp"
#include "law/form.hpp"

namespace toit::law {

using bytes32 = std::array<std::uint8_t, 32>;

/// Stays in the journal: never shown by the API, never logged.
template <class T>
struct hidden {
  T value{};
  friend bool operator==(const hidden&, const hidden&) = default;
};

// -- E01 to E03, E22: the demande and the demandeur's own changes --------------------------------------------------

enum class registration_channel : std::uint8_t { desk, online, landlord_ex_officio, prefect_order, sne };
constexpr auto names_of(registration_channel) {
  return std::to_array<std::string_view>({"desk", "online", "landlord_ex_officio", "prefect_order", "sne"});
}

struct demande_registered {
  nud number;
  registration_channel channel{};
  bool identity_document_seen = false;
  law::form form;
  friend bool operator==(const demande_registered&, const demande_registered&) = default;
  static constexpr auto fields() {
    using t = demande_registered;
    return std::tuple{field{"number", &t::number, set_by::either}, field{"channel", &t::channel},
                      field{"identity_document_seen", &t::identity_document_seen}, field{"form", &t::form}};
  }
  static constexpr entry_kind kind{1,
                                   "demande_registered",
                                   entry_family::dossier,
                                   "R441-2-15-I-0-1",
                                   "Demande enregistrée",
                                   originators{quality::service_enregistreur, quality::gestionnaire}.or_demandeur(),
                                   refusal_code::not_empowered};
};

enum class notice_channel : std::uint8_t { post, electronic, handed_over, sms };
constexpr auto names_of(notice_channel) {
  return std::to_array<std::string_view>({"post", "electronic", "handed_over", "sms"});
}

struct certificate_issued {
  notice_channel channel{};
  std::optional<civil_date> dalo_referral_from; ///< first day on which the commission de médiation may be seized
  friend bool operator==(const certificate_issued&, const certificate_issued&) = default;
  static constexpr auto fields() {
    using t = certificate_issued;
    return std::tuple{field{"channel", &t::channel}, field{"dalo_referral_from", &t::dalo_referral_from}};
  }
  static constexpr entry_kind kind{2,
                                   "certificate_issued",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Attestation d'enregistrement délivrée",
                                   originators{quality::service_enregistreur, quality::gestionnaire}};
};

struct demande_changed {
  field_changes changes;
  std::optional<law::household> household; ///< the persons to be housed, anew, when they change
  friend bool operator==(const demande_changed&, const demande_changed&) = default;
  static constexpr auto fields() {
    using t = demande_changed;
    return std::tuple{field{"changes", &t::changes}, field{"household", &t::household}};
  }
  static constexpr entry_kind kind{3,
                                   "demande_changed",
                                   entry_family::dossier,
                                   "R441-2-15-I-0-1",
                                   "Demande modifiée par le demandeur",
                                   originators{quality::service_enregistreur}.or_demandeur()};
};

struct renewed {
  field_changes changes;
  std::optional<law::household> household;
  friend bool operator==(const renewed&, const renewed&) = default;
  static constexpr auto fields() {
    using t = renewed;
    return std::tuple{field{"changes", &t::changes}, field{"household", &t::household}};
  }
  static constexpr entry_kind kind{22,
                                   "renewed",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Demande renouvelée",
                                   originators{quality::service_enregistreur}.or_demandeur()};
};

// -- E04, E05, E10: documents and rectifications --------------------------------------------------------------------

/// Documents that may be asked for: a closed list (R441-2-4-1).
enum class piece_type : std::uint8_t {
  identity_document,
  residence_permit,
  tax_notice,
  income_proof,
  social_benefit_statement,
  employer_certificate,
  family_record,
  pregnancy_certificate,
  divorce_or_separation_act,
  protection_order,
  housing_proof,
  rent_receipt,
  hosting_certificate,
  eviction_decision,
  unfit_housing_report,
  handicap_decision,
  medical_certificate,
  guardianship_decision,
  student_proof,
  social_report,
};
constexpr auto names_of(piece_type) {
  return std::to_array<std::string_view>(
      {"identity_document",         "residence_permit",      "tax_notice",           "income_proof",
       "social_benefit_statement",  "employer_certificate",  "family_record",        "pregnancy_certificate",
       "divorce_or_separation_act", "protection_order",      "housing_proof",        "rent_receipt",
       "hosting_certificate",       "eviction_decision",     "unfit_housing_report", "handicap_decision",
       "medical_certificate",       "guardianship_decision", "student_proof",        "social_report"});
}
inline refusal unknown_name(piece_type) {
  return refuse(refusal_code::bad_motive, "R441-2-15-I-4a",
                "Cette pièce ne figure pas dans la liste limitative des pièces justificatives.")
      .error();
}

struct document_filed {
  document_id document;
  piece_type type{};
  text<80> holder;  ///< whom it is about, when not the demandeur
  bytes32 digest{}; ///< keyed hash of the content, for this dossier alone: tells a second filing, and nothing else
  std::uint64_t size_bytes = 0;
  hidden<bytes32> key; ///< of the stored file; erasing the entry destroys the document wherever a copy is left
  friend bool operator==(const document_filed&, const document_filed&) = default;
  static constexpr auto fields() {
    using t = document_filed;
    return std::tuple{field{"document", &t::document, set_by::node},
                      field{"type", &t::type},
                      field{"holder", &t::holder},
                      field{"digest", &t::digest, set_by::node},
                      field{"size_bytes", &t::size_bytes, set_by::node},
                      field{"key", &t::key, set_by::node}};
  }
  static constexpr entry_kind kind{
      4,
      "document_filed",
      entry_family::dossier,
      "L441-2-7-1-1b",
      "Pièce justificative déposée",
      originators{quality::service_enregistreur, quality::bailleur, quality::gestionnaire}.or_demandeur()};
};

struct rectified {
  field_change change;
  list<document_id, 16> documents; ///< at least one, already in the dossier
  friend bool operator==(const rectified&, const rectified&) = default;
  static constexpr auto fields() {
    using t = rectified;
    return std::tuple{field{"change", &t::change}, field{"documents", &t::documents}};
  }
  static constexpr entry_kind kind{5,
                                   "rectified",
                                   entry_family::dossier,
                                   "R441-2-15-I-1",
                                   "Demande rectifiée d'après les pièces",
                                   originators{quality::service_enregistreur},
                                   refusal_code::not_empowered};
};

struct documents_requested {
  list<piece_type, 20> pieces;
  text<400> information; ///< what else is asked, in words
  civil_date due;
  notice_channel channel{};
  friend bool operator==(const documents_requested&, const documents_requested&) = default;
  static constexpr auto fields() {
    using t = documents_requested;
    return std::tuple{field{"pieces", &t::pieces}, field{"information", &t::information}, field{"due", &t::due},
                      field{"channel", &t::channel}};
  }
  static constexpr entry_kind kind{
      10,
      "documents_requested",
      entry_family::dossier,
      "R441-2-15-I-4a",
      "Informations ou pièces demandées",
      originators{quality::bailleur, quality::reservataire, quality::service_enregistreur}};
};

// -- E06 to E09: mentions -------------------------------------------------------------------------------------------

/// Its day of occurrence is the day of the commission's decision.
struct dalo_recognised {
  text<40> decision_number;
  departement_code departement; ///< of the commission de médiation
  text<400> dwelling;           ///< characteristics of the dwelling to be offered
  friend bool operator==(const dalo_recognised&, const dalo_recognised&) = default;
  static constexpr auto fields() {
    using t = dalo_recognised;
    return std::tuple{field{"decision_number", &t::decision_number}, field{"departement", &t::departement},
                      field{"dwelling", &t::dwelling}};
  }
  static constexpr entry_kind kind{6,
                                   "dalo_recognised",
                                   entry_family::dossier,
                                   "R441-2-15-I-2a",
                                   "Décision favorable de la commission de médiation (DALO)",
                                   originators{quality::state_mediation_secretariat}};
};

struct dalo_lost {
  text<400> ground;
  friend bool operator==(const dalo_lost&, const dalo_lost&) = default;
  static constexpr auto fields() { return std::tuple{field{"ground", &dalo_lost::ground}}; }
  static constexpr entry_kind kind{32,
                                   "dalo_lost",
                                   entry_family::dossier,
                                   "R441-2-15-I-2a",
                                   "Bénéfice de la décision DALO perdu",
                                   originators{quality::state_mediation_secretariat}};
};

enum class opinion_sense : std::uint8_t { favourable, unfavourable, deferred };
constexpr auto names_of(opinion_sense) {
  return std::to_array<std::string_view>({"favourable", "unfavourable", "deferred"});
}

struct instance_opinion {
  instance_kind instance{};
  opinion_sense sense{};
  text<400> motive;
  friend bool operator==(const instance_opinion&, const instance_opinion&) = default;
  static constexpr auto fields() {
    using t = instance_opinion;
    return std::tuple{field{"instance", &t::instance}, field{"sense", &t::sense}, field{"motive", &t::motive}};
  }
  static constexpr entry_kind kind{7,
                                   "instance_opinion",
                                   entry_family::dossier,
                                   "R441-2-15-I-2b",
                                   "Avis d'une instance",
                                   originators{quality::instance_secretariat}};
};

/// The priority categories of L441-1, by their letter in the list.
enum class priority_category : std::uint8_t { a, b, c, d, e, f, g, g_bis, h, i, j, k, l, m };
constexpr auto names_of(priority_category) {
  return std::to_array<std::string_view>({"a", "b", "c", "d", "e", "f", "g", "g_bis", "h", "i", "j", "k", "l", "m"});
}
inline refusal unknown_name(priority_category) {
  return refuse(refusal_code::bad_motive, "R441-2-15-I-2f",
                "Cette catégorie ne figure pas dans la liste des personnes prioritaires de l'article L. 441-1.")
      .error();
}

struct priority_recognised {
  priority_category category{};
  text<400> basis; ///< documents or facts relied upon
  std::optional<civil_date> valid_until;
  friend bool operator==(const priority_recognised&, const priority_recognised&) = default;
  static constexpr auto fields() {
    using t = priority_recognised;
    return std::tuple{field{"category", &t::category}, field{"basis", &t::basis},
                      field{"valid_until", &t::valid_until}};
  }
  static constexpr entry_kind kind{8,
                                   "priority_recognised",
                                   entry_family::dossier,
                                   "R441-2-15-I-2f",
                                   "Caractère prioritaire reconnu",
                                   originators{quality::reservataire, quality::bailleur}};
};

struct priority_withdrawn {
  priority_category category{};
  text<400> motive;
  friend bool operator==(const priority_withdrawn&, const priority_withdrawn&) = default;
  static constexpr auto fields() {
    using t = priority_withdrawn;
    return std::tuple{field{"category", &t::category}, field{"motive", &t::motive}};
  }
  static constexpr entry_kind kind{33,
                                   "priority_withdrawn",
                                   entry_family::dossier,
                                   "R441-2-15-I-2f",
                                   "Caractère prioritaire retiré",
                                   originators{quality::reservataire, quality::bailleur}};
};

struct contingent_eligibility {
  list<convention_id, 32> conventions; ///< reservation conventions to which the demandeur is eligible
  bool non_reserved = false;           ///< also to dwellings that nobody has reserved
  text<400> basis;
  friend bool operator==(const contingent_eligibility&, const contingent_eligibility&) = default;
  static constexpr auto fields() {
    using t = contingent_eligibility;
    return std::tuple{field{"conventions", &t::conventions}, field{"non_reserved", &t::non_reserved},
                      field{"basis", &t::basis}};
  }
  static constexpr entry_kind kind{9,
                                   "contingent_eligibility",
                                   entry_family::dossier,
                                   "R441-2-15-I-3",
                                   "Éligibilité à des contingents",
                                   originators{quality::reservataire, quality::bailleur}};
};

// -- E23 to E28, E30: the life of the demande -----------------------------------------------------------------------

struct renewal_notice_sent {
  list<notice_channel, 4> channels;
  friend bool operator==(const renewal_notice_sent&, const renewal_notice_sent&) = default;
  static constexpr auto fields() { return std::tuple{field{"channels", &renewal_notice_sent::channels}}; }
  static constexpr entry_kind kind{23,
                                   "renewal_notice_sent",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Préavis de renouvellement envoyé",
                                   originators{quality::gestionnaire}};
};

/// The six motives of radiation of R441-2-8, by their letter.
enum class radiation_motive : std::uint8_t {
  a_housed,
  b_renunciation,
  c_no_answer,
  d_inadmissible,
  e_not_renewed,
  f_merged,
};
constexpr auto names_of(radiation_motive) {
  return std::to_array<std::string_view>(
      {"a_housed", "b_renunciation", "c_no_answer", "d_inadmissible", "e_not_renewed", "f_merged"});
}
inline refusal unknown_name(radiation_motive) {
  return refuse(refusal_code::bad_motive, "R441-2-8",
                "Une demande n'est radiée que pour l'un des six motifs de l'article R. 441-2-8.")
      .error();
}

struct radiation_warning_sent {
  radiation_motive motive{}; ///< c or d
  text<200> proof_of_delivery;
  friend bool operator==(const radiation_warning_sent&, const radiation_warning_sent&) = default;
  static constexpr auto fields() {
    using t = radiation_warning_sent;
    return std::tuple{field{"motive", &t::motive}, field{"proof_of_delivery", &t::proof_of_delivery}};
  }
  static constexpr entry_kind kind{
      24,
      "radiation_warning_sent",
      entry_family::dossier,
      "R441-2-15-I-4-0",
      "Avertissement avant radiation envoyé",
      originators{quality::service_enregistreur, quality::bailleur, quality::reservataire, quality::gestionnaire}};
};

struct warning_answered {
  text<400> answer;
  friend bool operator==(const warning_answered&, const warning_answered&) = default;
  static constexpr auto fields() { return std::tuple{field{"answer", &warning_answered::answer}}; }
  static constexpr entry_kind kind{
      36,
      "warning_answered",
      entry_family::dossier,
      "R441-2-15-I-4-0",
      "Réponse du demandeur à l'avertissement",
      originators{quality::service_enregistreur, quality::bailleur, quality::reservataire, quality::gestionnaire}
          .or_demandeur()};
};

struct radiated {
  radiation_motive motive{};
  text<200> written_act; ///< reference of the written renunciation, with motive b
  friend bool operator==(const radiated&, const radiated&) = default;
  static constexpr auto fields() {
    using t = radiated;
    return std::tuple{field{"motive", &t::motive}, field{"written_act", &t::written_act}};
  }
  static constexpr entry_kind kind{
      25,
      "radiated",
      entry_family::dossier,
      "R441-2-15-I-4-0",
      "Demande radiée",
      originators{quality::service_enregistreur, quality::gestionnaire, quality::bailleur, quality::reservataire}};
};

/// One year, or more where the notice was late, has passed without renewal.
struct expired {
  friend bool operator==(const expired&, const expired&) = default;
  static constexpr auto fields() { return std::tuple<>{}; }
  static constexpr entry_kind kind{31,
                                   "expired",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Validité de la demande expirée",
                                   originators::consequence()};
};

enum class reactivation_cause : std::uint8_t {
  late_renewal,      ///< renewed after radiation e, within eighteen months
  answer_after_term, ///< motive c, where the registration system allows it
  fact_before_term,  ///< a fact dated before the term came after its automatic effect
  lease_corrected,   ///< the lease had been recorded wrongly
};
constexpr auto names_of(reactivation_cause) {
  return std::to_array<std::string_view>({"late_renewal", "answer_after_term", "fact_before_term", "lease_corrected"});
}

struct reactivated {
  reactivation_cause cause{};
  std::optional<civil_date> known_on{}; ///< when it was recorded
  friend bool operator==(const reactivated&, const reactivated&) = default;
  static constexpr auto fields() {
    using t = reactivated;
    return std::tuple{field{"cause", &t::cause}, field{"known_on", &t::known_on, set_by::node}};
  }
  static constexpr entry_kind kind{26,
                                   "reactivated",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Demande réactivée",
                                   originators{quality::service_enregistreur}};
};

struct seniority_by_departement {
  departement_code departement;
  civil_date reception;
  friend bool operator==(const seniority_by_departement&, const seniority_by_departement&) = default;
  static constexpr auto fields() {
    using t = seniority_by_departement;
    return std::tuple{field{"departement", &t::departement}, field{"reception", &t::reception}};
  }
};

struct merged {
  list<nud, 16> absorbed;
  list<seniority_by_departement, 16> seniority; ///< kept département by département
  friend bool operator==(const merged&, const merged&) = default;
  static constexpr auto fields() {
    using t = merged;
    return std::tuple{field{"absorbed", &t::absorbed}, field{"seniority", &t::seniority, set_by::node}};
  }
  static constexpr entry_kind kind{27,
                                   "merged",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Demandes du même demandeur fusionnées",
                                   originators{quality::gestionnaire}};
};

struct seniority_transferred {
  nud from;             ///< the demande of the household before the separation
  civil_date reception; ///< its reception date, which this demande now has
  text<200> ground;
  friend bool operator==(const seniority_transferred&, const seniority_transferred&) = default;
  static constexpr auto fields() {
    using t = seniority_transferred;
    return std::tuple{field{"from", &t::from}, field{"reception", &t::reception, set_by::node},
                      field{"ground", &t::ground}};
  }
  static constexpr entry_kind kind{28,
                                   "seniority_transferred",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Ancienneté conservée après séparation",
                                   originators{quality::service_enregistreur}};
};

struct received {
  commune_code commune;
  text<120> place;
  friend bool operator==(const received&, const received&) = default;
  static constexpr auto fields() {
    using t = received;
    return std::tuple{field{"commune", &t::commune}, field{"place", &t::place}};
  }
  static constexpr entry_kind kind{30,
                                   "received",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Demandeur reçu",
                                   originators{quality::lieu_accueil, quality::service_enregistreur}};
};

/// The list of R441-2-15 I is open: any other event of the processing.
struct processing_event {
  text<80> label;
  text<400> detail;
  friend bool operator==(const processing_event&, const processing_event&) = default;
  static constexpr auto fields() {
    using t = processing_event;
    return std::tuple{field{"label", &t::label}, field{"detail", &t::detail}};
  }
  static constexpr entry_kind kind{42,
                                   "processing_event",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Autre événement de l'instruction",
                                   originators::any_but({quality::lieu_accueil})};
};

// -- access and erasure ---------------------------------------------------------------------------------------------

/// The demandeur asks that a reception place may read his file: it shows the code he was given, of which only a hash
/// is kept (R441-2-15 V, last alinéa).
struct consultation_authorised {
  bytes32 code_hash{};
  civil_date last_day;
  friend bool operator==(const consultation_authorised&, const consultation_authorised&) = default;
  static constexpr auto fields() {
    using t = consultation_authorised;
    return std::tuple{field{"code_hash", &t::code_hash, set_by::node}, field{"last_day", &t::last_day}};
  }
  static constexpr entry_kind kind{44,
                                   "consultation_authorised",
                                   entry_family::dossier,
                                   "R441-2-15-V-3",
                                   "Consultation par un lieu d'accueil demandée par le demandeur",
                                   originators{quality::service_enregistreur}.or_demandeur()};
};

struct applicant_account_opened {
  agent_id account;
  friend bool operator==(const applicant_account_opened&, const applicant_account_opened&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"account", &applicant_account_opened::account, set_by::node}};
  }
  static constexpr entry_kind kind{45,
                                   "applicant_account_opened",
                                   entry_family::dossier,
                                   "R441-2-15-I-0-1",
                                   "Compte du demandeur ouvert",
                                   originators{quality::service_enregistreur, quality::gestionnaire}};
};

/// The demandeur's password has changed, by himself or at the desk that could open him an account; what it is is in the
/// local table alone.
struct applicant_password_set {
  agent_id account;
  friend bool operator==(const applicant_password_set&, const applicant_password_set&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"account", &applicant_password_set::account, set_by::node}};
  }
  static constexpr entry_kind kind{47,
                                   "applicant_password_set",
                                   entry_family::dossier,
                                   "R441-2-15-I-0-1",
                                   "Mot de passe du demandeur changé",
                                   originators{quality::service_enregistreur, quality::gestionnaire}.or_demandeur()};
};

/// Another account may be opened for him afterwards.
struct applicant_account_closed {
  agent_id account;
  friend bool operator==(const applicant_account_closed&, const applicant_account_closed&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"account", &applicant_account_closed::account, set_by::node}};
  }
  static constexpr entry_kind kind{48,
                                   "applicant_account_closed",
                                   entry_family::dossier,
                                   "R441-2-15-I-0-1",
                                   "Compte du demandeur fermé",
                                   originators{quality::service_enregistreur, quality::gestionnaire}.or_demandeur()};
};

/// One year after radiation the nominative data are erased: what stays says which entries were emptied.
struct demande_erased {
  list<std::uint64_t, 65536> entries; ///< sequences emptied in this stream
  std::uint32_t documents = 0;        ///< files destroyed
  list<document_id, 4096> files{};    ///< which: whoever holds a copy destroys it too
  friend bool operator==(const demande_erased&, const demande_erased&) = default;
  static constexpr auto fields() {
    using t = demande_erased;
    return std::tuple{field{"entries", &t::entries}, field{"documents", &t::documents}, field{"files", &t::files}};
  }
  static constexpr entry_kind kind{46,
                                   "demande_erased",
                                   entry_family::dossier,
                                   "L441-2-7-1-1c",
                                   "Données nominatives effacées",
                                   originators::consequence(),
                                   refusal_code::not_originator,
                                   true};
};

} // namespace toit::law
