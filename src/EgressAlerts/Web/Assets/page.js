// The pages work without this script. It adds buttons that copy, and shows anew what is live.
"use strict";

for (const block of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const text = block.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers refuse the clipboard to pages without TLS. A selection can still be copied by hand.
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
      return;
    }
    button.textContent = "Copied";
  });
  block.append(button);
}

const seconds = 15;

// Replaces the parts that are marked as live by those of a page that was just made. Leaves alone what somebody reads with a selection or the keyboard.
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
      const isInUse = part.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(part, true));
      if (fresh && !isInUse && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
    }
    document.documentElement.classList.remove("stale");
  } catch {
    document.documentElement.classList.add("stale"); // The service does not answer: what is shown is old.
  }
}

if (document.querySelector("[data-live]")) setInterval(refresh, seconds * 1000);
