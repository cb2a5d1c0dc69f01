/// \file
/// What the API tells of dispositifs, as described values: in the territory, and on its prefect's node.

#pragma once

#include "law/evidence.hpp"
#include "web/server/json_text.hpp"

namespace toit::web {

/// Where the territory's dispositif stands, as its own node knows it.
struct dispositif_view {
  law::existence stands;
  std::optional<law::civil_date> begun_on;
  std::optional<law::civil_date> in_service_on;
  std::optional<law::civil_date> adhered_on;
  std::optional<law::siren> host; ///< of what has been joined
  std::optional<law::conformity> conformity;
  std::optional<law::convention_id> convention; ///< the last one proposed
  static constexpr auto fields() {
    using law::field;
    using t = dispositif_view;
    return std::tuple{
        field{"stands", &t::stands},         field{"begun_on", &t::begun_on}, field{"in_service_on", &t::in_service_on},
        field{"adhered_on", &t::adhered_on}, field{"host", &t::host},         field{"conformity", &t::conformity},
        field{"convention", &t::convention}};
  }
};
json to_json(const dispositif_view& view);

struct position_view {
  law::siren party;
  law::party_state state{};
  law::civil_date since;
  std::uint64_t seq = 0; ///< of its answer; 0 while there is none
  /// Of who participates by arrêté: the arrêté, and the share of the cost that it fixes in the place of the
  /// convention's.
  std::optional<law::act_id> ordered_by;
  std::optional<law::basis_points> ordered_share;
  static constexpr auto fields() {
    using law::field;
    using t = position_view;
    return std::tuple{field{"party", &t::party},           field{"state", &t::state},
                      field{"since", &t::since},           field{"seq", &t::seq},
                      field{"ordered_by", &t::ordered_by}, field{"ordered_share", &t::ordered_share}};
  }
};
struct convention_view {
  law::dispositif_convention convention;
  law::civil_date proposed_on;
  law::list<position_view, 1024> positions;
  static constexpr auto fields() {
    using law::field;
    using t = convention_view;
    return std::tuple{field{"convention", &t::convention}, field{"proposed_on", &t::proposed_on},
                      field{"positions", &t::positions}};
  }
};
json to_json(const convention_view& view);

struct late_review_view {
  law::late_verdict verdict{};
  law::text<400> because;
  law::party by;
  law::civil_date on;
  std::uint64_t recorded = 0; ///< the entry that says so
  static constexpr auto fields() {
    using law::field;
    using t = late_review_view;
    return std::tuple{field{"verdict", &t::verdict}, field{"because", &t::because}, field{"by", &t::by},
                      field{"on", &t::on}, field{"recorded", &t::recorded}};
  }
};
/// An entry of a former host, what became of it, and what the holder says of it.
struct late_entry_view {
  law::late_entry_settled settled;
  std::uint64_t recorded = 0; ///< the entry that says so
  bool awaits_review = false;
  std::optional<late_review_view> review;
  static constexpr auto fields() {
    using law::field;
    using t = late_entry_view;
    return std::tuple{field{"settled", &t::settled}, field{"recorded", &t::recorded},
                      field{"awaits_review", &t::awaits_review}, field{"review", &t::review}};
  }
};
json to_json(const late_entry_view& view);

/// An act and what it is worth today.
struct act_view {
  law::act act;
  law::siren territory;
  std::uint64_t seq = 0; ///< of the entry that holds it
  law::civil_date signed_on;
  std::optional<law::civil_date> published_on;
  std::optional<law::civil_date> notified_on;
  std::optional<law::civil_date> binds_from;
  std::optional<law::civil_date> recourse_until;
  law::act_standing standing{};
  static constexpr auto fields() {
    using law::field;
    using t = act_view;
    return std::tuple{field{"act", &t::act},
                      field{"territory", &t::territory},
                      field{"seq", &t::seq},
                      field{"signed_on", &t::signed_on},
                      field{"published_on", &t::published_on},
                      field{"notified_on", &t::notified_on},
                      field{"binds_from", &t::binds_from},
                      field{"recourse_until", &t::recourse_until},
                      field{"standing", &t::standing}};
  }
};
json to_json(const act_view& view);

struct opinion_view {
  law::siren from;
  std::optional<law::party_opinion> opinion; ///< absent: still waited for
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"from", &opinion_view::from}, field{"opinion", &opinion_view::opinion}};
  }
};
struct procedure_view {
  law::procedure_id procedure;
  law::siren territory;
  law::convention_id convention;
  law::siren party;
  law::civil_date opened_on;
  bool complete = false; ///< no opinion is waited for any more
  law::list<opinion_view, 1024> opinions;
  bool superseded = false; ///< the party has signed: the arrêté has no object any more
  std::optional<law::act_id> ordered_by;
  std::optional<law::party_state> stands; ///< of the party, by what has been received of the territory's journal
  static constexpr auto fields() {
    using law::field;
    using t = procedure_view;
    return std::tuple{field{"procedure", &t::procedure},   field{"territory", &t::territory},
                      field{"convention", &t::convention}, field{"party", &t::party},
                      field{"opened_on", &t::opened_on},   field{"complete", &t::complete},
                      field{"opinions", &t::opinions},     field{"superseded", &t::superseded},
                      field{"ordered_by", &t::ordered_by}, field{"stands", &t::stands}};
  }
};
json to_json(const procedure_view& view);

/// What the prefect may do, or why he may not yet.
struct power_view {
  law::prefect_power power{};
  bool possible = false;
  std::optional<law::refusal_code> refused;
  std::optional<law::text<40>> article;
  std::optional<law::text<400>> because;
  std::optional<law::civil_date> possible_from;
  static constexpr auto fields() {
    using law::field;
    using t = power_view;
    return std::tuple{field{"power", &t::power},     field{"possible", &t::possible},
                      field{"refused", &t::refused}, field{"article", &t::article},
                      field{"because", &t::because}, field{"possible_from", &t::possible_from}};
  }
};
json to_json(const power_view& view);

json to_json(const law::checklist& checklist);
json to_json(const law::evidence_file& file);

} // namespace toit::web
