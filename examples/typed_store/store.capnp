@0xb2e5c6a1d0f34789;
# What goes over the port `store`. A message's label is the ordinal of a method,
# its payload the method's parameters, an answer's payload its results.

interface Store {
  put @0 (key :Text, value :Data, keep :Keep) -> (values :UInt32);
  get @1 (key :Text) -> Got;
}

enum Keep {
  always @0;
  once @1;     # until it is read
}

struct Got {
  union {
    value @0 :Data;
    missing @1 :Void;
  }
}
