// Recipes of calls about topics.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;

Handle Create(RawClient& client, uint32_t options = 0) {
  return client
      .Call(Syscall::topic_create, client.Named("account"), {4096},
            {.options = options})
      .handle();
}

// The publication's key.
uint64_t Publish(RawClient& client, Handle topic) {
  const Done granted = client.Call(Syscall::topic_publish, topic);
  client.Call(Syscall::topic_ready, topic);
  return granted.value(0);
}

// The new subscription's id; ready.
uint64_t Subscribe(RawClient& client, Handle topic, uint32_t options = 0) {
  const Done made =
      client.Call(Syscall::topic_subscribe, topic, {}, {.options = options});
  client.Call(Syscall::subscription_ready, made.handle());
  return made.value(1);
}

// The other publishes with a region attached; the caller has subscribed.
struct Blocks {
  Handle topic;  // the other's
  uint64_t key;  // of the publication
  Handle subscription;
};
Blocks ReadBlocks(Scene& scene) {
  Blocks blocks = {};
  blocks.topic = Create(scene.other());
  blocks.key = Publish(scene.other(), blocks.topic);
  scene.other().Call(Syscall::topic_attach, blocks.topic,
                     {scene.SealedRegion(scene.other())});
  const Handle ours = scene.Give(scene.other(), blocks.topic, scene.caller());
  blocks.subscription =
      scene.caller().Call(Syscall::topic_subscribe, ours).handle();
  scene.caller().Call(Syscall::subscription_ready, blocks.subscription);
  return blocks;
}

}  // namespace

std::vector<Recipe> TopicRecipes() {
  return {
      {Syscall::topic_create, "with a ring",
       [](Scene& scene) {
         return Asked{scene.account(), {4096}};
       },
       [](Scene& scene, const Done* done) {
         return scene.core()
             .objects(kernel::ObjectKind::topic)
             .contains(done->value(1));
       }},
      {Syscall::topic_publish, "after another",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         const Handle theirs = scene.Give(scene.caller(), ours, scene.other());
         Publish(scene.other(), theirs);
         scene.other().Call(Syscall::handle_close, theirs);
         return Asked{ours};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::topic_ready, "with a subscriber that waits",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Subscribe(scene.other(),
                   scene.Give(scene.caller(), ours, scene.other()));
         scene.caller().Call(Syscall::topic_publish, ours);
         return Asked{ours};
       },
       [](Scene& scene, const Done*) {
         const Done* told = scene.Event(scene.other(), Event::publisher_joined);
         return told != nullptr && told->descriptors.size() == 1;
       }},
      {Syscall::topic_subscribe, "reliable",
       [](Scene& scene) {
         return Asked{Create(scene.caller()), {}, ipc::abi::kSubscribeReliable};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::subscription_ready, "to somebody who publishes",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Publish(scene.other(),
                 scene.Give(scene.caller(), ours, scene.other()));
         return Asked{
             scene.caller().Call(Syscall::topic_subscribe, ours).handle()};
       },
       [](Scene& scene, const Done*) {
         const Done* told =
             scene.Event(scene.other(), Event::subscriber_joined);
         return told != nullptr && told->descriptors.size() == 1;
       }},
      {Syscall::subscription_ready, "with a bell",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Publish(scene.other(),
                 scene.Give(scene.caller(), ours, scene.other()));
         return Asked{scene.caller()
                          .Call(Syscall::topic_subscribe, ours, {},
                                {.options = ipc::abi::kSubscribeBell})
                          .handle()};
       },
       [](Scene& scene, const Done*) {
         const Done* told =
             scene.Event(scene.other(), Event::subscriber_joined);
         return told != nullptr && told->descriptors.size() == 2;
       }},
      {Syscall::topic_ready, "with a subscriber that has a bell",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Subscribe(scene.other(),
                   scene.Give(scene.caller(), ours, scene.other()),
                   ipc::abi::kSubscribeBell);
         scene.caller().Call(Syscall::topic_publish, ours);
         return Asked{ours};
       },
       [](Scene& scene, const Done*) {
         const Done* told = scene.Event(scene.other(), Event::publisher_joined);
         return told != nullptr && told->descriptors.size() == 2;
       }},
      {Syscall::topic_cut, "a slow one",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller(), ipc::abi::kTopicCutsSlow);
         Publish(scene.caller(), ours);
         return Asked{
             ours,
             {Subscribe(scene.other(),
                        scene.Give(scene.caller(), ours, scene.other()),
                        ipc::abi::kSubscribeReliable)}};
       },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.other(), Event::subscription_cut) != nullptr;
       }},
      {Syscall::topic_attach, "a sealed region",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Publish(scene.caller(), ours);
         return Asked{ours, {scene.SealedRegion(scene.caller())}};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("attachments=1") != std::string::npos;
       }},
      {Syscall::topic_attach, "no more",
       [](Scene& scene) {
         const Handle ours = Create(scene.caller());
         Publish(scene.caller(), ours);
         scene.caller().Call(Syscall::topic_attach, ours,
                             {scene.SealedRegion(scene.caller())});
         return Asked{ours, {0}, ipc::abi::kTopicDetach};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("attachments=1") == std::string::npos;
       }},
      {Syscall::topic_map, "what the publisher attached",
       [](Scene& scene) {
         return Asked{ReadBlocks(scene).subscription, {0}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::topic_map, "no more of one that is gone",
       [](Scene& scene) {
         const Blocks blocks = ReadBlocks(scene);
         scene.other().Call(Syscall::handle_close, blocks.topic);
         return Asked{
             blocks.subscription, {blocks.key}, ipc::abi::kTopicMapNoMore};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("attachments=1") == std::string::npos;
       }},
      {Syscall::topic_info, "tells",
       [](Scene& scene) { return Asked{Create(scene.caller())}; },
       [](Scene&, const Done* done) {
         return done->payload.size() == sizeof(ipc::abi::TopicEntry);
       }},
  };
}

}  // namespace faults
