// The page: makes its parts and passes on what changes.

class Page {
  constructor() {
    const begin = performance.now();
    this.model = new Model(readRecording());
    this.state = new State(this.model);
    fillHeader(this.model);
    this.table = new LatencyTable(this.model, this.state);
    this.graph = new Graph(this.model, this.state);
    this.list = new MessageList(this.model, this.state);
    this.inspector = new Inspector(this.model, this.state);
    this.timeline = new Timeline(this.model, this.state);
    this.input = document.getElementById("filter");
    this.listen();
    this.applyFilter();
    this.inspector.draw();
    const { dataset } = document.documentElement;
    dataset.messages = this.model.count;
    dataset.loadMs = (performance.now() - begin).toFixed(1);
    dataset.ready = "yes";
  }

  listen() {
    this.state.on((told) => this.changed(told));
    this.input.addEventListener("input",
      () => this.state.set({ filter: this.input.value }));
    document.getElementById("filter-form").addEventListener("submit",
      (event) => event.preventDefault());
    document.getElementById("filter-clear").addEventListener("click", () => {
      this.state.set({ filter: "" });
      this.input.focus();
    });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  changed(told) {
    if (told.filter) this.applyFilter();
    if (told.order || (told.range && this.state.order === "time"))
      this.list.draw(this.shown);
    if (told.select) {
      this.inspector.draw();
      this.list.mark();
      if (this.state.select >= 0) this.timeline.reveal(this.state.select);
    }
    this.timeline.draw();
  }

  // A filter that cannot be read changes nothing but its message.
  applyFilter() {
    if (this.input.value !== this.state.filter)
      this.input.value = this.state.filter;
    const read = readFilter(this.state.filter, this.model);
    const wrong = read instanceof FilterError;
    this.showError(wrong ? read : null);
    if (wrong && this.shown) return;
    this.shown = new Shown(this.model, wrong ? null : read.test);
    document.documentElement.dataset.shown = this.shown.count;
    document.getElementById("filter-count").textContent = this.shown.filtered
      ? `${countText(this.shown.count)} of ${countText(this.model.count)}`
      : `${countText(this.model.count)} messages`;
    this.timeline.shown = this.shown;
    this.timeline.draw();
    this.table.draw(this.shown);
    this.graph.draw(this.shown);
    this.list.draw(this.shown);
  }

  showError(error) {
    const box = document.getElementById("filter-error");
    box.hidden = error === null;
    this.input.setAttribute("aria-invalid", String(error !== null));
    if (!error) return box.replaceChildren();
    const text = this.state.filter + " ".repeat(error.length);
    const end = error.at + error.length;
    box.dataset.at = error.at;
    box.replaceChildren(
      element("span", "where", [
        text.slice(0, error.at),
        element("mark", "", text.slice(error.at, end)),
        text.slice(end),
      ]),
      element("span", "", `at ${error.at + 1}: ${error.text}`));
  }

  key(event) {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else this.state.set({ select: -1 });
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { select } = this.state;
    if (event.key === "/") {
      event.preventDefault();
      this.input.focus();
    } else if (event.key === "j" || event.key === "k") {
      this.step(event.key === "j" ? 1 : -1);
    } else if (event.key === "f" && select >= 0) {
      this.timeline.frame(select);
    }
  }

  // To the next message of the filter, or the one before.
  step(by) {
    const { model, state } = this;
    let i = state.select >= 0 ? state.select + by
      : firstNotBelow(model.time, state.from) - (by < 0 ? 1 : 0);
    while (i >= 0 && i < model.count && !this.shown.has(i)) i += by;
    if (i >= 0 && i < model.count) state.set({ select: i });
  }
}

new Page();
