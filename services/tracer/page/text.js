// Numbers and names as text. Durations are those of `keyport trace`.

function rounded(value, places) {
  const scaled = value * 10 ** places;
  // A tie goes to the even digit, as in C; only eighths can be one.
  if ((value * 8) % 1 === 0 && scaled % 1 === 0.5) {
    const down = Math.floor(scaled);
    return ((down % 2 === 0 ? down : down + 1) / 10 ** places).toFixed(places);
  }
  return value.toFixed(places);
}

function durationText(ns) {
  const digits = (value, unit) =>
    rounded(value, value < 10 ? 2 : value < 100 ? 1 : 0) + unit;
  if (ns < 1e3) return Math.round(ns) + "ns";
  if (ns < 1e6) return digits(ns / 1e3, "us");
  if (ns < 1e9) return digits(ns / 1e6, "ms");
  return digits(ns / 1e9, "s");
}

// -1: not known.
function timeOr(ns) {
  return ns < 0 ? "-" : durationText(ns);
}

function countText(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function rateText(perSecond) {
  if (perSecond >= 1e6) return (perSecond / 1e6).toPrecision(3) + "M/s";
  if (perSecond >= 1e4) return (perSecond / 1e3).toPrecision(3) + "k/s";
  if (perSecond >= 100) return perSecond.toFixed(0) + "/s";
  return perSecond.toPrecision(2) + "/s";
}

function percentText(share) {
  const percent = share * 100;
  return (percent < 10 ? percent.toPrecision(2) : percent.toFixed(0)) + " %";
}

function bytesText(bytes) {
  const units = ["", "K", "M", "G", "T", "P"];
  let unit = 0;
  while (bytes >= 1024 && unit + 1 < units.length) {
    bytes /= 1024;
    ++unit;
  }
  const whole = unit === 0 || bytes >= 10 || bytes === Math.floor(bytes);
  return rounded(bytes, whole ? 0 : 1) + units[unit];
}

// A name comes from a service that may want to mislead: control characters,
// and those that turn the direction of writing, are shown as "?".
function shown(name) {
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    "?");
}

// An element with a class, and text or children.
function element(tag, className = "", content = []) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

function svgElement(tag, attributes, content = []) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  made.append(...content);
  return made;
}

// Draws what is in a box anew; what had the focus in it has it again. `keyOf`
// tells the same thing in both drawings.
function redrawn(box, keyOf, draw) {
  const had = box.contains(document.activeElement)
    ? keyOf(document.activeElement) : null;
  draw();
  if (had === null) return;
  for (const one of box.querySelectorAll("button, [tabindex]"))
    if (keyOf(one) === had) return one.focus();
}
