// The search page: looks words up in the index that digestfeed wrote (render/search.py, docs/search.md).  What a
// query needs of it is loaded, newest papers first; nothing is asked of any other host.

const FORMAT = 1;
const PAGE = 20;
const MOST_WORDS = 8;
const MOST_PAIRS = 12;
const AT_ONCE = 12; // requests
const SHOW_EACH = 500; // ms, while older papers are still being searched

// -- terms: cut as render/search.py cuts them ----------------------------------------------------------------

const PAIRED = "가-힣\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff";
const RUN = new RegExp(`[${PAIRED}]+|(?:(?![${PAIRED}])[\\p{L}\\p{N}]){1,32}`, "gu");
const IS_PAIRED = new RegExp(`^[${PAIRED}]`, "u");

export const folded = (text) => text.normalize("NFKC").toLowerCase();
export const runs = (text) => folded(text).match(RUN) ?? [];

export function pairs(run) {
  const letters = [...run];
  if (letters.length < 2 || !IS_PAIRED.test(run)) return [run];
  return letters.slice(1).map((letter, at) => letters[at] + letter);
}

export const fileOf = (term, bits) => (bits ? Math.imul(term.codePointAt(0), 2654435761) >>> (32 - bits) : 0);

// Ascending numbers: the first, then the steps; big ones in two characters.
export function numbers(text) {
  const found = [];
  let last = 0;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    let step = 0;
    if (code >= 0x8000) {
      step = (code - 0x8000) * 0x4000;
      code = text.charCodeAt(at += 1);
    }
    last += step + code - 0x21;
    found.push(last);
  }
  return found;
}

// -- words of a query ------------------------------------------------------------------------------------------

const UNFINISHED = /^[\u1100-\u11ff]+$/; // letters of a syllable that is being typed

// A word is what a query asks for: terms of which each part must have all (pairs), or any (spelt alike).
export function wordsOf(query) {
  const found = [...new Set(runs(query))].filter((run) => !UNFINISHED.test(run)).slice(0, MOST_WORDS);
  return found.map((run) => ({ run, paired: IS_PAIRED.test(run), pairs: pairs(run).slice(0, MOST_PAIRS) }));
}

const IN_TITLE = { whole: 8, part: 5 };
const IN_TEXT = { whole: 2, part: 1 };

// Give the places that have a word, each with its weight.
function placesOf(word, table) {
  const found = new Map();
  const put = (line, rank) => {
    for (const place of line.all) found.set(place, Math.max(found.get(place) ?? 0, IN_TEXT[rank]));
    for (const place of line.titled) found.set(place, Math.max(found.get(place) ?? 0, IN_TITLE[rank]));
  };
  if (word.alike) {
    for (const term of word.alike) if (table.has(term)) put(table.line(term), "part");
  } else if (!word.paired) {
    const singular = word.run.length > 3 && word.run.endsWith("s") ? word.run.slice(0, -1) : null;
    for (const term of table.terms()) {
      if (term === word.run) put(table.line(term), "whole");
      else if (term === singular || (word.run.length > 1 && term.startsWith(word.run))) put(table.line(term), "part");
    }
  } else if (word.run.length === 1) {
    for (const term of table.terms()) if (term.startsWith(word.run)) put(table.line(term), term === word.run ? "whole" : "part");
  } else {
    return placesOfPairs(word, table);
  }
  return found;
}

function placesOfPairs(word, table) {
  const seen = new Map();
  const titled = new Map();
  const count = (counts, places) => { for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1); };
  for (const pair of word.pairs) {
    const { all, titled: inTitle } = table.line(pair);
    count(seen, all);
    count(titled, inTitle);
  }
  const need = word.need ?? word.pairs.length;
  const rank = word.need ? "part" : "whole";
  const found = new Map();
  for (const [place, times] of seen) {
    if (times >= need) found.set(place, (titled.get(place) ?? 0) >= need ? IN_TITLE[rank] : IN_TEXT[rank]);
  }
  return found;
}

// -- spelt alike -------------------------------------------------------------------------------------------------

// How many letters to change, add, drop or swap (optimal string alignment); at most `most`, else more than that.
export function distance(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      let cost = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + same);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) cost = Math.min(cost, before[j - 2] + 1);
      next.push(cost);
    }
    if (Math.min(...next) > most) return most + 1;
    [before, row] = [row, next];
  }
  return row[other.length];
}

const OPEN = 28; // syllables with one beginning and vowel: the first of them has no final consonant

// Whether a term is what a pair may become while its last syllable is still being typed.
function mayBecome(pair, term) {
  const [first, second] = [pair.charCodeAt(pair.length - 1) - 0xac00, term.charCodeAt(term.length - 1) - 0xac00];
  return term.length === 2 && term[0] === pair[0] && first % OPEN === 0 && second > first && second < first + OPEN;
}

// Give a word in another spelling that some paper has, or null.  `tables` are those that have its terms.
export function alike(word, tables) {
  if (!word.paired) return alikeLetters(word, tables);
  if (word.run.length < 2) return null;
  if (word.pairs.length > 1) {
    const need = Math.max(Math.ceil(word.pairs.length / 2), word.pairs.length - 2);
    return { ...word, need };
  }
  const found = new Set();
  for (const table of tables) for (const term of table.terms()) if (mayBecome(word.run, term)) found.add(term);
  return found.size ? { ...word, alike: [...found].sort(), said: [...found].sort()[0] } : null;
}

function alikeLetters(word, tables) {
  if (word.run.length < 4) return null;
  const most = word.run.length < 8 ? 1 : 2;
  const near = new Map();
  for (const table of tables) {
    for (const term of table.terms()) {
      const far = near.get(term)?.far ?? distance(word.run, term, most);
      if (far <= most) near.set(term, { far, papers: (near.get(term)?.papers ?? 0) + table.line(term).all.length });
    }
  }
  const best = [...near].sort(([a, x], [b, y]) => x.far - y.far || y.papers - x.papers || (a < b ? -1 : 1));
  const taken = best.filter(([, at]) => at.far === best[0][1].far).slice(0, 3).map(([term]) => term);
  return taken.length ? { ...word, alike: taken, said: taken[0] } : null;
}

// -- the index -----------------------------------------------------------------------------------------------------

const NO_LINE = { all: [], titled: [] };

// A file of terms, read as far as it is asked for.
class Table {
  #lines = new Map();

  constructor(text) {
    for (const line of text.split("\n").slice(1)) {
      const [term, all, titled] = line.split("\t");
      this.#lines.set(term, { coded: [all, titled] });
    }
  }

  terms() { return this.#lines.keys(); }
  has(term) { return this.#lines.has(term); }

  line(term) {
    const line = this.#lines.get(term);
    if (!line) return NO_LINE;
    if (line.coded) {
      const [all, titled] = line.coded;
      this.#lines.set(term, { all: numbers(all), titled: titled ? numbers(titled) : [] });
    }
    return this.#lines.get(term);
  }
}

// Several tables that are asked as one; a term is in only one of them.
class Tables {
  constructor(tables) { this.tables = tables; }
  *terms() { for (const table of this.tables) yield* table.terms(); }
  has(term) { return this.tables.some((table) => table.has(term)); }
  line(term) { return this.tables.find((table) => table.has(term))?.line(term) ?? NO_LINE; }
}

export class Index {
  #base;
  #files = new Map();
  #waiting = [];
  #free = AT_ONCE;
  #entry = null;

  constructor(address) {
    this.address = new URL(address, document.baseURI);
    this.#base = new URL(".", this.address);
  }

  // The parts of the index, newest first; asked for once, and again when a file of it is gone: a newer one is there.
  parts() {
    this.#entry ??= this.#read(this.address, { cache: "no-cache" }).then((text) => {
      const entry = JSON.parse(text);
      if (entry.format !== FORMAT) throw new Error(`the index has format ${entry.format}, this script reads ${FORMAT}`);
      return entry.parts.map((part) => ({ ...part, papersAFile: entry.papers_a_file }));
    });
    this.#entry.catch(() => { this.#entry = null; });
    return this.#entry;
  }

  forget() {
    this.#entry = null;
    this.#files.clear();
  }

  async table(part, name) {
    const table = await this.#file(`${part.folder}/${name}.txt`, (text) => new Table(text));
    return table;
  }

  // All tables that a word's terms can be in.
  async tables(part, word) {
    const files = new Set(word.pairs.map((term) => fileOf(term, part.bits)));
    return new Tables(await Promise.all([...files].map((number) => this.table(part, `w${number}`))));
  }

  async paper({ part, place }) {
    const number = Math.floor(place / part.papersAFile);
    const file = await this.#file(`${part.folder}/p${number}.json`, (text) => JSON.parse(text).papers);
    return file[place % part.papersAFile];
  }

  #file(path, parse) {
    let file = this.#files.get(path);
    if (!file) {
      file = this.#read(new URL(path, this.#base), {}).then(parse);
      file.catch(() => this.#files.delete(path));
      this.#files.set(path, file);
    }
    return file;
  }

  async #read(address, options) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => { this.#waiting.push(resolve); });
    try {
      const answer = await fetch(address, options);
      if (!answer.ok) throw new Error(`${answer.status} ${address}`);
      return await answer.text();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

// -- a query -------------------------------------------------------------------------------------------------------

const isWithin = (month, wanted) => !wanted || month === wanted || (wanted.length === 4 && month.startsWith(`${wanted}-`));

// The places of a part that the filters let through, as a function; null where they let none through.
async function gate(index, part, query) {
  const spans = [];
  let start = 0;
  for (const [month, count] of part.months) {
    if (isWithin(month, query.month)) spans.push([start, start + count]);
    start += count;
  }
  if (!spans.length) return null;
  const names = [query.field && `field:${query.field}`, query.votes && `votes:${query.votes}`].filter(Boolean);
  const table = names.length ? await index.table(part, "f") : null;
  const sets = names.map((name) => new Set(table.line(name).all));
  const isIn = (place) => spans.some(([from, to]) => from <= place && place < to);
  return { total: start, pass: (place) => isIn(place) && sets.every((set) => set.has(place)) };
}

// What of one part matches: places with their score; and of each word, whether any paper of the part has it.
async function matches(index, part, words, query) {
  const [let_in, ...tables] = await Promise.all([gate(index, part, query), ...words.map((word) => index.tables(part, word))]);
  const lists = words.map((word, at) => placesOf(word, tables[at]));
  const known = lists.map((list) => list.size > 0);
  const found = [];
  if (let_in) {
    const [first, ...others] = lists;
    const candidates = first ? first.keys() : Array.from({ length: let_in.total }, (_, place) => place);
    for (const place of candidates) {
      if (others.every((list) => list.has(place)) && let_in.pass(place)) {
        found.push({ part, place, score: lists.reduce((sum, list) => sum + list.get(place), 0) });
      }
    }
  }
  return { found, known, tables };
}

// Search all parts, newest first; `said` hears of what is found on the way.
async function searchParts(index, parts, words, query, said) {
  const all = [];
  const known = words.map(() => false);
  const tables = words.map(() => []);
  const left = parts.map((part, order) => ({ part, order }));
  const work = async () => {
    while (left.length && !said.isOver()) {
      const { part, order } = left.shift();
      const result = await matches(index, part, words, query);
      for (const match of result.found) all.push({ ...match, order });
      result.known.forEach((is, at) => { known[at] ||= is; });
      result.tables.forEach((table, at) => { tables[at].push(table); });
      said.found(all);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return { all, known, tables };
}

function sorted(all, order) {
  const newest = (a, b) => a.order - b.order || b.place - a.place;
  return all.sort(order === "new" ? newest : (a, b) => b.score - a.score || newest(a, b));
}

// Give all matches in order, and the words that were taken for others.
export async function search(index, query, said = { isOver: () => false, found: () => {} }) {
  const words = wordsOf(query.q);
  const parts = await index.parts();
  const first = await searchParts(index, parts, words, query, said);
  if (first.all.length || first.known.every(Boolean)) return { all: sorted(first.all, query.order), like: "" };
  const others = words.map((word, at) => (first.known[at] ? word : alike(word, first.tables[at])));
  if (said.isOver() || others.includes(null)) return { all: [], like: "" };
  const second = await searchParts(index, parts, others, query, said);
  const like = others.map((word) => word.said ?? word.run).join(" ");
  return { all: sorted(second.all, query.order), like, isNamed: others.every((word, at) => first.known[at] || word.said) };
}

// -- excerpts ------------------------------------------------------------------------------------------------------

const AROUND = 70;
const LENGTH = 200;

// Where words stand in a text: spans of it, in order, none within another.
export function spans(text, asked) {
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return [];
  const found = [];
  for (const word of asked.filter(Boolean)) {
    const paired = IS_PAIRED.test(word);
    const pattern = new RegExp(paired ? `()(${[...word].join(" ?")})` : `(^|[^\\p{L}\\p{N}]|[${PAIRED}])(${word})`, "gu");
    for (const match of lower.matchAll(pattern)) {
      const start = match.index + match[1].length;
      found.push([start, start + match[2].length]);
    }
  }
  found.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  return found.filter(([from], at) => at === 0 || from >= Math.max(...found.slice(0, at).map(([, to]) => to)));
}

// Put a text into an element, with what was asked for marked.
function putMarked(element, text, asked) {
  let end = 0;
  for (const [from, to] of spans(text, asked)) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from, to);
    element.append(text.slice(end, from), mark);
    end = to;
  }
  element.append(text.slice(end));
}

export function excerpt(text, asked) {
  const [first] = spans(text, asked);
  const blank = first && first[0] > AROUND ? text.indexOf(" ", first[0] - AROUND) : -1;
  const start = blank >= 0 && blank < first[0] ? blank + 1 : 0;
  if (text.length <= start + LENGTH) return (start ? "… " : "") + text.slice(start);
  const end = text.lastIndexOf(" ", start + LENGTH);
  return `${start ? "… " : ""}${text.slice(start, end > start ? end : start + LENGTH)}…`;
}

// -- the page ------------------------------------------------------------------------------------------------------

const form = document.getElementById("search");
if (form) begin(form);

function begin(form) {
  const index = new Index(form.dataset.entry);
  const status = document.getElementById("said");
  const found = document.getElementById("found");
  const list = found.querySelector(".papers");
  const more = found.querySelector(".more button");
  const names = new Map([...form.elements.field.options].map((option) => [option.value, option.text]));
  const language = document.documentElement.lang.split("-")[0];
  let turn = 0;
  let shown = { all: [], asked: [], count: 0 };

  const setBusy = (is) => found.setAttribute("aria-busy", String(is));
  const query = () => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const tell = (name, values = {}) => {
    const text = status.dataset[values.n === 1 && `${name}-1` in status.dataset ? `${name}-1` : name] ?? status.dataset[name];
    const put = { ...values, n: (values.n ?? 0).toLocaleString(language) };
    status.textContent = text.replace(/\{(\w+)\}/g, (_, key) => put[key]);
  };

  // The lists of a page: the papers as the site's other lists show them.
  const item = (paper, asked) => {
    const [key, title, day, votes, fields, text] = paper;
    const row = document.createElement("li");
    const heading = add(row, "h3", "");
    const link = add(heading, "a", "");
    link.href = addressOf(key);
    spell(heading, title);
    putMarked(link, title, asked);
    const body = add(row, "p", "teaser");
    spell(body, text);
    putMarked(body, excerpt(text, asked), asked);
    const tags = add(row, "p", "tags");
    if (day) {
      const time = add(tags, "time", "");
      time.dateTime = time.textContent = day;
    }
    for (const slug of fields) {
      const tag = add(tags, "a", "");
      tag.href = `feeds/${slug}/index.html`;
      tag.textContent = names.get(slug) ?? slug;
    }
    if (votes !== null) {
      const figure = document.createElement("p");
      figure.className = "votes";
      const said = add(figure, "span", "vh");
      said.textContent = `${form.elements.votes.labels[0].firstChild.textContent.trim()} `;
      figure.append(votes.toLocaleString(language));
      row.prepend(figure);
    }
    return row;
  };

  // A text's language where it is not the page's: Korean is told by its letters.
  const spell = (element, text) => {
    const spoken = /[가-힣]/.test(text) ? "ko" : language === "ko" && /[a-z]/i.test(text) ? "en" : language;
    if (spoken !== language) element.lang = spoken;
  };

  const show = async (mine, count) => {
    const { all, asked } = shown;
    const papers = await Promise.all(all.slice(0, count).map((match) => index.paper(match)));
    if (mine !== turn) return;
    list.replaceChildren(...papers.map((paper) => item(paper, asked)));
    shown.count = papers.length;
    more.hidden = papers.length >= all.length;
  };

  const run = async () => {
    const mine = (turn += 1);
    setBusy(true);
    const asked = query();
    remember(asked);
    const words = wordsOf(asked.q);
    if (!words.length && !asked.field && !asked.month && !asked.votes) {
      list.replaceChildren();
      more.hidden = true;
      tell(asked.q ? "short" : "hint");
      setBusy(false);
      return;
    }
    const busy = setTimeout(() => { if (mine === turn) tell("busy"); }, SHOW_EACH);
    let last = performance.now();
    const said = {
      isOver: () => mine !== turn,
      found: (all) => {
        if (mine !== turn || !all.length || performance.now() - last < SHOW_EACH) return;
        last = performance.now();
        shown = { all: sorted([...all], asked.order), asked: words.map((word) => word.run), count: 0 };
        show(mine, PAGE).catch(() => {});
      },
    };
    try {
      const { all, like, isNamed } = await twice(async () => {
        const result = await search(index, asked, said);
        if (mine === turn) {
          shown = { all: result.all, asked: [...words.map((word) => word.run), ...result.like.split(" ")], count: 0 };
          await show(mine, PAGE);
        }
        return result;
      }, index);
      if (mine === turn) tell(!all.length ? "nothing" : !like ? "found" : isNamed ? "like" : "near", { n: all.length, words: like });
    } catch (error) {
      console.warn(error);
      if (mine === turn) tell("failed");
    } finally {
      clearTimeout(busy);
      if (mine === turn) setBusy(false);
    }
  };

  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    turn += 1;
    setBusy(true);
    timer = setTimeout(run, 200);
  };
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    run();
  });
  more.addEventListener("click", async () => {
    const before = shown.count;
    await show(turn, before + PAGE).catch(() => tell("failed"));
    list.children[before]?.querySelector("a").focus();
  });
  addEventListener("popstate", () => { recall(form); run(); });

  document.getElementById("needs").hidden = true;
  recall(form);
  if (!form.elements.q.value) form.elements.q.focus({ preventScroll: true });
  run();
}

// A build may have replaced the index since the page was loaded: then its files are gone, and the new ones are asked.
async function twice(attempt, index) {
  try {
    return await attempt();
  } catch {
    index.forget();
    return attempt();
  }
}

function add(parent, name, kind) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  parent.append(element);
  return element;
}

// As urls.paper_path has it.
function addressOf(key) {
  if (key.startsWith("item-")) return `papers/items/${key.slice(5)}.html`;
  return key.includes("/") ? `papers/${key}.html` : `papers/${key.slice(0, 4)}/${key}.html`;
}

// The address of the page holds the query, so that a search can be linked, kept, and gone back to.
function remember(asked) {
  const kept = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  const address = kept.size ? `?${kept}` : location.pathname;
  if (location.search !== (kept.size ? `?${kept}` : "")) history.replaceState(null, "", address);
}

function recall(form) {
  const asked = new URLSearchParams(location.search);
  for (const name of ["q", "field", "month", "votes", "order"]) {
    form.elements[name].value = asked.get(name) ?? "";
    if (form.elements[name].selectedIndex === -1) form.elements[name].value = "";
  }
}
