"""Text of a digest file → its digests of items; every non-blank line is consumed or reported.

Owns the grammar; refuses dates (a heading's date is passed on as written) and fields (labels likewise).

    file     = front matter? section*            fences of Markdown around items count for nothing
    section  = (item | chatter)*                 a dated heading begins one: `## Daily Papers (2024-10-18)`
    item     = head (label value)* rule? | head text link | listed
    listed   = `- **[X](paper)** - about X`      each line an item
    head     = image? heading? title?            in any order; a heading may itself be a link to the paper
    title    = label(제목 | Title | …) value, or a line that stands alone above the labels (`**1. X**`)
    labels   = label value (` | ` label value)*  links and tags in backquotes stand there without a label
    label    = `**words**:` | `## words` | `- **words**: ` | `words:` | `【words】` | `| words |`     see `labels`
    value    = the rest of the line, else the lines below; a text goes on over blank lines
    rule     = `---` and its like, also directly under a text

Levels of headings, order of labels, colons, bold, numbering, quotation and gloss are free.  A heading that is
followed by nothing of an item, text after the last value, and what a rule cuts off are chatter.

`lines` tells what a line is, `parts` what one says that says several things at once, and `labels` which words are
labels; `machine` goes through them, `state` tells what a line means in its place, `builder` acts on it, and `draft`,
`items` and `ledger` keep what that amounts to, with the `values` and `lists` behind the labels.
"""

from __future__ import annotations

from digestfeed.model import Parsed
from digestfeed.parse.ledger import Fate
from digestfeed.parse.machine import Machine

__all__ = ["Fate", "account", "parse"]


def parse(path: str, text: str) -> Parsed:
    r"""Parse the text of one file.

    Args:
        path: the file's path relative to the digests folder; it only goes into locations.
        text: the decoded text, lines ended by `\n`.

    Returns:
        The file's digests in order, and its chatter and problems in order of lines.  Never raises.
    """
    return Machine(path, text).parsed()


def account(path: str, text: str) -> dict[int, Fate]:
    """Tell what becomes of each line of a file that is not blank, by line.

    Args:
        path: as in `parse`.
        text: as in `parse`.
    """
    fates: dict[int, Fate] = {}
    Machine(path, text, fates).parsed()
    return fates
