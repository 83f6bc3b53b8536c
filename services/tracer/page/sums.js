// Shown: what a filter leaves, and its sums. Without a filter the sums are the
// exporter's, which counted every message, also those the page does not hold.

class Shown {
  constructor(model, test) {
    this.model = model;
    this.filtered = test !== null;
    this.matches = null;  // everything
    this.count = model.count;
    if (!test) {
      this.ports = model.ports;
      this.labels = model.labels;
      this.edges = model.edges;
      return;
    }
    this.matches = new Uint8Array(model.count);
    this.count = 0;
    for (let i = 0; i < model.count; ++i)
      if (test(i)) {
        this.matches[i] = 1;
        ++this.count;
      }
    this.sum();
  }

  has(i) { return this.matches === null || this.matches[i] === 1; }

  sum() {
    const model = this.model;
    const ports = new Map();
    const labels = new Map();
    const edges = new Map();
    const of = (map, key, fields) => {
      if (!map.has(key)) map.set(key, new Sums(fields));
      return map.get(key);
    };
    for (let i = 0; i < model.count; ++i) {
      if (!this.matches[i]) continue;
      const id = model.port[i];
      const port = model.portNames[id];
      of(ports, id, { port, id }).add(model, i);
      of(labels, id + " " + model.label[i],
        { port, id, label: model.label[i] }).add(model, i);
      const [from, to] = [model.from[i], model.to[i]];
      of(edges, from + " " + to + " " + id,
        { from, to, port: id }).add(model, i);
    }
    const done = (map) => [...map.values()].map((sums) => sums.done());
    this.ports = done(ports);
    this.labels = done(labels);
    this.edges = done(edges).map((sums) => {
      const of = sums.total.count > 0 ? "total" : "queue";
      return { ...sums, of, count: sums[of].count, p99: sums[of].p99 };
    });
  }
}

class Sums {
  constructor(fields) {
    Object.assign(this, fields, {
      messages: 0, calls: 0, errors: 0, bytes: 0,
      queue: new Histogram(), work: new Histogram(), total: new Histogram(),
    });
  }
  add(model, i) {
    ++this.messages;
    this.calls += model.isCall[i];
    this.errors += model.failed(i) ? 1 : 0;
    this.bytes += model.bytes[i];
    for (const of of ["queue", "work", "total"])
      if (model[of][i] >= 0) this[of].add(model[of][i]);
  }
  done() {
    return {
      ...this, queue: this.queue.sums(), work: this.work.sums(),
      total: this.total.sums(),
    };
  }
}
