/// \file
/// Rows of accounts that are not where they belong, as an older format of the journal left them.

#pragma once

#include "journal/node_journal.hpp"

namespace toit::nodes {

/// That format kept the accounts of all streams that a node hosted together, and did not say whose dossier one is of.
/// They are all in the node's first stream since, about themselves: what opens with another stream's keys goes there,
/// under the dossier that its secrets name, unless that stream has a row of its own. What the node let go is still its
/// own to read: it held it. What opens with no key stays, and lets nobody in. Who has no room to keep that is told
/// again when it begins next. Once all of them open nothing is looked at any more: who goes by the present format files
/// each row where it belongs.
void file_accounts(journal::node_journal& node);

} // namespace toit::nodes
