// Model: the messages, by column, and how they hang together. It never
// changes. A message is its place in the order of time; -1 is none, and a time
// of -1 is not known.

class Model {
  constructor(recording) {
    this.recording = recording.recording;
    this.sample = recording.sample;
    this.services = recording.services;
    this.portNames = recording.port_names;
    this.statuses = recording.statuses;
    this.ports = recording.ports;
    this.labels = recording.labels;
    this.edges = recording.edges;
    this.losses = recording.losses;
    this.payloads = recording.payloads || {};  // base64 and text, by message
    this.methods = new Map((recording.methods || [])
      .map(([port, label, name]) => [`${label} ${port}`, name]));
    this.duration = Math.max(1, this.recording.duration_ns);
    this.readColumns(recording.columns, this.sample.chosen);
    this.groupChains();
    this.groupCaused();
  }

  readColumns(columns, count) {
    this.count = count;
    const optional = (base64) => {
      const numbers = readColumn(base64, new Float64Array(count));
      for (let i = 0; i < count; ++i) --numbers[i];
      return numbers;
    };
    this.time = readColumn(columns.since, new Float64Array(count));
    for (let i = 1; i < count; ++i) this.time[i] += this.time[i - 1];
    this.queue = optional(columns.queue);
    this.work = optional(columns.work);
    this.total = optional(columns.total);
    this.cause = optional(columns.cause);
    this.flowHigh = readColumn(columns.flow_high, new Uint32Array(count));
    this.flowLow = readColumn(columns.flow_low, new Uint32Array(count));
    this.label = readColumn(columns.label, new Uint32Array(count));
    this.bytes = readColumn(columns.bytes, new Uint32Array(count));
    this.handles = readColumn(columns.handles, new Uint32Array(count));
    this.port = readColumn(columns.port, new Uint16Array(count));
    this.from = readColumn(columns.from, new Uint16Array(count));
    this.to = readColumn(columns.to, new Uint16Array(count));
    this.status = readColumn(columns.status, new Uint16Array(count));
    this.isCall = readColumn(columns.is_call, new Uint8Array(count));
  }

  groupChains() {
    const numbers = new Map();
    this.chainOf = new Uint32Array(this.count);
    this.chains = [];
    for (let i = 0; i < this.count; ++i) {
      const key = this.flowText(i);
      let number = numbers.get(key);
      if (number === undefined) {
        number = this.chains.length;
        numbers.set(key, number);
        this.chains.push([]);
      }
      this.chainOf[i] = number;
      this.chains[number].push(i);
    }
  }

  groupCaused() {
    this.caused = new Map();
    this.begun = new Map();  // [chains, first one] by who began them
    for (let i = 0; i < this.count; ++i) {
      const cause = this.cause[i];
      if (cause < 0) {
        const from = this.from[i];
        const begun = this.begun.get(from);
        if (begun) ++begun[0];
        else this.begun.set(from, [1, i]);
        continue;
      }
      if (!this.caused.has(cause)) this.caused.set(cause, []);
      this.caused.get(cause).push(i);
    }
  }

  // Services, those first that begin most chains, or begin first.
  byBegun(services) {
    const of = (service) => this.begun.get(service) || [0, service];
    return services.slice().sort((a, b) =>
      of(b)[0] - of(a)[0] || of(a)[1] - of(b)[1]);
  }

  // The chain of `i` as [message, depth], each before those it caused.
  tree(i, most) {
    const steps = [];
    const due = this.chains[this.chainOf[i]]
      .filter((member) => this.cause[member] < 0)
      .map((member) => [member, 0]).reverse();
    while (due.length > 0 && steps.length < most) {
      const [member, depth] = due.pop();
      steps.push([member, depth]);
      for (const next of (this.caused.get(member) || []).slice().reverse())
        due.push([next, depth + 1]);
    }
    return steps;
  }

  received(i) {
    return this.queue[i] < 0 ? -1 : this.time[i] + this.queue[i];
  }
  end(i) {
    const received = this.received(i);
    if (received < 0) return this.time[i];
    return received + Math.max(0, this.work[i]);
  }
  // How long it took, for "slowest": as the sender saw it.
  took(i) {
    return Math.max(this.total[i], this.queue[i], 0);
  }
  failed(i) {
    return this.status[i] > 2;  // after ok, queued, waiting
  }

  flowText(i) {
    const low = this.flowLow[i].toString(16);
    const high = this.flowHigh[i];
    return "0x" + (high ? high.toString(16) + low.padStart(8, "0") : low);
  }
  fromText(i) { return shown(this.services[this.from[i]]) || "?"; }
  toText(i) { return shown(this.services[this.to[i]]) || "-"; }
  // A label by its name, where a schema has one.
  labelName(port, label) {
    const name = this.methods.get(`${label} ${port}`);
    return name === undefined ? String(label) : shown(name);
  }
  labelText(i) {
    return this.labelName(this.portNames[this.port[i]], this.label[i]);
  }
  portText(i) { return shown(this.portNames[this.port[i]]); }
  pathText(i) {
    return `${this.fromText(i)} → ${this.portText(i)} (${this.toText(i)})`;
  }
  statusText(i) { return this.statuses[this.status[i]]; }

  // The wall clock at a time of the page, "12:00:01.004211".
  clockText(since) {
    const begin = this.recording.begin_unix_ns;
    if (begin === undefined) return durationText(since);
    const ns = BigInt(begin) + BigInt(Math.round(since));
    const date = new Date(Number(ns / 1000000n));
    if (Number.isNaN(date.getTime())) return durationText(since);
    const two = (number) => String(number).padStart(2, "0");
    const micros = String((ns / 1000n) % 1000000n).padStart(6, "0");
    return `${two(date.getHours())}:${two(date.getMinutes())}:` +
      `${two(date.getSeconds())}.${micros}`;
  }
  // The first bytes of what was sent and answered, or null.
  payload(i) {
    const texts = this.payloads[i];
    return texts === undefined ? null
      : { request: bytesOf(texts[0]), answer: bytesOf(texts[1]) };
  }
  // What a schema says of it, or "".
  decoded(i, way) {
    const texts = this.payloads[i] || [];
    return texts[way === "request" ? 2 : 3] || "";
  }
}
