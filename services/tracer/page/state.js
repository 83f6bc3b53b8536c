// State: what one looks at. It stands in the address's fragment, so that a
// view can be sent with the file: #filter=port%3Decho&select=17&from=0&to=5000

class State {
  constructor(model) {
    this.model = model;
    this.listeners = [];
    this.written = "";
    this.timer = 0;
    this.read();
    window.addEventListener("hashchange", () => {
      if (location.hash === this.written) return;
      this.read();
      this.tell({ filter: true, select: true, range: true, order: true });
    });
  }

  read() {
    const words = new URLSearchParams(location.hash.slice(1));
    const number = (name, otherwise) => {
      const value = words.get(name);
      return value !== null && /^\d{1,15}(\.\d+)?$/.test(value)
        ? Number(value) : otherwise;
    };
    this.filter = (words.get("filter") || "").slice(0, 1000);
    const select = number("select", -1);
    this.select = select < this.model.count ? Math.floor(select) : -1;
    this.from = number("from", 0);
    this.to = Math.min(number("to", Infinity), this.model.duration);
    if (this.to <= this.from)
      [this.from, this.to] = [0, this.model.duration];
    this.order = words.get("order") === "time" ? "time" : "slowest";
  }

  // `changes`: some of filter, select, from, to, order.
  set(changes) {
    const told = {};
    for (const [name, value] of Object.entries(changes)) {
      if (this[name] === value) continue;
      this[name] = value;
      told[name === "from" || name === "to" ? "range" : name] = true;
    }
    if (Object.keys(told).length === 0) return;
    this.tell(told);
    clearTimeout(this.timer);  // browsers count how often one writes
    this.timer = setTimeout(() => this.write(), 200);
  }

  on(listener) { this.listeners.push(listener); }
  tell(told) {
    for (const listener of this.listeners) listener(told);
  }

  write() {
    const words = new URLSearchParams();
    if (this.filter) words.set("filter", this.filter);
    if (this.select >= 0) words.set("select", this.select);
    if (this.from !== 0 || this.to !== this.model.duration) {
      words.set("from", Math.round(this.from));
      words.set("to", Math.max(Math.round(this.from) + 1,
        Math.round(this.to)));
    }
    if (this.order !== "slowest") words.set("order", this.order);
    this.written = words.size ? "#" + words : "#";
    history.replaceState(null, "", this.written);
    this.written = location.hash;
  }
}
