// A signature drawn with finger, pen or mouse, sent as a small PNG: white paper, dark ink.
const INK = "#15202b";
const WIDTH = 3.2; // canvas px

/** Makes the pad drawable; gives `read()`, the drawing as a data URL or "" for none, and `clear()`. */
export function drawable(pad) {
  const canvas = pad.querySelector("canvas");
  const context = canvas.getContext("2d");
  let last = null;
  let isDrawn = false;

  function clear() {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    isDrawn = false;
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  }
  function line(to) {
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...to);
    context.stroke();
    last = to;
    isDrawn = true;
  }

  Object.assign(context, {strokeStyle: INK, lineWidth: WIDTH, lineCap: "round", lineJoin: "round"});
  clear();
  pad.hidden = false;
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    line([last[0] + .1, last[1]]);
  });
  canvas.addEventListener("pointermove", (event) => { if (last) line(at(event)); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
  pad.querySelector("[data-sign-clear]").addEventListener("click", clear);
  return {clear, read: () => (isDrawn ? canvas.toDataURL("image/png") : "")};
}

/** The pad of this page posts its drawing with its form. */
export function careForPad() {
  const pad = document.querySelector("[data-sign-pad]");
  if (!pad) return;
  const {read} = drawable(pad);
  const form = pad.closest("form");
  form.addEventListener("submit", () => { form.querySelector("[name=image]").value = read(); }, true);
}
