// Lanes: a lane a service, in it as many tracks as works overlap. A bar's
// `mark` is when its thick part begins: when the message was received, or sent
// in the lane of a service that only sends. Nothing here draws.

const kTracksMost = 6;
const kCallTracksMost = 2;  // where calls only wait
const kLanesMost = 256;

class Track {
  // `bars`: [{i, first, mark, end}] by mark.
  constructor(bars) {
    const count = bars.length;
    this.ids = Int32Array.from(bars, (bar) => bar.i);
    this.first = Float64Array.from(bars, (bar) => bar.first);
    this.mark = Float64Array.from(bars, (bar) => bar.mark);
    this.end = Float64Array.from(bars, (bar) => bar.end);
    // Both rise, so that what is in view is found by halving.
    this.reach = new Float64Array(count);
    this.ahead = new Float64Array(count);
    for (let k = 0; k < count; ++k)
      this.reach[k] = Math.max(this.end[k], k > 0 ? this.reach[k - 1] : 0);
    for (let k = count - 1; k >= 0; --k)
      this.ahead[k] = Math.min(this.first[k],
        k + 1 < count ? this.ahead[k + 1] : Infinity);
  }

  // [begin, end) of what may be seen between these times.
  within(from, to) {
    return [firstNotBelow(this.reach, from), firstAbove(this.ahead, to)];
  }
}

function firstWhere(count, test) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
function firstNotBelow(rising, value) {
  return firstWhere(rising.length, (k) => rising[k] >= value);
}
function firstAbove(rising, value) {
  return firstWhere(rising.length, (k) => rising[k] > value);
}

function tracksOf(bars, most, model) {
  bars.sort((a, b) => a.mark - b.mark || a.i - b.i);
  const tracks = [];
  const ends = [];
  for (const bar of bars) {
    let at = ends.findIndex((end) => end <= bar.mark);
    if (at < 0 && ends.length < most) at = ends.length;
    if (at < 0) at = ends.indexOf(Math.min(...ends));
    if (model) model.trackOf[bar.i] = at;
    (tracks[at] = tracks[at] || []).push(bar);
    ends[at] = Math.max(ends[at] || 0, bar.end);
  }
  return tracks.map((track) => new Track(track));
}

// [{service, name, kind, tracks}], callers above those they call. `kind`:
// "work", "calls" (it only sends) or "lost" (nobody received it).
function lanesOf(model) {
  const received = new Map();
  const sent = new Map();
  const add = (map, service, bar) => {
    if (!map.has(service)) map.set(service, []);
    map.get(service).push(bar);
  };
  model.trackOf = new Uint8Array(model.count);
  for (let i = 0; i < model.count; ++i) {
    const first = model.time[i];
    const mark = model.received(i);
    const to = mark < 0 ? 0 : model.to[i];
    add(received, to, mark < 0 ? { i, first, mark: first, end: first }
      : { i, first: Math.min(first, mark), mark, end: model.end(i) });
    if (model.from[i] !== 0)
      add(sent, model.from[i],
        { i, first, mark: first, end: first + Math.max(0, model.total[i]) });
  }
  const services = [...new Set([...received.keys(), ...sent.keys()])];
  const edges = model.edges.filter((edge) =>
    services.includes(edge.from) && services.includes(edge.to));
  const columnOf = columnsOf(model.byBegun(services), edges);
  const last = (service) => service === 0 ? Infinity : columnOf.get(service);
  services.sort((a, b) => last(a) - last(b) ||
    model.services[a].localeCompare(model.services[b], "en",
      { numeric: true }));
  return services.slice(0, kLanesMost).map((service) => {
    const works = received.has(service);
    return {
      service,
      name: service === 0 ? "not received" : shown(model.services[service]),
      kind: service === 0 ? "lost" : works ? "work" : "calls",
      tracks: works ? tracksOf(received.get(service), kTracksMost, model)
        : tracksOf(sent.get(service), kCallTracksMost, null),
    };
  });
}
