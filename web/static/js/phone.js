// The page that waits for the citizen's phone: says how far it is, in an element
//
//   <p role="status" data-phone="/address of the state" data-page="/address of this page" data-state="made" data-says-made="text" data-says-…>
//
// and asks for the page again when it is over, which leads on. The page is whole without this module: it has a link that does the same.

const pause = 3000; // milliseconds
const box = document.querySelector("[data-phone]");

async function look() {
  const got = await fetch(box.dataset.phone, { headers: { Accept: "application/json" }, redirect: "error", cache: "no-store" });
  if (!got.ok) return { over: true }; // the page itself says why
  return got.json();
}

async function watch() {
  if (!document.hidden) {
    try {
      const { state, over } = await look();
      if (over) return window.location.replace(box.dataset.page);
      if (state !== box.dataset.state) {
        box.dataset.state = state;
        box.textContent = box.getAttribute(`data-says-${state}`) ?? "";
      }
    } catch {
      // no network for a moment, or signed out: the link stays
    }
  }
  window.setTimeout(watch, pause);
}

if (box) window.setTimeout(watch, pause);
