// Encoding and bounded decoding of the search graph's messages.
#include "examples/search/protocol.h"

#include "examples/search/bytes.h"

namespace search {
namespace {

void Write(ByteWriter& out, const std::vector<TermCount>& terms) {
  out.U32(static_cast<uint32_t>(terms.size()));
  for (const TermCount& each : terms) {
    out.U32(each.count);
    out.Text(each.term);
  }
}

std::vector<TermCount> ReadTerms(ByteReader& in, uint32_t bytes_max) {
  std::vector<TermCount> terms(in.Count(2 * sizeof(uint32_t)));
  for (TermCount& each : terms) {
    each.count = in.U32();
    each.term = in.Text(bytes_max);
    if (!in.ok()) break;
  }
  return terms;
}

template <typename T>
std::optional<T> Checked(const ByteReader& in, T value) {
  if (!in.AtEnd()) return std::nullopt;
  return value;
}

}  // namespace

std::string Encode(const Additions& additions) {
  ByteWriter out;
  out.U64(additions.crawl);
  out.U32(static_cast<uint32_t>(additions.files.size()));
  for (const FileCounts& file : additions.files) {
    out.U32(file.id);
    out.U32(file.flags);
    out.U64(file.bytes);
    out.Text(file.path);
    Write(out, file.terms);
  }
  return out.Take();
}

std::optional<Additions> DecodeAdditions(ipc::Bytes bytes) {
  ByteReader in(bytes);
  Additions additions;
  additions.crawl = in.U64();
  additions.files.resize(in.Count(24));
  for (FileCounts& file : additions.files) {
    file.id = in.U32();
    file.flags = in.U32();
    file.bytes = in.U64();
    file.path = in.Text(kPathBytesMax);
    file.terms = ReadTerms(in, kWordBytesMax);
    if (!in.ok()) return std::nullopt;
  }
  return Checked(in, std::move(additions));
}

std::string Encode(const BatchAnswer& answer) {
  ByteWriter out;
  out.U32(static_cast<uint32_t>(answer.outcome));
  out.U32(static_cast<uint32_t>(answer.flagged.size()));
  for (const BatchAnswer::File& file : answer.flagged) {
    out.U32(file.id);
    out.U32(file.flags);
  }
  return out.Take();
}

BatchAnswer DecodeBatchAnswer(ipc::Bytes bytes) {
  ByteReader in(bytes);
  BatchAnswer answer;
  answer.outcome = static_cast<Outcome>(in.U32());
  answer.flagged.resize(in.Count(sizeof(BatchAnswer::File)));
  for (BatchAnswer::File& file : answer.flagged) {
    file.id = in.U32();
    file.flags = in.U32();
  }
  return in.AtEnd() ? answer : BatchAnswer{};
}

std::string Encode(const CrawlNote& note) {
  ByteWriter out;
  out.U64(note.crawl);
  out.U64(note.files);
  out.Text(note.error);
  return out.Take();
}

std::optional<CrawlNote> DecodeCrawlNote(ipc::Bytes bytes) {
  ByteReader in(bytes);
  CrawlNote note;
  note.crawl = in.U64();
  note.files = in.U64();
  note.error = in.Text(kPathBytesMax);
  return Checked(in, std::move(note));
}

std::string Encode(Outcome outcome) {
  ByteWriter out;
  out.U32(static_cast<uint32_t>(outcome));
  return out.Take();
}

Outcome DecodeOutcome(ipc::Bytes bytes) {
  ByteReader in(bytes);
  const auto outcome = static_cast<Outcome>(in.U32());
  return in.AtEnd() ? outcome : Outcome::kMalformed;
}

std::string Encode(const Query& query) {
  ByteWriter out;
  out.U32(query.top);
  out.U32(static_cast<uint32_t>(query.words.size()));
  for (const std::string& word : query.words) out.Text(word);
  return out.Take();
}

std::optional<Query> DecodeQuery(ipc::Bytes bytes) {
  ByteReader in(bytes);
  Query query;
  query.top = in.U32();
  query.words.resize(in.Count(sizeof(uint32_t)));
  if (query.words.size() > kQueryWordsMax) return std::nullopt;
  for (std::string& word : query.words) word = in.Text(kWordBytesMax);
  return Checked(in, std::move(query));
}

std::string Encode(const Answer& answer) {
  ByteWriter out;
  out.Text(answer.error);
  out.U64(answer.files);
  out.U64(answer.bytes);
  out.U64(answer.distinct_words);
  out.U64(answer.binary_files);
  out.U64(answer.cut_files);
  out.U64(answer.invalid_utf8_files);
  out.U32(static_cast<uint32_t>(answer.words.size()));
  for (const WordAnswer& each : answer.words) {
    out.Text(each.word);
    out.U64(each.count);
    out.U64(each.files);
    Write(out, each.top);
  }
  return out.Take();
}

std::optional<Answer> DecodeAnswer(ipc::Bytes bytes) {
  ByteReader in(bytes);
  Answer answer;
  answer.error = in.Text(kPathBytesMax);
  answer.files = in.U64();
  answer.bytes = in.U64();
  answer.distinct_words = in.U64();
  answer.binary_files = in.U64();
  answer.cut_files = in.U64();
  answer.invalid_utf8_files = in.U64();
  answer.words.resize(in.Count(24));
  for (WordAnswer& each : answer.words) {
    each.word = in.Text(kWordBytesMax);
    each.count = in.U64();
    each.files = in.U64();
    each.top = ReadTerms(in, kPathBytesMax);
    if (!in.ok()) return std::nullopt;
  }
  return Checked(in, std::move(answer));
}

std::string Encode(const Progress& progress) {
  ByteWriter out;
  out.U64(progress.files_done);
  out.U64(progress.files_total);
  out.U64(progress.bytes_done);
  out.U64(progress.bytes_total);
  out.U64(progress.skipped);
  out.U64(progress.elapsed_ns);
  out.U32(progress.finished);
  return out.Take();
}

std::optional<Progress> DecodeProgress(ipc::Bytes bytes) {
  ByteReader in(bytes);
  Progress progress;
  progress.files_done = in.U64();
  progress.files_total = in.U64();
  progress.bytes_done = in.U64();
  progress.bytes_total = in.U64();
  progress.skipped = in.U64();
  progress.elapsed_ns = in.U64();
  progress.finished = in.U32();
  return Checked(in, progress);
}

}  // namespace search
