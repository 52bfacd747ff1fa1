// What a page looks like, as lists of what is wrong with it; empty lists are good.
(() => {
  const told = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} "${e.textContent.trim().slice(0, 40)}"`;
  const all = [...document.querySelectorAll("body *")].filter((e) => !e.ownerSVGElement);
  const scrolls = (e) => matchMedia("screen").matches && ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const isInScroller = (e) => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (scrolls(p)) return true;
    return false;
  };
  const box = (e) => e.getBoundingClientRect();
  const sticksOut = (e) => box(e).width > 0 && (box(e).right > innerWidth + 0.5 || box(e).left < -0.5);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parsed = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const behind = (e) => {
    for (let p = e; p; p = p.parentElement) {
      const [r, g, b, a = 1] = parsed(getComputedStyle(p).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const contrast = (e) => {
    const [a, b] = [light(parsed(getComputedStyle(e).color).slice(0, 3)), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && box(e).width > 0;
  const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1]));
  const pictures = [...document.querySelectorAll("img,svg")].filter((e) => !e.ownerSVGElement);
  return {
    width: innerWidth,
    wider: document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} px wide`] : [],
    sticking: all.filter((e) => sticksOut(e) && !isInScroller(e)).map(told),
    unseen: pictures.filter((e) => box(e).width < 100 || box(e).height < 50 || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || (e.tagName === "IMG" && !e.naturalWidth)).map(told),
    pictures: pictures.length,
    faint: all.filter((e) => hasText(e) && contrast(e) < 4.5).map((e) => `${told(e)}: ${contrast(e).toFixed(2)}`),
    unreachable: all.filter((e) => e.scrollWidth > e.clientWidth + 1 && scrolls(e) && !(e.tabIndex >= 0 && e.getAttribute("aria-label"))).map(told),
    headings: levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1 || (level === 1) !== (i === 0)).map((level) => `h${level} is out of order`),
    columns: [...document.querySelectorAll("th")].filter((th) => !th.scope || !th.textContent.trim()).map(told),
    scripts: document.scripts.length,
    language: document.documentElement.lang,
    paper: getComputedStyle(document.body).backgroundColor,
    text: document.querySelector("main").textContent,
    shown: document.querySelector("main").innerText.length,
  };
})()
