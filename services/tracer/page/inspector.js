// The inspector: everything known of one message, and its chain as a tree.

const kChainMost = 300;

class Inspector {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.box = document.getElementById("inspector");
    this.box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-member]");
      if (row) state.set({ select: Number(row.dataset.member) });
    });
  }

  draw() {
    const i = this.state.select;
    this.box.dataset.select = i;
    if (i < 0) {
      this.box.dataset.chain = "";
      this.box.replaceChildren(element("p", "hint",
        "Select a message: in the timeline, in the list, or with J and K."));
      return;
    }
    const parts = [this.title(i), this.times(i), this.facts(i)];
    const payload = this.model.payload(i);
    if (payload)
      for (const way of ["request", "answer"])
        if (payload[way].length > 0)
          parts.push(...this.decoded(i, way),
            this.payload(way, payload[way]));
    parts.push(this.chain(i));
    this.box.replaceChildren(...parts);
  }

  title(i) {
    return element("h3", this.model.failed(i) ? "bad" : "",
      this.model.pathText(i));
  }

  // Queue and work as parts of the total, to scale.
  times(i) {
    const { model } = this;
    const bar = element("div", "times");
    const queue = Math.max(0, model.queue[i]);
    const work = Math.max(0, model.work[i]);
    const all = Math.max(1, queue + work, model.total[i]);
    for (const [name, ns] of [["queue", queue], ["work", work]]) {
      const part = element("i", name);
      part.style.width = `${(100 * ns) / all}%`;
      bar.append(part);
    }
    bar.setAttribute("aria-hidden", "true");
    return bar;
  }

  facts(i) {
    const { model } = this;
    const list = element("dl", "facts");
    const fact = (name, value, className = "") => {
      const row = element("div", className,
        [element("dt", "", name), element("dd", "", value)]);
      row.dataset.field = name;
      list.append(row);
    };
    fact("status", this.statusText(i), model.failed(i) ? "bad" : "");
    fact("sent", `${model.clockText(model.time[i])} ` +
      `(${durationText(model.time[i])})`);
    fact("queue", timeOr(model.queue[i]));
    fact("work", timeOr(model.work[i]));
    fact("own work", timeOr(this.own(i)));
    fact("total", timeOr(model.total[i]));
    fact("kind", model.isCall[i] ? "call" : "message");
    fact("label", this.labelText(i));
    fact("bytes", countText(model.bytes[i]));
    fact("handles", String(model.handles[i]));
    fact("flow", this.flowLink(i));
    if (model.cause[i] >= 0) fact("caused by", this.link(model.cause[i]));
    return list;
  }

  statusText(i) {
    const status = this.model.statusText(i);
    if (status === "queued") return "queued: nobody was seen to take it";
    if (status === "waiting") return "waiting: taken, not answered";
    return status;
  }

  // Work without the calls within; -1: not known.
  own(i) {
    const { model } = this;
    if (model.work[i] < 0) return -1;
    const within = (model.caused.get(i) || [])
      .reduce((sum, next) => sum + Math.max(0, model.total[next]), 0);
    return Math.max(0, model.work[i] - within);
  }

  link(i) {
    const button = element("button", "link", this.model.pathText(i));
    button.type = "button";
    button.dataset.member = i;
    return button;
  }

  flowLink(i) {
    const flow = this.model.flowText(i);
    const button = element("button", "link", flow);
    button.type = "button";
    button.title = "only this chain";
    button.addEventListener("click", () => this.state.set({
      filter: toggledFilter(this.state.filter, "flow", flow, this.model),
    }));
    return button;
  }

  labelText(i) {
    const number = String(this.model.label[i]);
    const name = this.model.labelText(i);
    return name === number ? number : `${name} (${number})`;
  }

  decoded(i, way) {
    const text = this.model.decoded(i, way);
    if (text === "") return [];
    const box = element("pre", "payload", `${way}, by its schema\n${text}`);
    box.dataset.decoded = way;
    return [box];
  }

  // As a dump: any byte of it may be hostile.
  payload(way, bytes) {
    const box = element("pre", "payload");
    box.dataset.payload = way;
    const lines = [];
    for (let at = 0; at < Math.min(bytes.length, 4096); at += 16) {
      const row = [...bytes.slice(at, at + 16)];
      const hex = row.map((byte) => byte.toString(16).padStart(2, "0"));
      const text = row.map((byte) => byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte) : ".");
      lines.push(at.toString(16).padStart(4, "0") + "  " +
        hex.join(" ").padEnd(49) + text.join(""));
    }
    box.textContent = `${way}, ${countText(bytes.length)} bytes of it\n` +
      lines.join("\n");
    return box;
  }

  chain(i) {
    const { model } = this;
    const members = model.chains[model.chainOf[i]];
    const steps = model.tree(i, kChainMost);
    this.box.dataset.chain = members.length;
    const begin = model.time[members[0]];
    const rows = steps.map(([member, depth]) => {
      const button = this.link(member);
      button.style.marginLeft = `${10 * Math.min(depth, 16)}px`;
      button.title =
        `${model.pathText(member)}, label ${model.labelText(member)}`;
      if (model.status[member] > 0)
        button.append(` ${model.statusText(member)}`);
      button.setAttribute("aria-current", String(member === i));
      const row = element("tr", model.failed(member) ? "bad" : "", [
        element("td", "path", [button]),
        element("td", "", durationText(model.time[member] - begin)),
        element("td", "", timeOr(model.queue[member])),
        element("td", "", timeOr(model.work[member])),
        element("td", "", timeOr(model.total[member])),
      ]);
      row.dataset.depth = depth;
      return row;
    });
    const head = element("tr", "", ["chain", "at", "queue", "work", "total"].map((title) => element("th", "", title)));
    const parts = [element("table", "chain", [element("thead", "", [head]),
      element("tbody", "", rows)])];
    if (steps.length < members.length)
      parts.push(element("p", "hint",
        `${steps.length} of its ${countText(members.length)} messages`));
    return element("div", "", parts);
  }
}
