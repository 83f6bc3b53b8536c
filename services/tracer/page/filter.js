// The filter's language: words that must all hold, with the names of
// `keyport trace`'s options. What it cannot read is an error with its place,
// never a filter that shows everything.

class FilterError {
  constructor(at, length, text) {
    this.at = at;
    this.length = Math.max(1, length);
    this.text = text;
  }
}

const kUnits = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const kTimes = ["queue", "work", "total"];
const kWords = ["service", "port", "label", "flow", "direction", "error",
  ...kTimes];

// [{word, wordAt, sign, value, valueAt}], or a FilterError.
function readTerms(text) {
  const terms = [];
  let at = 0;
  while (true) {
    while (/\s/.test(text[at] || "")) ++at;
    if (at >= text.length) return terms;
    const word = /^[^\s=<>"]*/.exec(text.slice(at))[0];
    const term = { word, wordAt: at, sign: "", value: "", valueAt: at };
    at += word.length;
    const sign = /^(>=|<=|==|[=<>])/.exec(text.slice(at));
    if (sign) {
      term.sign = sign[0];
      at += sign[0].length;
      term.valueAt = at;
      const value = readValue(text, at);
      if (value instanceof FilterError) return value;
      term.value = value.text;
      at = value.end;
    } else if (text[at] === '"') {
      return new FilterError(at, 1, "a word comes before a name in quotes");
    }
    terms.push(term);
  }
}

function readValue(text, at) {
  if (text[at] !== '"') {
    const plain = /^[^\s"]*/.exec(text.slice(at))[0];
    return { text: plain, end: at + plain.length };
  }
  let value = "";
  for (let end = at + 1; end < text.length; ++end) {
    if (text[end] === '"') return { text: value, end: end + 1 };
    if (text[end] === "\\" && end + 1 < text.length) ++end;
    value += text[end];
  }
  return new FilterError(at, text.length - at, "this quote is not closed");
}

function timeTest(term, model) {
  const wrong = (text) =>
    new FilterError(term.valueAt, term.value.length, text);
  if (term.sign !== ">" && term.sign !== ">=")
    return new FilterError(term.wordAt, term.word.length,
      `${term.word} is compared with >, as in ${term.word}>1ms`);
  const parts = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(term.value);
  if (!parts) return wrong("this is no time; one is 20us, or 1.5ms");
  if (!(parts[2] in kUnits)) return wrong("a time's unit is ns, us, ms or s");
  const least = Number(parts[1]) * kUnits[parts[2]];
  const column = model[term.word];
  return (i) => column[i] >= least;
}

function numberTest(term, column) {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(term.value))
    return new FilterError(term.valueAt, term.value.length,
      "this is no number");
  const number = Number(term.value);
  return (i) => column[i] === number;
}

function flowTest(term, model) {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(term.value))
    return new FilterError(term.valueAt, term.value.length,
      "this is no flow; one is 0x1a2f, or decimal");
  const flow = BigInt(term.value);
  const high = Number(flow >> 32n);
  const low = Number(flow & 0xffffffffn);
  return (i) => model.flowLow[i] === low && model.flowHigh[i] === high;
}

function errorTest(term, model) {
  if (term.sign === "") return (i) => model.failed(i);
  if (!/^[a-z_]+$/.test(term.value))
    return new FilterError(term.valueAt, term.value.length,
      "an error is a word such as timed_out");
  const status = model.statuses.indexOf(term.value, 3);
  return (i) => status >= 0 && model.status[i] === status;
}

function serviceTest(term, direction, model) {
  const is = model.services.map((name) => term.value !== "" &&
    (name === term.value || name.startsWith(term.value + ".")));
  const way = direction ? direction.value : "both";
  return (i) => (way !== "out" && is[model.to[i]]) ||
    (way !== "in" && is[model.from[i]]);
}

function termTest(term, terms, model) {
  const { word, sign } = term;
  if (!kWords.includes(word))
    return new FilterError(term.wordAt, word.length,
      `no filter has this word; they are ${kWords.join(", ")}`);
  if (terms.some((other) => other !== term && other.word === word &&
      other.wordAt < term.wordAt))
    return new FilterError(term.wordAt, word.length, "this word stands twice");
  if (kTimes.includes(word)) return timeTest(term, model);
  if (sign === "" && word === "error") return errorTest(term, model);
  if (sign !== "=" && sign !== "==")
    return new FilterError(term.wordAt, word.length + sign.length,
      `${word} takes a value, as in ${word}=…`);
  if (term.value === "")
    return new FilterError(term.valueAt, 1, `a value of ${word} is missing`);
  switch (word) {
    case "service":
      return serviceTest(term,
        terms.find((other) => other.word === "direction"), model);
    case "direction":
      if (term.value !== "in" && term.value !== "out")
        return new FilterError(term.valueAt, term.value.length,
          "a direction is in or out");
      if (!terms.some((other) => other.word === "service"))
        return new FilterError(term.wordAt, word.length,
          "a direction is seen from a service; service=… is missing");
      return () => true;
    case "port": {
      const is = model.portNames.map((name) => name === term.value);
      return (i) => is[model.port[i]];
    }
    case "label":
      return numberTest(term, model.label);
    case "flow":
      return flowTest(term, model);
    default:
      return errorTest(term, model);
  }
}

// {test, terms}; `test` is null when everything is shown. Or a FilterError.
function readFilter(text, model) {
  const terms = readTerms(text);
  if (terms instanceof FilterError) return terms;
  const tests = [];
  for (const term of terms) {
    const test = termTest(term, terms, model);
    if (test instanceof FilterError) return test;
    tests.push(test);
  }
  if (tests.length === 0) return { test: null, terms };
  return { test: (i) => tests.every((test) => test(i)), terms };
}

function filterWord(word, value) {
  const plain = /^[^\s"\\]+$/.test(value);
  return `${word}=` +
    (plain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);
}

// `text` with this word's value set, or taken away if it has it already.
function toggledFilter(text, word, value, model) {
  const read = readFilter(text, model);
  const mine = filterWord(word, String(value));
  if (read instanceof FilterError) return mine;
  const same = read.terms.some((term) =>
    term.word === word && term.value === String(value));
  const rest = read.terms
    .filter((term) => term.word !== word &&
      !(same && word === "service" && term.word === "direction"))
    .map((term) => term.sign === "=" || term.sign === "=="
      ? filterWord(term.word, term.value)
      : term.word + term.sign + term.value);
  return (same ? rest : [...rest, mine]).join(" ");
}
