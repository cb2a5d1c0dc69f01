#include "simulation/world/command_checker.hpp"

namespace toit::simulation {

namespace {

/// A run's clock is ahead for a while, and behind for another: the moment that an entry bears is later by less than
/// this than the one by which its command was found in time.
constexpr std::chrono::days apart_at_most{30};

class command_check {
public:
  command_check(world& w, tally& counts) : w_{w}, counts_{counts} {}

  std::vector<fault> faults() {
    auto all = whole(world::stream());
    for (std::size_t which = 0; which < world::state_count; ++which)
      check(w_.state(which).who(), all);
    return std::move(faults_);
  }

private:
  std::vector<ports::stored_entry> whole(const ports::stream_id& stream) {
    return w_.reader().read(stream, 0, 1'000'000);
  }

  void say(const linked_node& issuer, std::uint64_t seq, const std::string& what) {
    faults_.push_back({"commands", issuer.stream.text() + ", entry " + std::to_string(seq) + ": " + what});
  }

  /// What the territory holds of the authority's stream, against what it has recorded.
  void check(const linked_node& issuer, const std::vector<ports::stored_entry>& recorded) {
    std::map<std::uint64_t, std::vector<const ports::stored_entry*>> answers;
    for (const auto& entry : recorded)
      if (const auto* done = entry.record ? std::get_if<law::command_executed>(&entry.record->event) : nullptr)
        if (done->issuer.str() == issuer.stream.view())
          answers[done->issued].push_back(&entry);
    for (const auto& entry : whole(issuer.stream)) {
      const auto* issued = entry.record ? std::get_if<law::command_issued>(&entry.record->event) : nullptr;
      if (!issued)
        continue;
      auto given = answers.extract(entry.seq);
      if (given.empty() || given.mapped().size() != 1)
        say(issuer, entry.seq, std::to_string(given.empty() ? 0 : given.mapped().size()) + " answers to a command");
      else
        check_answer(issuer, entry, *given.mapped().front(), recorded);
    }
    for (const auto& [seq, entries] : answers)
      say(issuer, seq, "an answer to no command");
  }

  void check_answer(const linked_node& issuer, const ports::stored_entry& command, const ports::stored_entry& answer,
                    const std::vector<ports::stored_entry>& recorded) {
    const auto& letter = std::get<law::command_executed>(answer.record->event).result.value;
    auto result = w_.letters_of(issuer)->open_result(letter);
    if (!result || result->id != command.record->command)
      return say(issuer, command.seq, "an answer that its issuer cannot read");
    if (result->refusal) {
      ++counts_[result->refusal->code == law::refusal_code::too_late ? "fault.command_too_late"
                                                                     : "fault.command_refused"];
      return;
    }
    ++counts_["fault.command_recorded"];
    auto term = std::get<law::command_issued>(command.record->event).valid_until;
    for (auto seq = result->first_seq; seq != 0 && seq <= result->last_seq; ++seq) {
      const auto* made = seq <= recorded.size() ? &recorded[seq - 1] : nullptr;
      // What it made may have been erased since with its dossier.
      if (!made || seq > answer.seq || (made->record && made->record->introducer != law::party{service_of_state()}))
        say(issuer, command.seq, "entry " + std::to_string(seq) + " is not what the answer says");
      else if (made->recorded_at > term + apart_at_most)
        say(issuer, command.seq, "entry " + std::to_string(seq) + " was recorded long after its term");
    }
  }

  world& w_;
  tally& counts_;
  std::vector<fault> faults_;
};

} // namespace

std::vector<fault> check_commands(world& w, tally& counts) { return command_check{w, counts}.faults(); }

} // namespace toit::simulation
