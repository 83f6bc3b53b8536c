// The list of messages that the filter leaves: the slowest, or those in view.

const kListMost = 200;

class MessageList {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.table = document.getElementById("list");
    this.buttons = document.querySelectorAll("[data-order]");
    for (const button of this.buttons)
      button.addEventListener("click",
        () => state.set({ order: button.dataset.order }));
    this.table.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-message]");
      if (row) state.set({ select: Number(row.dataset.message) });
    });
    this.table.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const row = event.target.closest("tr[data-message]");
    if (!row) return;
    const next = event.key === "ArrowDown" ? row.nextElementSibling
      : event.key === "ArrowUp" ? row.previousElementSibling : null;
    if (event.key !== "Enter" && event.key !== " " && !next) return;
    event.preventDefault();
    if (next) next.focus();
    this.state.set({ select: Number((next || row).dataset.message) });
  }

  // The messages to list, and of how many.
  choose(shown) {
    const { model, state } = this;
    const chosen = [];
    if (state.order === "time") {
      let all = 0;
      const end = firstAbove(model.time, state.to);
      for (let i = firstNotBelow(model.time, state.from); i < end; ++i)
        if (shown.has(i) && ++all <= kListMost) chosen.push(i);
      return { chosen, all };
    }
    const took = (i) => model.took(i);
    let least = -1;
    for (let i = 0; i < model.count; ++i) {
      if (!shown.has(i) || took(i) <= least) continue;
      chosen.push(i);
      if (chosen.length < 8 * kListMost) continue;
      chosen.sort((a, b) => took(b) - took(a));
      chosen.length = kListMost;
      least = took(chosen[kListMost - 1]);
    }
    chosen.sort((a, b) => took(b) - took(a) || a - b);
    return { chosen: chosen.slice(0, kListMost), all: shown.count };
  }

  draw(shown) {
    const { chosen, all } = this.choose(shown);
    const head = element("tr", "", ["at", "from → port (to)", "label", "queue",
      "total", "status"].map((title) => element("th", "", title)));
    const body = element("tbody", "", chosen.map((i) => this.row(i)));
    this.table.replaceChildren(element("thead", "", [head]), body);
    document.getElementById("list-of").textContent =
      chosen.length < all ? `${chosen.length} of ${countText(all)}`
        : countText(all);
    for (const button of this.buttons)
      button.setAttribute("aria-pressed",
        String(button.dataset.order === this.state.order));
    this.mark();
  }

  row(i) {
    const { model } = this;
    const row = element("tr", model.failed(i) ? "bad" : "", [
      element("td", "", durationText(model.time[i])),
      element("td", "path", model.pathText(i)),
      element("td", "", model.labelText(i)),
      element("td", "", timeOr(model.queue[i])),
      element("td", "", timeOr(model.total[i])),
      element("td", "status", model.statusText(i)),
    ]);
    row.dataset.message = i;
    row.title = model.pathText(i);
    row.tabIndex = -1;
    return row;
  }

  // Shows which one is selected.
  mark() {
    const rows = this.table.querySelectorAll("tr[data-message]");
    let selected = rows[0];
    for (const row of rows) {
      const is = Number(row.dataset.message) === this.state.select;
      row.setAttribute("aria-selected", String(is));
      row.tabIndex = -1;
      if (is) selected = row;
    }
    if (selected) selected.tabIndex = 0;
  }
}
