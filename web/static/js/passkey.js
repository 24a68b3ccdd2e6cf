// Passkeys and security keys (WebAuthn Level 3) for pages that have an element
//
//   <div data-passkey="get", "create" or "sign" data-begin="/path" data-finish="/path" data-says-…="text">
//     <div data-passkey-with hidden> … <button type="button" data-passkey-go> … <p role="status" data-passkey-status></p></div>
//     <p data-passkey-without>what to do instead</p>
//   </div>
//
// The page is whole without this module: it only shows the button where the browser can, and speaks to the two addresses.
// begin gets {name} and answers what the browser is to sign, or a {location} to go to first; finish gets {name, response} and answers
// {location}. Both answer {problem} when they refuse, and the element says each problem in the page's language.
//
// With data-passkey="sign" the element stands in a form that a key signs. begin gets {form}, the values of its fields; what the key answers goes
// into the field data-passkey-answer, and the form is sent as without this module: it has no data-finish. Whatever goes wrong before, the form
// stays as it was filled in.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Safari before 18.4 and others know no parse…OptionsFromJSON and no toJSON.
const credentials = (list) => list?.map((c) => ({ ...c, id: bytes(c.id) }));

function creation(o) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(o);
  return { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: credentials(o.excludeCredentials) };
}

function request(o) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(o);
  return { ...o, challenge: bytes(o.challenge), allowCredentials: credentials(o.allowCredentials) };
}

function answer(c) {
  if (c.toJSON) {
    try {
      return c.toJSON();
    } catch {
      // some password managers wrap the credential in an object whose toJSON throws
    }
  }
  const response = { clientDataJSON: text(c.response.clientDataJSON) };
  if (c.response.attestationObject) {
    response.attestationObject = text(c.response.attestationObject);
    response.transports = c.response.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(c.response.authenticatorData);
    response.signature = text(c.response.signature);
    if (c.response.userHandle) response.userHandle = text(c.response.userHandle);
  }
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, response,
    authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: c.getClientExtensionResults(),
  };
}

class Refusal extends Error {}

function leave(location) {
  if (!location?.startsWith("/")) throw new Refusal("failed");
  window.location.assign(location);
}

async function ask(address, body) {
  const got = await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body), redirect: "error",
  });
  if (!got.headers.get("Content-Type")?.startsWith("application/json")) throw new Refusal("failed");
  const said = await got.json();
  if (!got.ok) throw new Refusal(said.problem ?? "failed");
  return said;
}

// problem says which of the page's texts tells of an error.
function problem(error) {
  if (error instanceof Refusal) return error.message;
  if (error.name === "NotAllowedError" || error.name === "AbortError") return "cancelled";
  if (error.name === "InvalidStateError") return "known";
  return "failed";
}

// sign has the form of the box signed, and sends it.
async function sign(box) {
  const form = box.closest("form");
  const begun = await ask(box.dataset.begin, { form: Object.fromEntries(new FormData(form)) });
  if (begun.location) return leave(begun.location);
  const made = await navigator.credentials.get({ publicKey: request(begun.publicKey ?? begun) });
  box.querySelector("[data-passkey-answer]").value = JSON.stringify(answer(made));
  form.submit();
}

async function run(box) {
  if (box.dataset.passkey === "sign") return sign(box);
  const create = box.dataset.passkey === "create";
  const name = box.querySelector("[data-passkey-name]")?.value ?? "";
  const begun = await ask(box.dataset.begin, { name });
  if (begun.location) return leave(begun.location);
  const options = begun.publicKey ?? begun;
  const made = create
    ? await navigator.credentials.create({ publicKey: creation(options) })
    : await navigator.credentials.get({ publicKey: request(options) });
  const { location } = await ask(box.dataset.finish, { name, response: answer(made) });
  return leave(location);
}

function prepare(box) {
  const button = box.querySelector("[data-passkey-go]");
  const status = box.querySelector("[data-passkey-status]");
  const say = (what) => {
    status.textContent = box.getAttribute(`data-says-${what}`) ?? box.getAttribute("data-says-failed");
  };
  box.querySelector("[data-passkey-with]").hidden = false;
  box.querySelector("[data-passkey-without]").hidden = true;
  let running = false;
  // Who comes back to a form that was sent has not signed it anew.
  window.addEventListener("pageshow", () => {
    const answered = box.querySelector("[data-passkey-answer]");
    if (!answered) return;
    answered.value = status.textContent = "";
    running = false;
    button.removeAttribute("aria-disabled");
  });
  button.addEventListener("click", async () => {
    if (running) return;
    running = true;
    button.setAttribute("aria-disabled", "true");
    say("waiting");
    try {
      await run(box);
    } catch (error) {
      say(problem(error));
      running = false;
      button.removeAttribute("aria-disabled");
    }
  });
  box.querySelector("[data-passkey-name]")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      button.click();
    }
  });
}

if (window.PublicKeyCredential && navigator.credentials?.get) {
  document.querySelectorAll("[data-passkey]").forEach(prepare);
}
