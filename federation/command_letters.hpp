/// \file
/// The letters in which State authorities command and territories answer, and what the directory says of both.
/// docs/federation-protocol.md is normative.

#pragma once

#include "federation/directory.hpp"
#include "journal/keys.hpp"
#include "ports/clock.hpp"
#include "ports/command_post.hpp"

#include <mutex>

namespace toit::federation {

class command_letters : public ports::command_post {
public:
  /// The present secret and the former ones: a letter may have been sealed before a change of keys. `today` is that of
  /// the directory's dates.
  command_letters(stream_id own, std::vector<law::bytes32> operating_secrets, directory current,
                  std::shared_ptr<const ports::clock> clock, std::function<law::civil_date()> today);

  /// A newer directory is in force.
  void adopt(directory newer);

  std::vector<stream_id> issuers() const override;
  std::vector<law::departement_code> competent_in(const stream_id& authority, law::state_matter of) const override;
  std::vector<stream_id> territories() const override;
  std::optional<law::siren> answers_for(const stream_id& stream) const override;
  bool sets_thresholds_of(law::departement_code departement) const override;
  std::optional<ports::node_name> host_of(const stream_id& stream) const override;
  std::optional<ports::followed_place> place_of(law::siren territory) const override;
  law::instant now() const override { return clock_->now(); }

  std::optional<law::text<65536>> seal(const ports::posted_command& command) const override;
  std::optional<ports::posted_command> open(const law::text<65536>& letter) const override;
  std::optional<law::text<8192>> seal(const stream_id& issuer, const ports::posted_result& result) const override;
  std::optional<ports::posted_result> open_result(const law::text<8192>& letter) const override;

  /// The directory in force.
  std::shared_ptr<const directory> current() const;

private:
  std::optional<bytes> open_box(std::string_view box) const;
  std::optional<std::string> seal_for(const stream_id& whom, byte_view plain, std::size_t most) const;

  stream_id own_;
  std::vector<law::bytes32> operating_secrets_;
  std::shared_ptr<const ports::clock> clock_;
  std::function<law::civil_date()> today_;
  mutable std::mutex mutex_;
  std::shared_ptr<const directory> current_;
};

} // namespace toit::federation
