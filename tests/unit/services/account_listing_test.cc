// `keyport accounts` of made-up snapshots: the tree, and who holds what.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "services/cli/account_holders.h"
#include "services/cli/account_tree.h"
#include "tests/unit/services/json_line.h"

namespace keyport {
namespace {

using ipc::abi::AccountItem;

uint64_t& At(uint64_t (&amounts)[ipc::abi::kAccountItems], AccountItem item) {
  return amounts[static_cast<size_t>(item)];
}

ipc::AccountEntry Account(uint64_t id, uint64_t parent, const char* name,
                          uint64_t handles) {
  ipc::AccountEntry account = {};
  account.id = id;
  account.parent = parent;
  std::strncpy(account.name, name, sizeof(account.name) - 1);
  for (uint64_t& limit : account.limit)
    limit = std::numeric_limits<uint64_t>::max();
  At(account.used, AccountItem::handles) = handles;
  return account;
}

// root (1) has tools (2) and the shared search (3); that has crawler (4),
// whose work (6) it made itself, and index (5), which is at its soft limit.
struct AccountExample : Snapshot {
  AccountExample() {
    accounts = {Account(1, 0, "root", 60),   Account(2, 1, "tools", 0),
                Account(3, 1, "search", 40), Account(4, 3, "crawler", 30),
                Account(5, 3, "index", 8),   Account(6, 4, "work", 5)};
    accounts[2].options = ipc::abi::kAccountShared;
    ipc::AccountEntry& index = accounts[4];
    At(index.limit, AccountItem::handles) = 10;
    At(index.soft, AccountItem::handles) = 8;
    index.at_soft_limit = 1;
  }
  const ipc::AccountEntry& crawler() const { return accounts[3]; }
  const ipc::AccountEntry& index() const { return accounts[4]; }

  ipc::ProcessEntry& AddProcess(uint64_t id, uint64_t account) {
    ipc::ProcessEntry process = {};
    process.id = id;
    process.pid = static_cast<int32_t>(100 + id);
    process.account = account;
    std::strcpy(process.name, "crawler");
    processes.push_back(process);
    return processes.back();
  }
  // Process 20 of crawler has 4 handles, a lane to port 21, and one that others
  // made; port 21, region
  // 22 and notification 23 are charged to crawler as well.
  void FillCrawler() {
    ipc::ProcessEntry& process = AddProcess(20, 4);
    process.handles = 5;
    process.lanes_receiving = 1;
    process.lanes_sending = 1;
    process.calls_parked = 2;
    ipc::PortEntry port = {};
    port.id = 21;
    port.account = 4;
    port.ring_bytes = 4096;
    std::strcpy(port.name, "files");
    ports = {port};
    ipc::LaneEntry lane = {};
    lane.port = 21;
    lane.sender_process = 20;
    lanes = {lane};
    ipc::RegionEntry region = {};
    region.id = 22;
    region.account = 4;
    region.bytes = 65536;
    regions = {region};
    ipc::NotificationEntry notification = {};
    notification.id = 23;
    notification.account = 4;
    notifications = {notification};
    uint64_t(&used)[ipc::abi::kAccountItems] = accounts[3].used;
    At(used, AccountItem::handles) = 12;  // 3 are under way
    At(used, AccountItem::ports) = 1;
    At(used, AccountItem::lanes) = 1;
    At(used, AccountItem::bytes) = 65536 + 2 * (4096 + 4096);
    At(used, AccountItem::regions) = 1;
    At(used, AccountItem::notifications) = 1;
    At(used, AccountItem::watches) = 2;
    At(used, AccountItem::processes) = 1;
  }
};

TEST(AccountListing, IsATreeOfWhatIsUsed) {
  EXPECT_EQ(ListAccounts(AccountExample()).text,
            "ID  ACCOUNT            HANDLES\n"
            " 1  root                    60\n"
            " 2    tools                  0\n"
            " 3    search (shared)       40\n"
            " 4      crawler             30\n"
            " 6        work               5\n"
            " 5      index            8/10!\n");
}

TEST(AccountListing, HasAColumnForWhatAnybodyUses) {
  AccountExample example;
  At(example.accounts[5].used, AccountItem::bytes) = 2048;
  const std::string text = ListAccounts(example).text;
  EXPECT_NE(text.find("HANDLES  BYTES\n"), std::string::npos) << text;
  EXPECT_NE(text.find("work               5     2K\n"), std::string::npos)
      << text;
}

TEST(AccountListing, JsonHasEveryItem) {
  const auto index = JsonLine(ListAccounts(AccountExample()), 5);
  EXPECT_EQ(index["account"], "index");
  EXPECT_EQ(index["parent"], 3);
  EXPECT_EQ(index["shared"], false);
  EXPECT_EQ(index["handles"]["soft_limit"], 8);
  EXPECT_EQ(index["handles"]["at_soft_limit"], true);
  EXPECT_EQ(index["watches"]["used"], 0);
  EXPECT_EQ(JsonLine(ListAccounts(AccountExample()), 2)["shared"], true);
}

TEST(AccountTree, KeepsAccountsWhoseParentIsNotThere) {
  AccountExample example;
  example.accounts.erase(example.accounts.begin() + 2);
  const auto tree = AccountTree(example);
  ASSERT_EQ(tree.size(), 5u);
  EXPECT_EQ(tree[2].account->id, 4u);
  EXPECT_EQ(tree[2].depth, 0u);
  EXPECT_EQ(tree[3].depth, 1u);
}

TEST(AccountTree, TellsAnAccountOnceThatIsItsOwnParent) {
  Snapshot snapshot;
  snapshot.accounts = {Account(0, 0, "odd", 1)};
  EXPECT_EQ(AccountTree(snapshot).size(), 1u);
}

TEST(AccountTree, FindsAccountsByNameNumberAndService) {
  AccountExample example;
  std::strcpy(example.accounts[5].name, "crawler.2");
  EXPECT_EQ(FindAccounts(example, "index").value().at(0)->id, 5u);
  EXPECT_EQ(FindAccounts(example, "5").value().at(0)->id, 5u);
  EXPECT_EQ(FindAccounts(example, "crawler").value().size(), 2u);
}

TEST(AccountTree, UnknownAccountsGetTheNearestName) {
  const auto found = FindAccounts(AccountExample(), "indx");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.status().message().find(
                "no account \"indx\"; there are root, tools, search, crawler, "
                "index, work; did you mean \"index\"?"),
            absl::string_view::npos)
      << found.status();
}

TEST(AccountDetail, TellsWhoHoldsWhat) {
  AccountExample example;
  example.FillCrawler();
  EXPECT_EQ(ListAccount(example, example.crawler()).text,
            "account 4 crawler, in root > search\n"
            "HELD BY               HANDLES  PORTS  LANES  REGIONS  BYTES  "
            "NOTIFICATIONS  WATCHES  PROCESSES\n"
            "process crawler(120)        4      -      1        -    16K  "
            "            -        2          1\n"
            "port :21 files              -      1      -        -      -  "
            "            -        -          -\n"
            "region :22                  -      -      -        1    64K  "
            "            -        -          -\n"
            "notification :23            -      -      -        -      -  "
            "            1        -          -\n"
            "1 account below             5      -      -        -      -  "
            "            -        -          -\n"
            "other                       3      -      -        -      -  "
            "            -        -          -\n"
            "used                       12      1      1        1    80K  "
            "            1        2          1\n"
            "soft limit                  -      -      -        -      -  "
            "            -        -          -\n"
            "limit                       -      -      -        -      -  "
            "            -        -          -\n");
}

TEST(AccountDetail, ShowsLimits) {
  const AccountExample example;
  EXPECT_EQ(ListAccount(example, example.index()).text,
            "account 5 index, in root > search\n"
            "HELD BY     HANDLES\n"
            "other             8\n"
            "used             8!\n"
            "soft limit        8\n"
            "limit            10\n");
  EXPECT_EQ(ListAccount(example, example.accounts[2])
                .text.rfind("account 3 search (shared), in root\n", 0),
            0u);
}

TEST(AccountDetail, JsonHasHoldersAndSums) {
  AccountExample example;
  example.FillCrawler();
  const auto json = JsonLine(ListAccount(example, example.crawler()), 0);
  EXPECT_EQ(json["account"], "crawler");
  EXPECT_EQ(json["handles"]["used"], 12);
  ASSERT_EQ(json["holders"].size(), 4u);
  EXPECT_EQ(json["holders"][0]["kind"], "process");
  EXPECT_EQ(json["holders"][0]["name"], "crawler");
  EXPECT_EQ(json["holders"][0]["holds"]["lanes"], 1);
  EXPECT_EQ(json["holders"][2]["holds"]["bytes"], 65536);
  EXPECT_EQ(json["accounts_below"], 1);
  EXPECT_EQ(json["below"]["handles"], 5);
  EXPECT_EQ(json["other"]["handles"], 3);
}

TEST(AccountHolders, ListsThatDisagreeDoNotGoBelowZero) {
  AccountExample example;
  example.AddProcess(20, 5).handles = 100;
  EXPECT_EQ(HoldersOf(example, example.index()).other, ItemAmounts{});
}

TEST(AccountHolders, ProcessesThatAreNotChargedAreNotCounted) {
  AccountExample example;
  const auto item = static_cast<size_t>(AccountItem::processes);
  example.AddProcess(20, 4);
  EXPECT_EQ(HoldersOf(example, example.crawler()).holders[0].holds[item], 0u);
  At(example.accounts[3].used, AccountItem::processes) = 1;
  EXPECT_EQ(HoldersOf(example, example.crawler()).holders[0].holds[item], 1u);
}

}  // namespace
}  // namespace keyport
