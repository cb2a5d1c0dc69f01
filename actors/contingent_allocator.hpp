/// \file
/// One a territory: owns reservation conventions and flows, and adds the holder's right to what passes through it.

#pragma once

#include "actors/instruments.hpp"

namespace toit {

using allocator_pointer = contingent_allocator_actor::stateful_pointer<struct contingent_allocator_state>;

class allocator_owner : public instruments_owner<law::contingent_book, allocator_pointer> {
public:
  using instruments_owner::instruments_owner;

protected:
  void put_more(ports::snapshots::writer& file) override;
};

struct contingent_allocator_state {
  contingent_allocator_state() = default;

  static inline const char* name = "contingent_allocator";

  caf::result<answer_ptr> submit(const submission_ptr& asked);

  allocator_pointer self = nullptr;
  std::unique_ptr<allocator_owner> desk;
  demand_registry_actor registry;

private:
  submission_ptr with_rights(const submission& asked);
  void add_convention(submission& asked, law::convention_id id) const;
};

contingent_allocator_actor::behavior_type contingent_allocator(allocator_pointer self, territory_context_ptr context,
                                                               event_recorder_actor recorder,
                                                               stream_reader_actor entries,
                                                               demand_registry_actor registry);

} // namespace toit
