// What pages do better with a script; without it nothing is missing.
"use strict";

// What was done, for those who do not see it.
const said = document.createElement("p");
said.className = "vh";
said.setAttribute("role", "status");
document.body.append(said);

// Buttons that copy the text beside them: hidden until this file is here.
for (const button of document.querySelectorAll("button[data-done]")) {
  const source = button.parentElement.querySelector("code, pre");
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (await copied(source)) {
      button.textContent = said.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; said.textContent = ""; }, 2000);
    }
  });
}

// The clipboard is there on https only; elsewhere the text is selected and copied as a hand would.
async function copied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

// A picture that does not come leaves no hole.
const drop = (image) => (image.closest("figure") ?? image).remove();
for (const image of document.images) {
  if (image.complete && image.naturalWidth === 0) drop(image);
  else image.addEventListener("error", () => drop(image));
}
