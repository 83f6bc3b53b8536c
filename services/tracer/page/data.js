// The recording as the exporter wrote it: JSON, and in it each field of all
// messages as base64 of LEB128 numbers (page_column.h).

function readRecording() {
  return JSON.parse(document.getElementById("recording").textContent);
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Fills `numbers`. Shifts would lose what is beyond 32 bits.
function readColumn(base64, numbers) {
  const bytes = bytesOf(base64);
  let at = 0;
  for (let i = 0; i < numbers.length; ++i) {
    let value = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    numbers[i] = value;
  }
  return numbers;
}
