"""The kinds of problem that a digest can have: one table, with the code by which each is named.

Owns codes, names and what is said about them; refuses finding problems.  A code is a contract: people put it into
`--strict=`, into their config and into monitors.  It is never given to another kind and never changed; a kind that
is no longer found keeps its entry, and a new one takes the next free number of its ten.  After a change here:
`python tools/write_problems.py > docs/problems.md`, and a new code goes into the list of `tests/test_problems.py`.

    D00x  files: what cannot be read, or only with a guess
    D01x  dates
    D02x  items and their labels
    D03x  links and arXiv ids
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

FILE = "2024-11-11.md"
"""The name of an example's digest where it has no other."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem, for people.

    `kind` is the name that a `model.Problem` has.  `effect` tells what digestfeed makes of it and why that matters,
    `advice` what to do.  `example` is a digest that has this problem and no other, to be saved as `file`; where that
    takes more than a text, `command` has the lines of a shell that make one, beside an empty folder `digests`.
    `unread`: nothing of the file was read, so that each build tells of it again.
    """

    code: str
    kind: str
    meaning: str
    effect: str
    advice: str
    example: str = ""
    file: str = FILE
    command: str = ""
    unread: bool = False


ENTRIES = (
    # -- D00x: files ----------------------------------------------------------------------------------------
    Entry(
        code="D001",
        kind="unreadable",
        meaning="a file or folder that cannot be opened or read",
        effect=(
            "It has the wrong permissions, is a link to nothing, lies on a disk with a fault, or went away while it "
            "was read. Nothing of it is taken in. What an earlier build took from it stays published, and every "
            "build tells of it again until it can be read or is deleted."
        ),
        advice=(
            "Let the user who runs the build read it (`ls -l` shows who may), and mend or remove a link that leads "
            "to nothing. If the digest is meant to be gone, delete it: then its papers go too."
        ),
        command="ln -s nowhere.md digests/2024-11-11.md",
        unread=True,
    ),
    Entry(
        code="D002",
        kind="not-text",
        meaning="a file whose bytes are not text in an encoding that digestfeed knows",
        effect=(
            "Its bytes are neither UTF-8, nor UTF-16 with its mark, nor CP949, the old encoding of Korean. Nothing of "
            "it is taken in; what an earlier build took from it stays published, and every build tells of it again."
        ),
        advice="Save the file as UTF-8. If it is no digest (a picture, an archive), give it its own suffix or move it.",
        command=r"printf '\200\201\377\377' > digests/2024-11-11.md",
        unread=True,
    ),
    Entry(
        code="D003",
        kind="encoding",
        meaning="a file that is not UTF-8, and was read by the encoding that it seems to have",
        effect=(
            "It is published as it was read. CP949 has no mark of its own: nearly any Korean text in it is read "
            "rightly, but bytes of another encoding may come out as wrong letters."
        ),
        advice="Look at the item on the site, and save the file as UTF-8: `iconv -f CP949 -t UTF-8 OLD > NEW`.",
        command=(
            r"printf '## \301\246\270\361: YuLan-Mini\n**\277\344\276\340**: \300\333\264\331.\n' "
            "> digests/2024-11-11.md"
        ),
    ),
    Entry(
        code="D004",
        kind="too-large",
        meaning="a file with more bytes than the config allows",
        effect=(
            "Nothing of it is taken in: a file that large is rather a log or a dump than a digest, and reading it "
            "would take memory. What an earlier build took from it stays published, and every build tells of it again."
        ),
        advice="Move it out of the digests folder, cut it into several, or raise `max_bytes` under `[digests]`.",
        command="truncate -s 64000001 digests/2024-11-11.md",
        unread=True,
    ),
    Entry(
        code="D005",
        kind="bad-file-name",
        meaning="a file name that cannot be printed: no UTF-8, or with control characters",
        effect=(
            "Nothing of it is taken in: the name goes into messages, pages and data files, and would break lines or "
            "steer a terminal there. The message shows such characters as escapes."
        ),
        advice="Rename the file: `ls -b` shows its name with escapes.",
        command="touch \"digests/2024-11-11$(printf '\\r').md\"",
        unread=True,
    ),
    Entry(
        code="D006",
        kind="link-outside",
        meaning="a symbolic link that leads out of the digests folder",
        effect=(
            "It is not followed: digests are untrusted, and a link could publish any file of this machine. Links "
            "within the folder are followed."
        ),
        advice="Put the file itself into the folder, or give the folder that it lies in to `digestfeed build`.",
        command="echo 'not a digest' > elsewhere.md\nln -s ../elsewhere.md digests/2024-11-11.md",
        unread=True,
    ),
    Entry(
        code="D007",
        kind="not-a-file",
        meaning="something named like a digest that is not a file: a pipe, a socket, a device",
        effect="It is left alone: reading it could wait for ever.",
        advice="Remove it, or give it a name that does not end in `.md`, `.markdown` or `.txt`.",
        command="mkfifo digests/2024-11-11.md",
        unread=True,
    ),
    Entry(
        code="D008",
        kind="no-digest",
        meaning="a file in which there is no item",
        effect=(
            "Nothing of it is published. An item is what has a title or an arXiv link and a text, under labels that "
            "digestfeed knows (`제목`, `요약`, `Title`, `Summary` and their like). So it is another text, or an empty "
            "file, or the model wrote an apology, or it wrote its digest in a form that is not known."
        ),
        advice=(
            "If it is no digest, move it away or let its name begin with a dot. If it is one, compare it with those "
            "that are read; `digestfeed check --format json` lists its text under `chatter`."
        ),
        example="죄송합니다. 오늘은 가져올 논문이 없습니다.\n",
    ),
    # -- D01x: dates ----------------------------------------------------------------------------------------
    Entry(
        code="D011",
        kind="undated",
        meaning="an item that has neither a date nor an arXiv id",
        effect=(
            "It is kept in `archive/undated/` and is in no feed: a feed needs to know when it came. A day is taken "
            "from the digest's heading, its file name, its path, or else the arXiv id."
        ),
        advice="Name the file by its day, `2024-11-11.md`, or write a heading such as `## Daily Papers (2024-11-11)`.",
        example="## 제목: 새 소식\n**요약**: 소식이 있다.\n**링크**: https://news.example/a\n",
        file="news.md",
    ),
    Entry(
        code="D012",
        kind="bad-date",
        meaning="a date or time that does not exist",
        effect=(
            "It is passed over, and the day is taken from what else gives one: the file name, the path, else the "
            "arXiv ids. The items are published all the same; with no other date they are dated by guess, or not "
            "at all."
        ),
        advice="Correct the heading or rename the file. A model that makes up dates should be given the day to write.",
        example=(
            "## Daily Papers (2024-11-31)\n\n"
            "### [YuLan-Mini](https://arxiv.org/abs/2411.17743)\n\n- 작은 모델을 적은 데이터로 학습한다.\n"
        ),
        file="papers.md",
    ),
    Entry(
        code="D013",
        kind="date-mismatch",
        meaning="a heading, a file name and a path that give different days",
        effect=(
            "The heading counts before the file name, and that before the folders. If the heading is the one that is "
            "wrong, the papers appear under the wrong day."
        ),
        advice=(
            "Correct the one that is wrong. Headings of other days are no problem in a file of several days; there "
            "each has its own."
        ),
        example=(
            "## Daily Papers (2024-11-10)\n\n"
            "### [YuLan-Mini](https://arxiv.org/abs/2411.07743)\n\n- 작은 모델을 적은 데이터로 학습한다.\n"
        ),
    ),
    Entry(
        code="D014",
        kind="from-the-future",
        meaning="a digest of a day that has not come",
        effect=(
            "It is held back, and published by the first build on its day: readers would keep an entry of the future "
            "at the top for as long. The day is that of the config's `timezone`."
        ),
        advice="Correct the year or the day. If the day has come where you are, set `timezone` in the config.",
        example=(
            "## Daily Papers (2099-11-11)\n\n"
            "### [YuLan-Mini](https://arxiv.org/abs/2411.07743)\n\n- 작은 모델을 적은 데이터로 학습한다.\n"
        ),
        file="papers.md",
    ),
    # -- D02x: items and their labels -----------------------------------------------------------------------
    Entry(
        code="D021",
        kind="missing-title",
        meaning="an item without a title",
        effect=(
            "It is published, with the paper's title from another digest if there is one, else as `arXiv:2411.07743`."
        ),
        advice="Write the title. Where a model often leaves it out, ask for the link and the title in one: `[T](URL)`.",
        example=(
            "## 제목:\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            "**PDF 다운로드 링크**: https://arxiv.org/pdf/2411.07743\n"
        ),
    ),
    Entry(
        code="D022",
        kind="no-identity",
        meaning="an item with neither a title nor an arXiv id",
        effect="It is not published: nothing tells it from others, or would lead a reader to it.",
        advice="Write its title or its arXiv link.",
        example="## 제목: (제목 없음)\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n**추천수**: 3\n",
    ),
    Entry(
        code="D023",
        kind="repeated-label",
        meaning="a label that stands a second time in one item",
        effect=(
            "The first value counts, the line with the second is left out. Often two items have run together, "
            "because the second has no title or no rule (`---`) above it."
        ),
        advice="Put a title or a rule above what is another item, else remove one of the two.",
        example=(
            "## 제목: YuLan-Mini\n**관련분야**: 자연어 처리\n**추천수**: 3\n**추천수**: 5\n"
            "**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
        ),
    ),
    Entry(
        code="D024",
        kind="empty-label",
        meaning="a label with nothing behind it",
        effect="The item is published without that value.",
        advice="Write the value; `없음` or `N/A` says that there is none, and is no problem. Or remove the label.",
        example="## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n**추천수**:\n",
    ),
    Entry(
        code="D025",
        kind="bad-number",
        meaning="votes or importance without a number",
        effect="The item is published without it, and cannot enter the lists of papers with most votes by this digest.",
        advice="Write digits (`42`, `1.2k`, `8/10`), or `없음` or `N/A` where there is none.",
        example="## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n**추천수**: 매우 많음\n",
    ),
    Entry(
        code="D026",
        kind="lost-item",
        meaning="a title with labels that is no item, because it has neither a link nor a summary",
        effect=(
            "It is not published. An item needs a link to a paper, in its title or under a label, or a summary under a "
            "label; what is written here has lost both, mostly because the link in the title is damaged."
        ),
        advice="Mend the link in the title, or put a label such as `**요약**:` before the text.",
        example=(
            "### [YuLan-Mini](https://arxiv.org/abs/2411.07743)\n\nVote: 12\n\n- 적은 데이터로 학습한다.\n\n"
            "### [LLaMA-Mesh](htps://arxiv.org/abs/2411.09595)\n\nVote: 9\n\n- 언어 모델이 3D 메쉬를 만든다.\n"
        ),
    ),
    Entry(
        code="D027",
        kind="too-long",
        meaning="a title, text, field or author too long to be one, or more of them than can be",
        effect=(
            "It is cut, and published so. Mostly a line break or a comma is missing, or the model wrote a text where "
            "a name belongs."
        ),
        advice="Write the title on a line of its own, and each field and author behind a comma or on its own line.",
        example=(
            "## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            f"**관련분야**: 이 논문은 다음 분야와 관련이 있다{' 그리고 자연어 처리' * 20}\n"
        ),
    ),
    # -- D03x: links and arXiv ids --------------------------------------------------------------------------
    Entry(
        code="D031",
        kind="broken-link",
        meaning="a Markdown link that does not end",
        effect=(
            "The digest was cut off, or a bracket is missing. An arXiv id that is whole in it counts; otherwise the "
            "item has no link, and if that was its only one, it is not known as the paper that it is."
        ),
        advice="Write `[text](URL)` to the end. If it is the last line, let the model write the digest anew.",
        example=(
            "## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            "**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/2411.07743\n"
        ),
    ),
    Entry(
        code="D032",
        kind="bad-link",
        meaning="a link or picture that may not be published",
        effect=(
            "Only `http://` and `https://` links to a host, without user name and blanks, go into feeds and pages. "
            "This one is left out; the rest of the item is published."
        ),
        advice="Write the address in full: `https://arxiv.org/abs/2411.07743`.",
        example=(
            "## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            "**PDF 다운로드 링크**: [PDF 다운로드](arxiv.org/pdf/2411.07743)\n"
        ),
    ),
    Entry(
        code="D033",
        kind="bad-arxiv-id",
        meaning="a link to arXiv with an id that arXiv never gives",
        effect=(
            "Months end with 12, numbers begin with 1 and have five digits since 2015: a digit is missing or the model "
            "made the id up. The link stays, but does not name the paper, so that the item is not merged with others."
        ),
        advice="Look the paper up by its title, and write its id.",
        example=(
            "## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            "**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/2413.07743)\n"
        ),
    ),
    Entry(
        code="D034",
        kind="id-mismatch",
        meaning="a link and a thumbnail of two different papers",
        effect=(
            "The link counts. One of the two belongs to another item: the model has mixed up two papers, and title or "
            "summary may be mixed up too."
        ),
        advice="Look the paper up, and correct the link or the picture.",
        example=(
            "### [YuLan-Mini](https://arxiv.org/abs/2411.07743)\n\n"
            "![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2411.05000.png)\n\n"
            "- 작은 모델을 적은 데이터로 학습한다.\n"
        ),
    ),
    Entry(
        code="D035",
        kind="id-after-digest",
        meaning="an arXiv id of a later month than its digest",
        effect=(
            "The item is published under that id and the digest's day, but one of the two is wrong: no digest can "
            "show a paper that was not yet there."
        ),
        advice="Look the paper up by its title, and correct the id, or the day of the digest.",
        example=(
            "## 제목: YuLan-Mini\n**요약**: 작은 모델을 적은 데이터로 학습한다.\n"
            "**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/2412.17743)\n"
        ),
    ),
)

BY_CODE = {entry.code: entry for entry in ENTRIES}
BY_KIND = {entry.kind: entry for entry in ENTRIES}
ALL = frozenset(BY_CODE)
"""Every code."""

UNREAD = frozenset(entry.kind for entry in ENTRIES if entry.unread)
"""The kinds of what was not read at all: it stays wrong until somebody mends it."""


def select(names: Iterable[str]) -> frozenset[str]:
    """Give the codes of problems named by code or kind, in any case: `D012`, `bad-date`; `all` is every one.

    Raises:
        ValueError: there is no such problem; says which is meant, if that can be told.
    """
    chosen: set[str] = set()
    for name in names:
        chosen |= ALL if name.lower() == "all" else {find(name).code}
    return frozenset(chosen)


def find(name: str) -> Entry:
    """Give the entry of a code or kind, in any case.

    Raises:
        ValueError: there is none.
    """
    found = BY_CODE.get(name.upper()) or BY_KIND.get(name.lower())
    if found is not None:
        return found
    import difflib  # noqa: PLC0415 -- every run needs this table, and few have slips in them

    near = difflib.get_close_matches(name.lower(), BY_KIND, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"expected a code like D012 or a kind like bad-date, got {name!r}{hint}")
