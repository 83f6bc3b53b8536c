// What was recorded, and what is missing of it.

function fillHeader(model) {
  const { recording, sample } = model;
  const facts = document.getElementById("facts");
  const fact = (name, value, className = "") => {
    const row = element("div", className,
      [element("dt", "", name), element("dd", "", value)]);
    row.dataset.fact = name;
    facts.append(row);
  };
  if (recording.command) fact("command", shown(recording.command), "command");
  if (recording.begin_unix_ns !== undefined) {
    const date = new Date(Number(BigInt(recording.begin_unix_ns) / 1000000n));
    if (!Number.isNaN(date.getTime()))
      fact("begun", date.toLocaleDateString("sv") + " " + model.clockText(0));
  }
  fact("lasted", durationText(recording.duration_ns));
  fact("messages", countText(sample.all));
  fact("records seen", countText(recording.seen));
  fact("lost", countText(recording.lost), recording.lost > 0 ? "bad" : "");
  fact("written", countText(recording.written));
  fillNotes(model);
}

function fillNotes({ recording, sample }) {
  const notes = [];
  if (recording.complaint) notes.push(shown(recording.complaint) + ".");
  if (recording.lost > 0)
    notes.push(`${countText(recording.lost)} records were lost: messages, or ` +
      "one end of them, are missing where the timeline is hatched.");
  if (sample.chosen < sample.all) {
    const kept = sample.errors_left_out > 0
      ? `${countText(sample.errors)} of ` +
        `${countText(sample.errors + sample.errors_left_out)} errors`
      : `all ${countText(sample.errors)} errors`;
    notes.push(`The page holds ${countText(sample.chosen)} of ` +
      `${countText(sample.all)} messages: ${kept}, the slowest 1 % with ` +
      `their chains, and ${percentText(sample.share)} of the ` +
      "other chains. Sums without a filter count every message; with one, " +
      "only what the page holds.");
  }
  const box = document.getElementById("notes");
  box.hidden = notes.length === 0;
  box.textContent = notes.join(" ");
}
