/// \file
/// Seine-Saint-Denis on one machine: the regional node, the departmental node and the département's four EPT, each a
/// process of its own, with fictitious populations.

#pragma once

#include "nodes/program/demonstration.hpp"

#include <vector>

namespace toit::nodes {

/// One node of the demonstration, and its folder below the demonstration's own.
struct demonstration_node {
  std::string_view name; ///< in the directory, and of its folder
  std::string_view stream;
  std::string_view siren;
  std::string_view title;
};

/// The State's nodes first: the regional one, which orders, then the departmental one. The first territory is the one
/// with the whole population, on the port asked for.
std::span<const demonstration_node> demonstration_nodes();

/// Holds a folder's process while it runs.
constexpr const char* pid_mark = "pid";
/// While it is there, the folder's node is not begun again.
constexpr const char* paused_mark = "paused";
/// While it is in the folder of one of the State's nodes, nobody who goes to that node reaches it: their line is cut,
/// the node goes on.
constexpr const char* cut_mark = "cut";

/// Begins every node, begins again one that ends, and stops them all at a signal. Code of exit.
int demonstrate_federation(const demonstration_options& options, std::ostream& out, std::ostream& err);

/// One of them, in its own process, on the folder that the demonstration has prepared.
int serve_demonstration_node(const demonstration_options& options, std::ostream& err);

} // namespace toit::nodes
