/// \file
/// A node's data, opened: the lock on its directory, its keys, clock and journal, and what its actors will share.

#pragma once

#include "actors/territory_context.hpp"
#include "federation/command_letters.hpp"
#include "federation/exchange.hpp"
#include "journal/node_journal.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/host/configuration.hpp"
#include "nodes/hosting/node_hosting.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/system_clock.hpp"

#include <expected>
#include <mutex>

namespace toit::nodes {

struct signed_directory {
  federation::directory directory;
  ports::bytes content;
};

/// Why no account is made from here in a territory's stream.
enum class account_fault : std::uint8_t {
  not_hosted,   ///< another node has the territory, or none
  past_awaited, ///< the node was put back, and others may hold what came after
  administered, ///< its gestionnaire opens them, and this node's service does not answer for it in the EPCI's place
  login_taken,
  no_entries, ///< the stream takes none now: closed, under former keys, or the disk is full
};

/// The newest that the anchor has signed for this purpose: the one given, or one in `data` that came over a link.
std::optional<signed_directory> newest_directory(const federated& with, node_purpose purpose,
                                                 const std::filesystem::path& data);

class opened_node : public hosting_place {
public:
  /// Makes what is not there yet but the keys: directory, journal, the territory's stream. Verifies what it loads.
  /// The map outlives the node.
  /// Throws `directory_in_use`, `journal::store_broken` or std::system_error.
  opened_node(const configuration& with, const territory_map& map);

  /// The node's own: of its territory or its authority, whoever hosts that now.
  const ports::stream_id& stream() const { return own_->stream; }
  territory_context_ptr context() const override { return own_; }
  /// Of each stream that is hosted here, the node's own first when it is among them. Any thread may call.
  std::vector<territory_context_ptr> hosted() const override;
  /// The context of a stream that has been adopted here; it is among the hosted ones from then on.
  territory_context_ptr begin_hosting(const ports::stream_id& stream) override;
  /// The stream is another node's.
  void end_hosting(const ports::stream_id& stream) override;
  /// What this node goes on with the stream from, and how it begins where there never was a node; absent when its
  /// ordering authority's key is needed and not at hand.
  ports::adoption adoption_of(const ports::stream_id& stream, const opened_epoch& opened) const override;
  /// The escrow key that the configuration names; absent when it is not there, or does not read.
  std::optional<law::bytes32> escrow_secret() const override;
  journal::node_journal& journal() const override { return *journal_; }
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
  bool has_neighbours() const;
  /// As the map calls what a stream hosted here is of.
  std::string title_of(const ports::stream_id& stream) const { return places_.at(stream).name.str(); }
  bool awaits_past() const { return links_ && links_->restored; }
  /// It has it: the next start is an ordinary one.
  void past_is_back();
  /// A newer directory, for the next start. Throws `ports::files_full`.
  void keep_directory(const ports::bytes& signed_bytes);
  /// A newer directory is in force, or other nodes host streams.
  void adopt_directory(federation::directory newer);
  void adopt_authorities(federation::authorities now) override;
  /// As it was issued, and as acts have changed it.
  std::shared_ptr<const federation::directory> issued_directory() const override;
  std::shared_ptr<const federation::directory> directory_in_force() const;
  /// The node's name in the federation; absent when it is alone.
  std::optional<ports::node_name> name() const override;
  /// What State nodes ask before they open an epoch; `links` tells how neighbours stand.
  void tell_hosting(std::function<ports::federation_report_ptr()> links);
  /// The node that hosts a stream, as the directory in force says.
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
  /// While nobody else writes: the gestionnaire's first account where the territory has none; else, while this node's
  /// service answers for it in the EPCI's place, that of an agent of the service. Of `asked` login, name and password
  /// count. Answers whose agent it is for.
  std::expected<law::siren, account_fault> create_account(law::siren territory, const new_account& asked);

private:
  law::siren enter_gestionnaire(const territory_context& of, new_account first);
  law::siren enter_holder(const territory_context& of, new_account asked);
  bool answers_for(const ports::stream_id& stream) const;
  bool is_taken(const law::text<80>& login, const territory_context& of) const;
  void find_directory(const federated& with, node_purpose purpose);
  void join_federation(const federated& with);
  bool is_elsewhere(const ports::stream_id& stream) const;
  void put_in_force();
  void begin_own(const configuration& with);
  void load(const configuration& of);
  territory_context_ptr add_hosted(const configuration& of);
  configuration as_hosted(const ports::stream_id& stream) const;
  void tell_unsaid_rules(const ports::stream_id& stream) const;
  void compare_with(const federation::directory& issued) const;
  /// What a territory keeps beside the journal.
  struct own_files {
    std::shared_ptr<ports::files> documents;
    std::shared_ptr<ports::files> marks;
  };

  std::shared_ptr<ports::files> documents_of(const ports::stream_id& stream);
  void take_post(territory_context& context);
  void see_to_change_of_keys();
  void open_journal(const configuration& with);
  std::shared_ptr<territory_context> make_context(const configuration& with, const own_files& files);
  void set_up_clock(const configuration& with, const std::string& departement);

  data_directory directory_;
  configuration with_;
  const territory_map& map_;
  journal::node_keys keys_;
  std::shared_ptr<steered_clock> steered_;
  std::shared_ptr<const ports::clock> clock_;
  std::shared_ptr<journal::access_log_folder> log_folder_;
  std::unique_ptr<journal::node_journal> journal_;
  std::shared_ptr<base::metrics> metrics_ = std::make_shared<base::metrics>();
  std::shared_ptr<territory_context> own_;
  std::map<ports::stream_id, served_place> places_;
  std::optional<federation::exchange_setup> links_;
  mutable std::mutex mutex_;
  std::vector<territory_context_ptr> hosted_;
  std::vector<std::shared_ptr<federation::command_letters>> letters_; ///< of each context; none when the node is alone
  std::shared_ptr<const federation::directory> issued_;
  std::shared_ptr<const federation::directory> in_force_; ///< made anew when either of what it is made of changes
  federation::authorities authorities_;
  std::shared_ptr<node_hosting> hosting_; ///< on a State node of a federation
  std::shared_ptr<ports::files> kept_directory_;
  std::shared_ptr<ports::files> own_documents_;
  std::shared_ptr<ports::files> replica_documents_;
  std::filesystem::path given_directory_;
};

} // namespace toit::nodes
