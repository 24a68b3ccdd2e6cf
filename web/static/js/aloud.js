// Reads a text of the page aloud, for pages that have an element
//
//   <p data-aloud="id of the text" data-lang="fr" data-says-stop="text" hidden><button type="button">read aloud</button></p>
//
// Only a voice that is on this computer reads it: the others send the text to somebody. Names and what else is marked data-unspoken are left out all the
// same. Where there is no such voice in the language there is no button, and the page is whole without this module.

const synthesis = window.speechSynthesis;

const voiceFor = (lang) => synthesis.getVoices().find((v) => v.localService === true && v.lang.toLowerCase().split(/[-_]/)[0] === lang);

// paragraphs are what is to be said: a voice stops in the middle of what is very long.
function paragraphs(source) {
  const copy = source.cloneNode(true);
  copy.querySelectorAll("[data-unspoken], [aria-hidden=true]").forEach((e) => e.remove());
  copy.querySelectorAll("br").forEach((e) => e.replaceWith(" "));
  return Array.from(copy.querySelectorAll("h3, p, li"), (e) => e.textContent.replace(/\s+/g, " ").replace(/ ,( ,)*/g, ",").trim()).filter((t) => /\p{L}/u.test(t));
}

function prepare(box) {
  const button = box.querySelector("button");
  const source = document.getElementById(box.dataset.aloud);
  const go = button.textContent;
  let reading = false;
  const stop = () => {
    reading = false;
    button.textContent = go;
    synthesis.cancel();
  };
  button.addEventListener("click", () => {
    if (reading) return stop();
    const voice = voiceFor(box.dataset.lang);
    if (!voice) return;
    synthesis.cancel();
    reading = true;
    button.textContent = box.dataset.saysStop;
    const all = paragraphs(source);
    all.forEach((text, n) => {
      const said = new SpeechSynthesisUtterance(text);
      said.voice = voice;
      said.lang = voice.lang;
      said.rate = 0.9;
      if (n === all.length - 1) said.addEventListener("end", stop);
      synthesis.speak(said);
    });
  });
  window.addEventListener("pagehide", () => synthesis.cancel());
  const look = () => {
    box.hidden = !voiceFor(box.dataset.lang);
  };
  look();
  synthesis.addEventListener?.("voiceschanged", look);
}

if (synthesis && window.SpeechSynthesisUtterance) document.querySelectorAll("[data-aloud]").forEach(prepare);
