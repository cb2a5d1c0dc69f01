/// \file
/// What State authorities have recorded about dispositifs, read from their streams as far as these have reached this
/// node.
///
/// Text       L441-2-7 al. 3 and 4: what a former authority has signed binds on when another has become competent.

#pragma once

#include "actors/stream_cursor.hpp"
#include "actors/territory_context.hpp"
#include "law/procedures.hpp"

namespace toit {

class followed_authorities {
public:
  /// What the authority of this stream has recorded, up to what is here now.
  const law::procedures_book& read(const territory_context& context, const ports::stream_id& stream);
  /// As they were last read.
  const std::map<ports::stream_id, law::procedures_book>& books() const { return books_; }

private:
  std::map<ports::stream_id, stream_cursor> cursors_;
  std::map<ports::stream_id, law::procedures_book> books_;
};

} // namespace toit
