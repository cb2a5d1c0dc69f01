#include "nodes/hosting/hosting_place.hpp"

#include <utility>

namespace toit::nodes {

namespace {

/// The cut is here: nobody but the epoch's host could have written it.
bool is_adopted(const ports::stream_id& stream, std::uint32_t epoch, ports::transfer_source& here) {
  auto cuts = here.cuts(stream);
  return !cuts.empty() && cuts.back().epoch == epoch;
}

} // namespace

bool reading_in_force::catch_up(const hosting_place& at, const federation::directory& issued) {
  bool is_other = std::exchange(directory_number_, issued.number) != issued.number;
  if (!reading_ || is_other)
    reading_ = std::make_unique<authority_reading>(at.journal().open_reader());
  return reading_->catch_up(issued);
}

bool is_elsewhere(const ports::stream_id& stream, const federation::authorities& known, const ports::node_name& self,
                  ports::transfer_source& here) {
  auto hosts = known.find(stream);
  return hosts != known.end() && !hosts->second.passed.empty() &&
         (hosts->second.passed.back().host != self || !is_adopted(stream, hosts->second.epoch(), here));
}

ports::adoption going_on_with(const ports::stream_id& stream, const opened_epoch& opened, const hosting_place& at) {
  ports::adoption asked;
  asked.stream = stream;
  asked.epoch = opened.passed.epoch;
  asked.ordered_by = opened.ordered_by;
  asked.ordered_seq = opened.ordered_seq;
  asked.today = at.context()->today();
  if (auto secret = at.escrow_secret())
    asked.secrets.push_back(*secret);
  if (auto escrow = at.issued_directory()->escrow_of(stream, asked.today))
    asked.seal_to.push_back(*escrow);
  if (opened.passed.closed_seq != 0)
    asked.closed_at = {opened.passed.closed_seq, opened.passed.closed_link};
  return asked;
}

} // namespace toit::nodes
