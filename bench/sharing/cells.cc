#include "bench/sharing/cell_rig.h"
#include "bench/sharing/rows.h"

namespace bench {
namespace {

template <typename Kind>
void Measure(const Pass& pass, const char* system) {
  constexpr size_t kBytes = sizeof(typename Kind::Value);
  AddEachOf(pass,
            {{{StoreGroup(kBytes, Company::kAlone), system}, "ns"},
             {{LoadGroup(kBytes, Company::kAlone), system}, "ns"}},
            [&] { return CellAlone<Kind>(pass.Rounds(4'000) + 2); });
  AddEachOf(pass,
            {{{StoreGroup(kBytes, Company::kTogether), system}, "ns"},
             {{LoadGroup(kBytes, Company::kTogether), system}, "ns"},
             {{TornGroup(kBytes), system}, "%"}},
            [&] { return CellTogether<Kind>(pass.Rounds(100'000) * 1'000); });
}

template <size_t kBytes>
void MeasureSize(const Pass& pass) {
  using Value = CellValue<kBytes>;
  Measure<MemcpyKind<Value>>(pass, kMemcpy);
  Measure<CellKind<Value>>(pass, kCell);
  Measure<RingKind<Value>>(pass, kRing);
}

}  // namespace

void MeasureCells(const Pass& pass) {
  MeasureSize<kValueBytes[0]>(pass);
  MeasureSize<kValueBytes[1]>(pass);
  MeasureSize<kValueBytes[2]>(pass);
}

}  // namespace bench
