#include <capnp/dynamic.h>
#include <capnp/serialize.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "ipc/trace.h"
#include "services/decode/payload_comment.h"
#include "services/decode/payload_schemas.h"

namespace keyport {
namespace {

using testing::HasSubstr;

constexpr char kStore[] = R"(@0x9a7c1d5b8e3f2a61;
enum Mode { fast @0; safe @1; }
interface Listener { told @0 (); }
struct Got {
  union {
    found :group { value @0 :Data; age @1 :Float64; }
    missing @2 :Void;
  }
}
struct Large { a @0 :Int32; b @1 :Int32; c @2 :Int32; d @3 :Int32; e @4 :Int32; f @5 :Int32; g @6 :Int32; h @7 :Int32; }
struct Tree { left @0 :Tree; name @1 :Text; }
interface Store {
  put @0 (key :Text, value :Data, mode :Mode) -> ();
  get @1 (key :Text) -> Got;
  watch @2 (listener :Listener, all :List(Listener), keys :List(Text), bits :List(Bool), bytes :List(UInt8)) -> (count :UInt64);
  large @4 (listener :Listener, all :List(Listener), keys :List(Text), bits :List(Bool), bytes :List(Large)) -> ();
  walk @3 (tree :Tree) -> ();
}
)";

class DecodeTest : public testing::Test {
 protected:
  DecodeTest() {
    std::filesystem::create_directories(folder_);
    Write("store.capnp", kStore);
  }
  ~DecodeTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  Interface Store() const {
    auto store = Interface::Load(Path("store.capnp:Store"));
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  using Fill = std::function<void(capnp::DynamicStruct::Builder)>;
  static std::string Encoded(const capnp::StructSchema& schema,
                             const Fill& fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<capnp::DynamicStruct>(schema));
    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }
  static std::string JsonOf(const std::string& bytes,
                            const capnp::StructSchema& schema) {
    const auto json = PayloadJson(bytes, schema);
    return json.ok() ? json->dump() : std::string(json.status().message());
  }

  const std::string folder_ =
      testing::TempDir() + "keyport_decode." + std::to_string(getpid()) + "/";
};

TEST_F(DecodeTest, ParametersAreOfTheMethodThatTheLabelNames) {
  const Interface store = Store();
  const auto put = *store.FindNamed("put");
  const std::string bytes = Encoded(put.request, [](auto root) {
    root.set("key", "a \"b\"");
    root.set("value", capnp::Data::Reader(
                          reinterpret_cast<const kj::byte*>("\0\xff"), 2));
    root.set("mode", "safe");
  });
  EXPECT_EQ(JsonOf(bytes, store.Find(0)->of(PayloadOf::kRequest)),
            R"({"key":"a \"b\"","value":"0x00ff","mode":"safe"})");
  EXPECT_EQ(store.Find(3)->name, "walk");
  EXPECT_EQ(store.Find(5), nullptr);
}

TEST_F(DecodeTest, OfAUnionThereIsWhatIsSet) {
  const Interface store = Store();
  const auto& answer = store.Find(1)->of(PayloadOf::kAnswer);
  EXPECT_EQ(
      JsonOf(
          Encoded(answer,
                  [](auto root) {
                    auto found =
                        root.init("found").template as<capnp::DynamicStruct>();
                    found.set("age", -std::numeric_limits<double>::infinity());
                  }),
          answer),
      R"({"found":{"age":"-inf"}})");
  EXPECT_EQ(JsonOf(Encoded(answer,
                           [](auto root) { root.set("missing", capnp::VOID); }),
                   answer),
            R"({"missing":null})");
}

TEST_F(DecodeTest, AnEnumerantThatTheSchemaDoesNotKnowIsItsNumber) {
  const Interface store = Store();
  const auto& request = store.Find(0)->request;
  const std::string bytes = Encoded(request, [&](auto root) {
    root.set("mode", capnp::DynamicEnum(
                         request.getFieldByName("mode").getType().asEnum(), 7));
  });
  EXPECT_EQ(JsonOf(bytes, request), R"({"mode":7})");
}

TEST_F(DecodeTest, CapabilitiesAreNamedAndNotRead) {
  const Interface store = Store();
  const auto& request = store.Find(2)->request;
  // Where the fields' pointers are: behind the framing and the root's. The
  // first is made one to capability 0, the second points where the third does.
  std::string bytes = Encoded(request, [](auto root) {
    auto keys = root.init("keys", 1).template as<capnp::DynamicList>();
    keys.set(0, "k");
  });
  constexpr size_t kPointers = 16;
  bytes[kPointers] = 3;
  uint64_t keys;
  std::memcpy(&keys, &bytes[kPointers + 16], 8);
  keys += 1 << 2;
  std::memcpy(&bytes[kPointers + 8], &keys, 8);
  EXPECT_EQ(JsonOf(bytes, request),
            R"({"listener":"capability","all":["capability"],"keys":["k"]})");
}

TEST_F(DecodeTest, WhatIsNoMessageIsSaidAndNotGuessed) {
  const Interface store = Store();
  const auto& request = store.Find(0)->request;
  const std::string whole =
      Encoded(request, [](auto root) { root.set("key", "key"); });
  EXPECT_THAT(JsonOf("hello", request), HasSubstr("multiple of 8"));
  EXPECT_THAT(JsonOf("", request), HasSubstr("multiple of 8"));
  EXPECT_THAT(JsonOf(std::string(64, '\xff'), request),
              HasSubstr("no Cap'n Proto message"));
  EXPECT_THAT(JsonOf(whole.substr(0, whole.size() - 8), request),
              HasSubstr("no Cap'n Proto message"));
  EXPECT_THAT(JsonOf(whole + std::string(8, '\0'), request),
              HasSubstr("8 bytes more"));
}

// A list whose pointers all point to one long text.
TEST_F(DecodeTest, WhatPointersShareIsReadABoundedTime) {
  const Interface store = Store();
  const auto& request = store.Find(2)->request;
  constexpr unsigned kPointers = 2'000;
  std::string bytes = Encoded(request, [](auto root) {
    auto keys = root.init("keys", kPointers).template as<capnp::DynamicList>();
    keys.set(kPointers - 1, std::string(10'000, 'x').c_str());
  });
  // Pointers are relative to their place: the last one's text starts right
  // behind it, so the others' starts so much farther.
  const size_t first = bytes.size() - 10'008 - kPointers * 8;
  uint64_t last;
  std::memcpy(&last, &bytes[first + (kPointers - 1) * 8], 8);
  for (unsigned i = 0; i + 1 < kPointers; ++i) {
    const uint64_t word = last + (uint64_t{kPointers - 1 - i} << 2);
    std::memcpy(&bytes[first + i * 8], &word, 8);
  }
  EXPECT_THAT(JsonOf(bytes, request), HasSubstr("no Cap'n Proto message"));
}

// A bit is a value; bytes may be read as structs, by the rules of evolution.
TEST_F(DecodeTest, SmallValuesDoNotBecomeMuchText) {
  const Interface store = Store();
  const auto& watch = store.Find(2)->request;
  const auto bits = [&](unsigned count) {
    return JsonOf(Encoded(watch, [&](auto root) { root.init("bits", count); }),
                  watch);
  };
  EXPECT_THAT(bits(1'000), HasSubstr(R"({"bits":[false,false)"));
  EXPECT_THAT(bits(500'000), HasSubstr("more than the"));
  const auto bytes = [&](unsigned count) {
    return JsonOf(Encoded(watch, [&](auto root) { root.init("bytes", count); }),
                  store.Find(4)->request);
  };
  EXPECT_THAT(bytes(10), HasSubstr(R"({"bytes":[{"a":0,"b":0)"));
  EXPECT_THAT(bytes(60'000), HasSubstr("more than the"));
}

TEST_F(DecodeTest, ALineOfItIsPlainAscii) {
  EXPECT_EQ(JsonText({{"k",
                       "\xc2\x9b"
                       "31m\xff\x7f\x1b"}}),
            R"({"k":"\u009b31m\ufffd\u007f\u001b"})");
}

TEST_F(DecodeTest, NestingHasALimit) {
  const Interface store = Store();
  const auto& request = store.Find(3)->request;
  const auto depth = [&](int levels) {
    return JsonOf(
        Encoded(request,
                [&](auto root) {
                  auto at =
                      root.init("tree").template as<capnp::DynamicStruct>();
                  for (int i = 0; i < levels; ++i)
                    at = at.init("left").template as<capnp::DynamicStruct>();
                }),
        request);
  };
  EXPECT_THAT(depth(10), HasSubstr(R"({"tree":{"left":)"));
  EXPECT_THAT(depth(1'000), HasSubstr("no Cap'n Proto message"));
}

TEST_F(DecodeTest, SchemasThatCannotBeUsedAreExplained) {
  const auto message = [&](const std::string& words) {
    const auto loaded = Interface::Load(words);
    return std::string(loaded.status().message());
  };
  EXPECT_THAT(message(Path("stor.capnp")), HasSubstr("there is no schema"));
  EXPECT_THAT(message(Path("store.capnp")),
              HasSubstr("several interfaces: Listener, Store"));
  EXPECT_THAT(message(Path("store.capnp:Stoer")),
              HasSubstr("did you mean \"Store\"?"));
  Write("none.capnp", "@0x9a7c1d5b8e3f2a62;\nstruct A {}\n");
  EXPECT_THAT(message(Path("none.capnp")), HasSubstr("has no interface"));
  Write("wrong.capnp",
        "@0x9a7c1d5b8e3f2a63;\ninterface A {\n  a @0 (b :C);\n}\n");
  EXPECT_THAT(message(Path("wrong.capnp")), HasSubstr("wrong.capnp:3"));
  Write("a:b.capnp", "@0x9a7c1d5b8e3f2a64;\ninterface A { a @0 (); }\n");
  EXPECT_EQ(message(Path("a:b.capnp")), "");
  Write("imports.capnp",
        "@0x9a7c1d5b8e3f2a65;\nusing S = import \"store.capnp\";\n"
        "interface B { b @0 (tree :S.Tree); }\n");
  EXPECT_EQ(message(Path("imports.capnp")), "");
  std::filesystem::create_directories(Path("below"));
  Write("below/up.capnp",
        "@0x9a7c1d5b8e3f2a66;\nusing S = import \"../store.capnp\";\n"
        "interface U { u @0 (tree :S.Tree); }\n");
  EXPECT_EQ(message(Path("below/up.capnp")), "");
  Write("kid.capnp",
        "@0x9a7c1d5b8e3f2a67;\ninterface A { a @0 (); }\n"
        "interface K extends(A) { k @0 (); }\n");
  EXPECT_THAT(message(Path("kid.capnp:K")), HasSubstr("extends another"));
}

TEST_F(DecodeTest, AMethodIsFoundByNameOrLabelAndAMistypedOneIsNamed) {
  const Interface store = Store();
  EXPECT_EQ(store.FindNamed("2")->name, "watch");
  EXPECT_THAT(std::string(store.FindNamed("wathc").status().message()),
              HasSubstr("did you mean \"watch\"?"));
  EXPECT_FALSE(store.FindNamed("9").ok());
  EXPECT_THAT(store.Text(),
              HasSubstr("put @0 (key :Text, value :Data, mode :Mode) -> ()"));
}

TEST_F(DecodeTest, APacketsCommentNamesMethodAndPayload) {
  PayloadSchemas schemas;
  ASSERT_TRUE(schemas.Add("p=" + Path("store.capnp:Store")).ok());
  const Interface store = Store();
  const std::string put = Encoded(store.Find(0)->request,
                                  [](auto root) { root.set("key", "a key"); });
  RecordedHeader header;
  header.kind = static_cast<uint16_t>(ipc::TraceKind::send);
  header.payload_bytes = static_cast<uint32_t>(put.size());
  const auto comment = [&](ipc::TraceKind kind, std::string_view payload) {
    header.kind = static_cast<uint16_t>(kind);
    return PayloadComment(schemas, "p", header, payload);
  };
  EXPECT_THAT(comment(ipc::TraceKind::send, put),
              testing::StartsWith("keyport > put {\"key\":\"a key\""));
  EXPECT_EQ(comment(ipc::TraceKind::receive, ""), "keyport > put");
  EXPECT_EQ(comment(ipc::TraceKind::outcome, ""), "keyport < put");
  EXPECT_EQ(comment(ipc::TraceKind::send, put.substr(0, 8)),
            "keyport > put (8 of its " + std::to_string(put.size()) +
                " bytes were recorded (--snaplen))");
  EXPECT_THAT(comment(ipc::TraceKind::reply, std::string(put.size(), 'x')),
              testing::StartsWith("keyport < put ("));
  // Nothing is said of other records, ports and labels.
  EXPECT_EQ(comment(ipc::TraceKind::port_created, ""), "");
  EXPECT_EQ(PayloadComment(schemas, "q", header, put), "");
  header.label = 77;
  EXPECT_EQ(comment(ipc::TraceKind::send, put), "");
}

TEST_F(DecodeTest, ACommentIsNeverHalfAPayload) {
  PayloadSchemas schemas;
  ASSERT_TRUE(schemas.Add("p=" + Path("store.capnp:Store")).ok());
  const Interface store = Store();
  const std::string key(70'000, 'k');
  const std::string put = Encoded(
      store.Find(0)->request, [&](auto root) { root.set("key", key.c_str()); });
  RecordedHeader header;
  header.kind = static_cast<uint16_t>(ipc::TraceKind::send);
  header.payload_bytes = static_cast<uint32_t>(put.size());
  EXPECT_EQ(PayloadComment(schemas, "p", header, put),
            "keyport > put (it is longer than a comment can be)");
}

TEST_F(DecodeTest, EachPortHasOneSchema) {
  const std::string store = "store=" + Path("store.capnp:Store");
  PayloadSchemas schemas;
  EXPECT_TRUE(schemas.empty());
  ASSERT_TRUE(schemas.Add(store).ok());
  ASSERT_NE(schemas.Find("store", 1), nullptr);
  EXPECT_EQ(schemas.Find("store", 1)->name, "get");
  EXPECT_EQ(schemas.Find("store", 9), nullptr);
  EXPECT_EQ(schemas.Find("other", 1), nullptr);
  EXPECT_THAT(std::string(schemas.Add(store).message()),
              HasSubstr("given two schemas"));
  for (const char* word : {"store.capnp", "=store.capnp", "store=", ""})
    EXPECT_THAT(std::string(schemas.Add(word).message()),
                HasSubstr("PORT=FILE.capnp"));
  // The usual ones are for other ports: of this one the file is not looked at.
  Write("broken.capnp", "");
  EXPECT_TRUE(schemas.AddUsual("store=" + Path("broken.capnp")).ok());
  EXPECT_EQ(schemas.Find("store", 1)->name, "get");
  EXPECT_FALSE(schemas.AddUsual("x=" + Path("broken.capnp")).ok());
  EXPECT_TRUE(schemas.AddUsual("tree=" + Path("store.capnp:Store")).ok());
  EXPECT_NE(schemas.Find("tree", 1), nullptr);
}

}  // namespace
}  // namespace keyport
