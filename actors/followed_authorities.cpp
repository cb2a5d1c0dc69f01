#include "actors/followed_authorities.hpp"

namespace toit {

const law::procedures_book& followed_authorities::read(const territory_context& context,
                                                       const ports::stream_id& stream) {
  auto cursor = cursors_.find(stream);
  if (cursor == cursors_.end())
    cursor = cursors_.emplace(stream, stream_cursor{stream, context.open_reader(), 0}).first;
  auto& book = books_[stream];
  cursor->second.catch_up(
      [&book](const ports::stored_entry& entry) { book.apply(entry.subject, *entry.record, entry.seq); });
  return book;
}

} // namespace toit
