/// \file
/// What the owners of instruments (guard, allocator) keep for a restart: the entries of family T themselves, which are
/// few, rather than a second form of what they say.

#pragma once

#include "actors/owner.hpp"
#include "actors/snapshot_rows.hpp"
#include "base/log.hpp"
#include "ports/files.hpp"

namespace toit {

/// An owner whose book is folded from entries of family T, and from little else.
template <class Book, class Self>
class instruments_owner : public owner<Book, Self> {
public:
  /// `begins` is a place up to which nothing concerns it.
  instruments_owner(Self self, territory_context_ptr context, event_recorder_actor recorder, std::string_view part,
                    std::uint64_t begins = 0)
      : instruments_owner{self, context, std::move(recorder), part, read(*context, part), begins} {}

  /// Writes a snapshot when enough has changed, or in any case; false when there was no room.
  bool keep(bool force) {
    auto seq = this->cursor().seq();
    if (seq == 0 || seq == kept_seq_ || (!force && seq - kept_seq_ < keep_every_entries))
      return true;
    try {
      auto file = this->context_->snapshots->write(this->context_->stream, part_, seq);
      for (const auto& entry : instruments_)
        file->put(entry);
      put_more(*file);
      file->commit();
    } catch (const ports::files_full&) {
      base::log_warning("no room for a snapshot: the next start folds the journal");
      return false;
    }
    kept_seq_ = seq;
    return true;
  }

protected:
  void folded(const ports::stored_entry& entry) override {
    if (is_kept(entry.record->event))
      instruments_.push_back(entry);
    // What has been destroyed in the journal is kept nowhere else.
    if (auto emptied = law::emptied_by(entry.record->event); family == law::entry_family::state && !emptied.empty())
      std::erase_if(instruments_, [&](const ports::stored_entry& kept_one) {
        return std::ranges::find(emptied, kept_one.seq) != emptied.end();
      });
  }
  virtual void put_more(ports::snapshots::writer&) {}

private:
  /// What is kept of a State authority's stream are its own entries.
  static constexpr auto family = std::same_as<Book, law::state_book> || std::same_as<Book, law::procedures_book>
                                     ? law::entry_family::state
                                     : law::entry_family::territory;

  /// A book that says which entries it folds keeps those alone.
  static bool is_kept(const law::event& happened) {
    if constexpr (requires { Book::folds(happened); })
      return Book::folds(happened);
    else
      return law::kind_of(happened).family == family;
  }

  struct kept {
    Book book;
    std::vector<ports::stored_entry> instruments;
    std::uint64_t seq = 0;
  };

  static kept read(const territory_context& context, std::string_view part) {
    kept found;
    found.seq = read_rows(context, part, [&](ports::snapshot_row& row) {
      if (auto* entry = std::get_if<ports::stored_entry>(&row)) {
        found.book.apply(entry->subject, *entry->record, entry->seq);
        found.instruments.push_back(std::move(*entry));
        return;
      }
      restore<law::charged_vacancy>(found.book, row);
      restore<law::lateness_line>(found.book, row);
      restore<law::applicant_account>(found.book, row);
    });
    return found.seq == 0 ? kept{} : std::move(found);
  }

  /// Rows beside the entries, where the book keeps such.
  template <class Row>
  static void restore(Book& book, ports::snapshot_row& row) {
    if constexpr (requires { book.restore(Row{}); })
      if (auto* kept_one = std::get_if<Row>(&row))
        book.restore(std::move(*kept_one));
  }

  instruments_owner(Self self, territory_context_ptr context, event_recorder_actor recorder, std::string_view part,
                    kept found, std::uint64_t begins)
      : owner<Book, Self>{self, std::move(context), std::move(recorder), std::move(found.book),
                          std::max(found.seq, begins)},
        part_{part}, instruments_{std::move(found.instruments)}, kept_seq_{found.seq} {}

  std::string part_;
  std::vector<ports::stored_entry> instruments_;
  std::uint64_t kept_seq_ = 0;
};

} // namespace toit
