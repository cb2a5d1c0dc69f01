/// \file
/// What a territory's actors hold of their surroundings, over the node of a test.

#pragma once

#include "actors/territory_context.hpp"
#include "journal/snapshot_files.hpp"
#include "simulation/chance.hpp"
#include "tests/journal/node.hpp"

namespace toit::test {

/// Of the stream and the territory given; `node` is open and outlives the context.
inline std::shared_ptr<territory_context> context_over(journal::test::node& node, const ports::stream_id& stream,
                                                       law::siren territory) {
  auto made = std::make_shared<territory_context>();
  made->stream = stream;
  made->settings.territory = made->settings.gestionnaire = territory;
  made->departement = "93";
  made->clock = node.clock;
  made->chance = std::make_shared<simulation::chance_port>(1);
  made->sealer = node.journal->open_sealer();
  made->open_reader = [&node] { return node.journal->open_reader(); };
  made->snapshots = journal::open_snapshots(node.disk.folder("node/snapshots"), node.journal->keys(),
                                            [&node] { return node.rows(); });
  made->metrics = std::make_shared<base::metrics>();
  return made;
}

} // namespace toit::test
