#include "libipc/base/result.h"

namespace base {

const char* ErrorName(Error error) {
  switch (error) {
#define KEYPORT_ERROR(name, number, text) \
  case Error::name:                       \
    return #name;
#include "libipc/abi/errors.def"
#undef KEYPORT_ERROR
  }
  return "unknown_error";
}

const char* ErrorText(Error error) {
  switch (error) {
#define KEYPORT_ERROR(name, number, text) \
  case Error::name:                       \
    return text;
#include "libipc/abi/errors.def"
#undef KEYPORT_ERROR
  }
  return "an error this version does not know";
}

}  // namespace base
