#include "nodes/federation/directory_keeper.hpp"

#include "actors/spawning.hpp"
#include "federation/directory_check.hpp"

namespace toit::nodes {

static_assert(actor_state<directory_keeper_state>);

std::optional<federation::directory> directory_keeper_state::newer(const ports::bytes& brought) {
  auto opened = federation::open_directory(brought, context.anchor);
  if (!opened)
    base::log_warning("a directory was brought that cannot be taken", {{"because", law::name_of(opened.error())}});
  if (!opened)
    return std::nullopt;
  auto in_force = context.in_force();
  if (opened->purpose != in_force->purpose)
    base::log_warning("a directory was brought that cannot be taken", {{"because", "another_purpose"}});
  if (!federation::replaces(*opened, *in_force))
    return std::nullopt;
  return std::move(*opened);
}

bool directory_keeper_state::keep(const message_ptr& brought) {
  if (auto opened = newer(*brought))
    context.adopted(std::move(*opened));
  try {
    context.keep(*brought);
    return true;
  } catch (const std::runtime_error& failure) {
    base::log_warning("the newer directory could not be kept", {{"because", failure.what()}});
    return false;
  }
}

void directory_keeper_state::tick() {
  self->delayed_send(self, tick_every, tick_atom_v);
  auto brought = context.look();
  // What did not count once never will: the number in force only grows.
  if (!brought || *brought == judged_)
    return;
  judged_ = *brought;
  auto opened = newer(*brought);
  if (!opened)
    return;
  context.adopted(std::move(*opened));
  if (links)
    self->send(links, keep_atom_v, message_ptr{std::make_shared<const ports::bytes>(std::move(*brought))});
}

directory_keeper_actor::behavior_type
directory_keeper(directory_keeper_actor::stateful_pointer<directory_keeper_state> self, directory_context context) {
  set_up_defaults(self, directory_keeper_state::name);
  self->state.self = self;
  self->state.context = std::move(context);
  self->delayed_send(self, directory_keeper_state::tick_every, tick_atom_v);
  return {
      [self](keep_atom, const message_ptr& brought) { return self->state.keep(brought); },
      [self](follow_atom, const link_keeper_actor& links) { self->state.links = links; },
      [self](tick_atom) { self->state.tick(); },
  };
}

} // namespace toit::nodes
