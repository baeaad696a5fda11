// Buttons that copy a field beside them: data-copy is its id, data-done what the button then says.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  } catch {
    // Not allowed here: it stays selected, and the keyboard copies it.
  }
});
