// A field in which a person draws their signature with a finger, a pen or the mouse, for forms that have
//
//   <input type="hidden" name="drawn">
//   <div data-drawn data-says-done="text" data-says-empty="text" data-says-full="text">
//     <div data-drawn-with hidden> <canvas> … <p role="status" data-drawn-status></p> <button type="button" data-drawn-clear></div>
//     <p data-drawn-without>nothing is missing</p>
//   </div>
//
// What is drawn goes into the field as an SVG path of whole numbers, on a field of 600 by 200, whatever the size on the screen. Nothing says when, or how hard, the pen
// pressed. The form is whole without this module, and without a drawing.

const width = 600;
const height = 200;
const most = 20000; // characters, as the server takes them

const least = 30; // how wide or high a signature is at least, as for the server: a tap is none

const spread = (strokes, i) => Math.max(...strokes.flat().map((p) => p[i])) - Math.min(...strokes.flat().map((p) => p[i]));
const near = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) < 3;

// A touch that does not move is a point: a line to where it is.
const pathOf = (strokes) => strokes.map((s) => `M${(s.length > 1 ? s : [s[0], s[0]]).map((p) => p.join(" ")).join("L")}`).join("");
const strokesOf = (path) => path.split("M").slice(1).map((s) => s.split("L").map((p) => p.split(" ").map(Number)));

function prepare(box) {
  const field = box.closest("form")?.elements.namedItem("drawn");
  const canvas = box.querySelector("canvas");
  const pen = canvas.getContext?.("2d");
  if (!field || !pen || !window.PointerEvent) return;
  const status = box.querySelector("[data-drawn-status]");
  let strokes = field.value ? strokesOf(field.value) : [];
  let drawing = null; // the pointer that draws

  const paint = () => {
    pen.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#161616";
    pen.stroke(new Path2D(pathOf(strokes)));
  };
  const say = (what) => {
    status.textContent = box.getAttribute(`data-says-${what}`);
  };
  const at = (event) => {
    const r = canvas.getBoundingClientRect();
    const on = (v, top) => Math.max(0, Math.min(top, Math.round(v)));
    return [on(((event.clientX - r.left) / r.width) * width, width), on(((event.clientY - r.top) / r.height) * height, height)];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    event.preventDefault();
    drawing = event.pointerId;
    canvas.setPointerCapture(drawing);
    strokes.push([at(event)]);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const stroke = strokes.at(-1);
    const point = at(event);
    if (near(point, stroke.at(-1))) return;
    stroke.push(point);
    if (pathOf(strokes).length > most) {
      stroke.pop();
      return say("full");
    }
    paint();
  });
  const lift = (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    if (pathOf(strokes).length > most) strokes.pop();
    field.value = strokes.length && Math.max(spread(strokes, 0), spread(strokes, 1)) >= least ? pathOf(strokes) : "";
    paint();
    if (field.value.length < most - 16) say(field.value ? "done" : "empty");
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  box.querySelector("[data-drawn-clear]").addEventListener("click", () => {
    strokes = [];
    field.value = "";
    paint();
    say("empty");
  });

  box.querySelector("[data-drawn-with]").hidden = false;
  box.querySelector("[data-drawn-without]").hidden = true;
  paint();
  if (field.value) say("done");
}

document.querySelectorAll("[data-drawn]").forEach(prepare);
