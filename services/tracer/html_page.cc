#include "services/tracer/html_page.h"

#include "services/tracer/page_text.h"

namespace keyport {

std::string HtmlPage(const std::string& page_json) {
  std::string page;
  page.reserve(kPageBegin.size() + page_json.size() + kPageEnd.size());
  page += kPageBegin;
  page += page_json;
  page += kPageEnd;
  return page;
}

}  // namespace keyport
