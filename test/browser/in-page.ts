// Functions that run inside of a page: each is sent there as text, so none may use anything outside of itself.
// The compiler knows no DOM here, on purpose: it would then know one in workflows too. These are the parts that are used.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  width: number;
}

interface PageElement {
  readonly tagName: string;
  readonly textContent: string;
  readonly childNodes: Iterable<{ nodeType: number; textContent: string }>;
  readonly parentElement: PageElement | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  getBoundingClientRect(): Box;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

declare const document: { documentElement: PageElement; querySelectorAll(selector: string): Iterable<PageElement> };
declare const getComputedStyle: (element: PageElement) => {
  color: string;
  fill: string;
  backgroundColor: string;
  overflowX: string;
};
declare const DOMParser: new () => {
  parseFromString(html: string, type: string): { querySelectorAll(selector: string): Iterable<PageElement> };
};

export interface TextColours {
  text: string;
  /** CSS colours as computed. */
  ink: string;
  paper: string;
}

/** Pixels by which the page is wider than its window. */
export function pageOverflow(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}

/** Every element that shows text of its own, with its colour and that of the nearest ground below it. */
export function textColours(): TextColours[] {
  const found: TextColours[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim());
    if (own.join('') === '' || element.getBoundingClientRect().width === 0) continue;
    const style = getComputedStyle(element);
    let ground: PageElement | null = element;
    while (ground !== null && /, 0\)$|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    found.push({
      text: own.join(' ').slice(0, 40),
      ink: element.tagName === 'text' ? style.fill : style.color,
      paper: getComputedStyle(ground ?? document.documentElement).backgroundColor,
    });
  }
  return found;
}

export interface ChartTexts {
  chart: Box;
  texts: { text: string; box: Box }[];
}

/** Where the words of each chart on show are, in pixels. */
export function chartTexts(): ChartTexts[] {
  const box = ({ left, top, right, bottom, width }: Box): Box => ({ left, top, right, bottom, width });
  return [...document.querySelectorAll('figure svg')]
    .filter((svg) => svg.getBoundingClientRect().width > 0)
    .map((svg) => ({
      chart: box(svg.getBoundingClientRect()),
      texts: [...svg.querySelectorAll('text')]
        .filter((text) => text.textContent.trim() !== '')
        .map((text) => ({ text: text.textContent, box: box(text.getBoundingClientRect()) })),
    }));
}

/** Elements that stick out of the window without a box around them that scrolls, and boxes that hide a part of what they hold. */
export function clippedElements(): string[] {
  const limit = document.documentElement.clientWidth + 0.5;
  const scrolls = (element: PageElement | null): boolean =>
    element !== null && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const hides = (element: PageElement): boolean =>
    /hidden|clip/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth;
  return [...document.querySelectorAll('body *:not(svg, svg *)')]
    .filter((element) => (element.getBoundingClientRect().right > limit && !scrolls(element.parentElement)) || hides(element))
    .map((element) => `${element.tagName}: ${element.textContent.slice(0, 40)}`);
}

/** Captions of the tables that have to be scrolled sideways. */
export function scrolledTables(): string[] {
  return [...document.querySelectorAll('.scroll')]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .map((box) => [...box.querySelectorAll('caption')].map((caption) => caption.textContent).join());
}

/** Parses a page as a browser does: the texts of what a selector finds, and how many elements there are but for marks of differences. */
export function parsedPage({ html, selector }: { html: string; selector: string }): { texts: string[]; others: number } {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return {
    texts: [...parsed.querySelectorAll(selector)].map((element) => element.textContent),
    others: [...parsed.querySelectorAll('*:not(mark)')].length,
  };
}
