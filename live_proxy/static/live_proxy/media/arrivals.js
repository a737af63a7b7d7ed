// @ts-check
/** How files come to the page: picked, pasted, dropped. */

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} stage takes what is pasted, and shows that something may be dropped
 * @param {(files: File[]) => void} add
 */
export function enableArrivals(input, stage, add) {
  input.addEventListener("change", () => {
    add([...(input.files ?? [])]);
    input.value = "";
  });
  stage.addEventListener("paste", (event) => {
    // Office puts a picture of what it copies beside the text, which is what is meant.
    if (event.clipboardData?.types.includes("text/plain")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) event.preventDefault();
    add(files);
  });
  // Anywhere: beside the stage the browser would leave the page to show the file.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    stage.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? stage.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    stage.classList.remove("dropping");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}
