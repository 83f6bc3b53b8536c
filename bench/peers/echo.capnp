@0xb1f2c7d0a94e5386;

interface Echo {
  echo @0 (data :Data) -> (data :Data);
  # What follows is numbered from zero again and has this size.
  start @1 (bytes :UInt64) -> ();
  put @2 (data :Data) -> stream;
  arrival @4 (data :Data) -> (at :Int64);
  taken @3 () -> (messages :UInt64);
}
