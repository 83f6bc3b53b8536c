// The latency table: a row a port, and one a label where a port has several.

const kTimesShown = ["count", "p50", "p90", "p99", "p999", "max"];
const kTimesTitles = ["n", "p50", "p90", "p99", "p99.9", "max"];
const kLabelsClosed = 6;  // more are shown when asked for
const kLabelsMost = 200;

class LatencyTable {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.table = document.getElementById("latency-table");
    this.histogram = new HistogramView();
    this.opened = new Set();  // ports whose many labels are shown
    this.table.addEventListener("pointerleave", () => this.histogram.hide());
    this.table.addEventListener("focusout", () => this.histogram.hide());
    this.table.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.histogram.hide();
    });
  }

  draw(sums) {
    const seconds = this.model.duration / 1e9;
    const body = element("tbody");
    const ports = sums.ports.slice().sort((a, b) => b.messages - a.messages);
    for (const port of ports) {
      const labels = sums.labels.filter((one) => one.id === port.id)
        .sort((a, b) => b.messages - a.messages);
      const many = labels.length > kLabelsClosed;
      const row = this.row(port, seconds);
      if (many) row.cells[1].append(this.opener(port.id, labels.length, sums));
      body.append(row);
      if (labels.length > 1 && (!many || this.opened.has(port.id)))
        for (const label of labels.slice(0, kLabelsMost))
          body.append(this.row(label, seconds));
    }
    const keyOf = (one) => {
      const { port, label } = one.closest("tr").dataset;
      return JSON.stringify([port, label, one.className,
        one.closest("td, th").cellIndex]);
    };
    redrawn(this.table, keyOf,
      () => this.table.replaceChildren(this.head(), body));
    document.getElementById("latency-of").textContent = sums.filtered
      ? `of the filter's ${countText(sums.count)} messages`
      : `of all ${countText(this.model.sample.all)} messages`;
  }

  opener(id, count, sums) {
    const open = this.opened.has(id);
    const button = element("button", "link", `${countText(count)} labels`);
    button.type = "button";
    button.setAttribute("aria-expanded", String(open));
    button.addEventListener("click", () => {
      if (open) this.opened.delete(id);
      else this.opened.add(id);
      this.draw(sums);
    });
    return button;
  }

  head() {
    const groups = element("tr", "groups", [element("td")]);
    groups.firstChild.colSpan = 4;
    const titles = element("tr", "", ["port", "label", "messages", "errors"]
      .map((title) => element("th", "", title)));
    for (const of of kTimes) {
      const group = element("th", "group", of);
      group.colSpan = kTimesTitles.length;
      group.scope = "colgroup";
      groups.append(group);
      kTimesTitles.forEach((title, at) =>
        titles.append(element("th", at === 0 ? "first" : "", title)));
    }
    return element("thead", "", [groups, titles]);
  }

  row(sums, seconds) {
    const isLabel = sums.label !== undefined;
    const row = element("tr", isLabel ? "label" : "port");
    row.dataset.port = sums.port;
    if (isLabel) row.dataset.label = sums.label;
    const name = element("th", "name");
    name.scope = "row";
    name.append(isLabel ? "" : this.filterButton(
      "port", sums.port, shown(sums.port)));
    const messages = element("td", "", countText(sums.messages));
    messages.dataset.count = sums.messages;
    messages.title = `${rateText(sums.messages / seconds)}, ` +
      `${countText(sums.calls)} calls, ${bytesText(sums.bytes)} bytes` +
      (sums.no_room ? `, ${countText(sums.no_room)} sends found no room` : "");
    row.append(name,
      element("td", "", isLabel
        ? [this.filterButton("label", sums.label,
          this.model.labelName(sums.port, sums.label))] : ""),
      messages,
      element("td", sums.errors > 0 ? "bad" : "", countText(sums.errors)));
    for (const of of kTimes) this.addTimes(row, sums, of);
    return row;
  }

  filterButton(word, value, text) {
    const button = element("button", "link", text);
    button.type = "button";
    button.title = `${word} in the filter, or out of it`;
    button.addEventListener("click", () => this.state.set({
      filter: toggledFilter(this.state.filter, word, value, this.model),
    }));
    return button;
  }

  addTimes(row, sums, of) {
    const times = sums[of];
    const title = `${of} of ${shown(sums.port)}` +
      (sums.label === undefined ? ""
        : `, label ${this.model.labelName(sums.port, sums.label)}`);
    kTimesShown.forEach((what, at) => {
      const none = times.count === 0;
      const text = what === "count" ? countText(times.count)
        : none ? "-" : durationText(times[what]);
      const cell = element("td", at === 0 ? "first" : "");
      cell.dataset[of] = what;
      if (at === 0 && !none) {
        const button = element("button", "count", text);
        button.type = "button";
        button.setAttribute("aria-label", `${text}: histogram of ${title}`);
        button.addEventListener("focus",
          () => this.histogram.show(cell, title, times));
        button.addEventListener("click",
          () => this.histogram.show(cell, title, times));
        cell.append(button);
      } else {
        cell.textContent = text;
      }
      cell.addEventListener("pointerenter", () => none
        ? this.histogram.hide() : this.histogram.show(cell, title, times));
      row.append(cell);
    });
  }
}
