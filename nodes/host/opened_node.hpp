/// \file
/// A node's data, opened: the lock on its directory, its keys, clock and journal, and what its actors will share.

#pragma once

#include "actors/territory_context.hpp"
#include "federation/command_letters.hpp"
#include "federation/exchange.hpp"
#include "journal/node_journal.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/host/configuration.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/system_clock.hpp"

namespace toit::nodes {

struct signed_directory {
  federation::directory directory;
  ports::bytes content;
};
/// The newest that the anchor has signed for this purpose: the one given, or one in `data` that came over a link.
std::optional<signed_directory> newest_directory(const federated& with, node_purpose purpose,
                                                 const std::filesystem::path& data);

class opened_node {
public:
  /// Makes what is not there yet but the keys: directory, journal, the territory's stream. Verifies what it loads.
  /// The map outlives the node.
  /// Throws `directory_in_use`, `journal::store_broken` or std::system_error.
  opened_node(const configuration& with, const territory_map& map);

  const ports::stream_id& stream() const { return context()->stream; }
  const territory_context_ptr& context() const { return hosted_.front(); }
  /// Of each territory that is hosted here, the node's own first.
  std::span<const territory_context_ptr> hosted() const { return hosted_; }
  journal::node_journal& journal() const { return *journal_; }
  const data_directory& directory() const { return directory_; }
  const std::shared_ptr<journal::access_log_folder>& log_folder() const { return log_folder_; }

  /// Null on a production node.
  const std::shared_ptr<steered_clock>& steered() const { return steered_; }

  /// What the node's links begin with; absent when it is alone.
  const std::optional<federation::exchange_setup>& links() const { return links_; }
  const journal::node_keys& keys() const { return keys_; }
  /// Documents of the node's own stream.
  const std::shared_ptr<ports::files>& own_documents() const { return own_documents_; }
  /// Documents of streams that others host; null when the node is alone.
  const std::shared_ptr<ports::files>& replica_documents() const { return replica_documents_; }
  /// It was put back from a backup, and has neighbours who may hold what came after.
  bool awaits_past() const { return links_ && links_->restored; }
  /// It has it: the next start is an ordinary one.
  void past_is_back();
  /// A newer directory, for the next start. Throws `ports::files_full`.
  void keep_directory(const ports::bytes& signed_bytes);
  /// A newer directory is in force.
  void adopt_directory(federation::directory newer) { letters_->adopt(std::move(newer)); }
  /// The legal person who answers for a node, and the node that hosts a stream, as the directory in force says.
  std::optional<law::siren> answers_for(const ports::node_name& node) const;
  std::optional<ports::node_name> host_of(const ports::stream_id& stream) const;
  /// As it lies where the configuration says.
  std::optional<ports::bytes> look_for_directory();

  bool needs_first_account() { return needs_first_account(*context()); }
  bool needs_first_account(const territory_context& of);
  /// The gestionnaire's own. The configuration says who that is.
  void create_first_account(const std::string& login, const std::string& display_name, const std::string& password) {
    create_first_account(*context(), login, display_name, password);
  }
  void create_first_account(const territory_context& of, const std::string& login, const std::string& display_name,
                            const std::string& password);

private:
  /// Each is a hosted territory's, and opens with its key. Throws store_broken.
  void check_accounts() const;
  void join_federation(const federated& with, node_purpose purpose);
  /// What a territory keeps beside the journal.
  struct own_files {
    std::shared_ptr<ports::files> documents;
    std::shared_ptr<ports::files> marks;
  };

  void take_post(territory_context& context);
  void see_to_change_of_keys();
  bool has_neighbours() const;
  void open_journal(const configuration& with);
  std::shared_ptr<territory_context> make_context(const configuration& with, const territory_map& map,
                                                  const own_files& files);
  void set_up_clock(const configuration& with, const std::string& departement);

  data_directory directory_;
  journal::node_keys keys_;
  std::shared_ptr<steered_clock> steered_;
  std::shared_ptr<const ports::clock> clock_;
  std::shared_ptr<journal::access_log_folder> log_folder_;
  std::unique_ptr<journal::node_journal> journal_;
  std::shared_ptr<base::metrics> metrics_ = std::make_shared<base::metrics>();
  std::vector<territory_context_ptr> hosted_;
  std::map<ports::stream_id, served_place> places_;
  std::optional<federation::exchange_setup> links_;
  std::shared_ptr<federation::command_letters> letters_; ///< null when the node is alone
  std::shared_ptr<ports::files> kept_directory_;
  std::shared_ptr<ports::files> own_documents_;
  std::shared_ptr<ports::files> replica_documents_;
  std::filesystem::path given_directory_;
};

} // namespace toit::nodes
