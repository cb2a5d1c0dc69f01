/// \file
/// What people do in a run where a territory's stream passes: those who record, at whichever node serves the territory;
/// the prefect, whose acts pass it; the EPCI, which joins another dispositif and leaves it.

#pragma once

#include "simulation/world/passing_checkers.hpp"

namespace toit::simulation {

/// Who record, at each node as far as it serves the territory. Each has his own idea of the dossiers: those of there.
class passing_players {
public:
  passing_players(passing_world& w, passing_checkers& checkers, tally& counts);

  /// Everybody is entered, at the territory's own node.
  void set_scene();
  bool serves(std::size_t which) const { return places_[which].place.serves(); }
  /// Nodes that serve the territory, or think that they do.
  std::vector<std::size_t> serving() const;
  /// Somebody asks for something at this node.
  void act(std::size_t which);
  /// Somebody asks for the same at two nodes, each time for itself.
  void act_on_both(std::size_t one, std::size_t other);
  /// Somebody who has asked before asks again, here: he has not heard, or does not know that he has.
  void repeat(std::size_t which);

private:
  struct played {
    served_place place;
    std::unique_ptr<play> player;
    ports::stream_position seen;
  };
  using command = std::shared_ptr<asked_command>;

  void look(played& at);
  void send(std::size_t which, const asked_command_ptr& asked);
  command note(played& at);
  command radiation(played& at);
  command lease(played& at);
  command something(played& at);
  command keyed(command asked);

  passing_world& w_;
  passing_checkers& checkers_;
  tally& counts_;
  chance chance_;
  cast players_;
  std::vector<played> places_;
  std::vector<asked_command_ptr> asked_;
  std::uint64_t made_ = 0;
};

/// What the prefect has recorded, as his node has it; while it runs.
law::procedures_book read_procedures(passing_node& region);

/// What the prefect wishes, and records at the regional node whenever that can record.
class prefect {
public:
  enum class wish : std::uint8_t { nothing, in_force, suspended, ended };

  prefect(passing_world& w, tally& counts) : w_{w}, counts_{counts} {}

  void wishes(wish what) { wish_ = what; }
  /// The EPCI's own: it joins the dispositif of the fourth node, or leaves it.
  void joins(bool what) {
    joins_ = what;
    has_joined_ = has_joined_ || what;
  }
  /// Records what is missing.
  void go_on();
  /// Another, who is not competent, signs for himself: in his own node's stream, with the epoch that would follow.
  void usurp();

private:
  void see_to_act();
  void see_to_adhesion();
  std::vector<law::event> signed_today(law::siren territory, const char* number);

  passing_world& w_;
  tally& counts_;
  wish wish_ = wish::nothing;
  bool joins_ = false;
  bool has_joined_ = false;
};

} // namespace toit::simulation
