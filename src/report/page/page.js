// A tip at once and beside the pointer; without this the browser shows the same titles after a while.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
document.querySelectorAll(".tips circle").forEach((circle) => {
  const title = circle.querySelector("title");
  const text = title.textContent;
  circle.addEventListener("pointerenter", () => { title.textContent = ""; tip.textContent = text; tip.hidden = false; });
  circle.addEventListener("pointermove", (e) => {
    tip.style.left = Math.min(e.clientX + 12, innerWidth - tip.offsetWidth - 4) + "px";
    tip.style.top = e.clientY + 14 + "px";
  });
  circle.addEventListener("pointerleave", () => { title.textContent = text; tip.hidden = true; });
});
