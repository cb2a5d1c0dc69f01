/// \file
/// Who read what under which right, and which commands were refused: a chain of its own, one file a calendar month
/// (UTC), deleted whole when its time has passed. Lines are encrypted under the node's own key.

#pragma once

#include "journal/chain.hpp"

#include <map>
#include <set>

namespace toit::journal {

class sqlite_database;

struct access_log_place {
  std::string folder; ///< holds log-YYYY-MM.sqlite and nothing else of this kind
  std::string vfs;    ///< empty for the system's files
};

/// Names of the files there are, oldest first; a port, since folders are the world's.
class access_log_folder {
public:
  virtual ~access_log_folder() = default;
  virtual std::vector<std::string> files() = 0;
  virtual void remove(const std::string& file) = 0;
};

class access_log {
public:
  /// Lines are written under the first of the secrets, and read under any. `keep_months` counts whole months after the
  /// line's own: 6 to 36.
  access_log(access_log_place place, std::shared_ptr<access_log_folder> folder, const signing_key& signer,
             std::span<const bytes32> operating_secrets, unsigned keep_months);
  ~access_log();

  /// Lines of a group bear the same moment; a new month begins a new file.
  void stage(const ports::log_line& line, law::instant at);
  /// False when the disk is full: the lines staged are gone.
  bool sync();

  /// The first refusal of the command in the last thirty days, if any.
  std::optional<ports::log_line> refusal_of(law::command_id command, law::instant now);

  /// Removes the files whose time has passed; answers how many. Any thread may call: lines of today go elsewhere.
  std::size_t expire(law::instant now) const;

private:
  struct open_month;
  /// What was refused in a month: whoever repeats it is answered from the file.
  struct refused_month {
    std::set<law::command_id> commands;
    bool too_many = false;                   ///< for `commands` to hold them all
    std::unique_ptr<sqlite_database> reader; ///< opened when first needed
  };
  open_month& month_at(law::instant at);
  void load_refused(const std::string& oldest);
  void stage_in(open_month& month, const ports::log_line& line, law::instant now);
  void remember(const std::string& file, law::command_id refused);
  std::optional<ports::log_line> read_refusal(const std::string& file, refused_month& month, law::command_id command,
                                              law::instant since) const;

  access_log_place place_;
  std::shared_ptr<access_log_folder> folder_;
  const signing_key& signer_;
  std::vector<bytes32> keys_;
  unsigned keep_months_;
  std::unique_ptr<open_month> month_;
  std::map<std::string, refused_month> refused_;              ///< by file, of the last thirty days
  std::map<law::command_id, ports::log_line> staged_refused_; ///< not yet on disk
  std::string refused_from_;   ///< first of these files; empty before they have been read
  bool lost_in_group_ = false; ///< the group spanned two months and the first one's lines found no room
};

/// Reads the lines about a dossier, over all months there are. One a thread.
class access_log_reader {
public:
  access_log_reader(access_log_place place, std::shared_ptr<access_log_folder> folder,
                    std::span<const bytes32> operating_secrets);
  std::vector<ports::logged_line> about(law::subject_id subject, std::size_t limit);

private:
  access_log_place place_;
  std::shared_ptr<access_log_folder> folder_;
  std::vector<bytes32> keys_;
};

/// Where a month's file stops being what was written, if anywhere.
struct log_fault {
  std::string file;
  std::uint64_t line = 0;
  std::string what;
};
/// `signers`: those of the node's stream, each of which may have signed.
std::optional<log_fault> verify_access_log(const std::string& path, std::span<const public_key> signers,
                                           const std::string& vfs);

} // namespace toit::journal
