// Nearest: the word somebody probably meant. Never guesses far away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keyport {

// The candidate with the smallest edit distance to `word`, if that is at most
// a third of its length (at least 1, or 2 from five letters on); else "".
std::string Nearest(std::string_view word,
                    const std::vector<std::string>& candidates);

// `; did you mean "X"?`, or nothing.
std::string DidYouMean(std::string_view word,
                       const std::vector<std::string>& candidates);

// "a, b, c"
std::string JoinWords(const std::vector<std::string>& words,
                      std::string_view separator = ", ");

}  // namespace keyport
