// Checks a PDF file without sending it, for pages that have a form
//
//   <form method="post" data-paper hidden data-says-working="…" data-says-large="…" data-says-failed="…">
//     <input type="hidden" name="sha256"> <div data-paper-drop> <input type="file"> </div> <p role="status" data-paper-status></p>
//   </form>
//
// The page is whole without this module: it shows the form where the browser can compute a hash, puts the SHA-256 of the file that
// was chosen, or dropped on the page, into the field sha256, and sends the form. The file's own field has no name, so it is never part of what is sent.

const largest = 20 << 20; // bytes; our documents have some tens of thousands

const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");

function prepare(form) {
  const field = form.querySelector("input[name=sha256]");
  const file = form.querySelector("input[type=file]");
  const status = form.querySelector("[data-paper-status]");
  const say = (what) => {
    status.textContent = form.getAttribute(`data-says-${what}`);
  };
  const check = async (chosen) => {
    if (!chosen) return;
    if (chosen.size > largest) return say("large");
    say("working");
    try {
      field.value = hex(await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer()));
      form.submit();
    } catch {
      say("failed");
    }
  };
  file.addEventListener("change", () => check(file.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    check(event.dataTransfer.files[0]);
  });
  form.hidden = false;
}

if (window.crypto?.subtle) document.querySelectorAll("[data-paper]").forEach(prepare);
