// Narrows a list while somebody types, for forms that have
//
//   <div data-narrow data-says="found: #" data-says-none="none">
//     <input type="search" name="seek"> <div data-narrow-go>the button that finds without this module</div>
//     <input type="hidden" name="sought"> <p role="status" data-narrow-status></p>
//   </div>
//   <details data-narrow-theme> <p data-narrow-all>a button for the whole theme</p> <div data-words="folded words"> <input type="checkbox"> … </div> … </details>
//
// What is chosen stays shown. data-words are folded by the server as fold does here; each word that is typed has to begin one of them. The number found is said a moment
// after the last key. The page is whole without this module: its button narrows the list too.

const pause = 400; // milliseconds

const fold = (text) =>
  text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("œ", "oe").replaceAll("æ", "ae").replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function prepare(box) {
  const field = box.querySelector("[name=seek]");
  const sought = box.querySelector("[name=sought]");
  const status = box.querySelector("[data-narrow-status]");
  const themes = Array.from(field.form.querySelectorAll("[data-narrow-theme]"), (theme) => ({
    theme,
    all: theme.querySelector("[data-narrow-all]"),
    choices: Array.from(theme.querySelectorAll("[data-words]"), (choice) => ({ choice, words: ` ${choice.dataset.words}`, tick: choice.querySelector("input[type=checkbox]") })),
  }));
  const chosen = (t) => t.choices.some((c) => c.tick.checked);
  let stood = null; // which themes stood open before somebody typed
  let timer = 0;

  const narrow = () => {
    const words = fold(field.value).split(" ").filter(Boolean);
    const narrowed = words.length > 0;
    if (narrowed && !stood) stood = new Map(themes.map((t) => [t, t.theme.open]));
    let found = 0;
    for (const t of themes) {
      for (const c of t.choices) {
        const fits = words.every((w) => c.words.includes(` ${w}`));
        if (fits) found += 1;
        c.choice.hidden = narrowed && !fits && !c.tick.checked;
      }
      const shown = t.choices.some((c) => !c.choice.hidden);
      t.theme.hidden = !shown;
      if (t.all) t.all.hidden = narrowed;
      if (narrowed) t.theme.open = shown;
      else if (stood) t.theme.open = stood.get(t) || chosen(t);
    }
    if (!narrowed) stood = null;
    sought.value = field.value;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (!narrowed) status.textContent = "";
      else status.textContent = found ? box.dataset.says.replace("#", String(found)) : box.dataset.saysNone;
    }, pause);
  };

  box.querySelector("[data-narrow-go]").hidden = true;
  if (field.value) {
    stood = new Map(themes.map((t) => [t, chosen(t)]));
    narrow();
  }
  field.addEventListener("input", narrow);
  // Enter, or the search key of a telephone: it has found already.
  field.form.addEventListener("submit", (event) => {
    if (document.activeElement === field) event.preventDefault();
  });
}

document.querySelectorAll("[data-narrow]").forEach(prepare);
