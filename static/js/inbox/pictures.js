// Pictures, drawn anew by the browser: small ones to look at, and JPEG where WhatsApp wants that.
const SMALL = 96;
const LONGEST = 4096;
const QUALITIES = [0.9, 0.75, 0.6];

// Returns the picture on a canvas whose longer side is at most so long; null for what is none.
async function drawn(file, longest) {
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, longest / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff"; // JPEG has no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return canvas;
  } catch {
    return null;
  }
}

// An address that the page's policy allows: the picture itself, small.
export async function thumbnail(file) {
  const canvas = await drawn(file, SMALL);
  return canvas?.toDataURL("image/jpeg", 0.8) ?? "";
}

export async function asJpeg(file, most) {
  const canvas = await drawn(file, LONGEST);
  if (!canvas) return null;
  const name = `${file.name.replace(/\.[^.]*$/, "") || "image"}.jpg`;
  for (const quality of QUALITIES) {
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= most) return new File([blob], name, { type: "image/jpeg" });
  }
  return null;
}
