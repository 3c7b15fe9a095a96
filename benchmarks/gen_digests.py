"""Write a deterministic tree of synthetic paper digests, for benchmarks.

The tree looks like the real thing: twelve papers a digest, one or two digests a day (more when there are
too many papers for the days since April 2007, when today's arXiv ids began), some papers again in a later
digest with other words and votes, two layouts, and field labels in several spellings. The same arguments
always give the same bytes.

Memory is flat: papers are made in the order of their digests, and only some hundred recent ones are
remembered for their second appearance. With ``--extra K`` the tree itself is not written; K further digests
of new papers are, dated on the days after ``--end``, as if they had arrived since. Give the same
``--papers``, ``--seed`` and ``--end`` as for the tree.
"""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import itertools
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labels import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PER_DIGEST = 12
REPEATED = 0.15
RECENT = 240
"""How many papers wait for a second appearance; about three weeks of them."""
FIRST_DAY = dt.date(2007, 4, 2)
"""The day after the first day with ids of the form YYMM.NNNN."""
DEFAULT_END = dt.date(2024, 12, 31)
TWO_A_DAY = (dt.time(15, 0, 25), dt.time(21, 30, 25))
SENTENCE_POOL = 24_000
LABEL_POOL = 40_000
TITLE_STEP = 15_485_863
"""A prime that divides no number of titles here: steps of it visit each title once."""

SUBJECTS = (
    "대규모 언어 모델(LLM)은",
    "이 논문이 다루는 체계는",
    "연구진이 내놓은 방법은",
    "저자들의 설계는",
    "확산 모델(diffusion model)은",
    "사전 학습(pre-training) 단계는",
    "여기서 제안하는 구조는",
    "멀티모달 모델은",
    "새로 만든 데이터셋은",
    "이 벤치마크는",
    "검색 증강 생성(RAG) 파이프라인은",
    "강화 학습으로 얻은 정책은",
    "시각-언어 모델(VLM)은",
    "**핵심 아이디어**는",
    "기존 방식과 달리 이 연구는",
    "이 프레임워크는",
)
MEANS = (
    "두 단계의 학습 절차로",
    "추가 학습 없이",
    "경량 어댑터(adapter)만 조정하여",
    "대조 학습을 곁들여",
    "계층으로 나눈 모듈을 통해",
    "GPU 한 장만으로도",
    "사람의 평가를 되먹임으로 써서",
    "새 손실 함수(loss)를 도입하여",
    "전문가 혼합(MoE) 구조 위에서",
    "공개된 데이터만 써서",
    "여섯 개의 벤치마크에 걸쳐",
    "이전보다 2.4배 빠른 속도로",
    "토큰 수를 절반으로 줄이면서",
    "여러 언어가 섞인 환경에서",
)
OBJECTS = (
    "긴 문맥(context)을 다루는 능력을",
    "훈련 데이터의 품질을",
    "메모리 사용량과 계산 비용을",
    "세밀한 시각 표현을",
    "복잡한 추론 과정을",
    "처음 보는 과제에 대한 일반화를",
    "텍스트와 이미지의 정렬(alignment)을",
    "잡음이 많은 입력에서의 강건성을",
    "지식 증류(distillation)의 효율을",
    "희소 어텐션(attention)의 패턴을",
    "'토큰 압축'의 한계를",
    '"무엇이 성능을 정하는가"라는 물음을',
    "사용자의 선호와 의도를",
    "추론 시간의 규모 조정(scaling)을",
    "합성 데이터의 분포를",
    "평가 지표의 신뢰도를",
    "R&D 현장의 요구를",
    "x < y 꼴의 순서 제약을",
)
# What real digests have in four texts of a thousand, and what costs a renderer more than anything else.
MATHS = "이 방법의 복잡도는 $O(n^2)$에서 $O(n \\log n)$으로 줄어듭니다."
MATHS_SHARE = 0.01
VERBS = (
    "눈에 띄게 끌어올립니다.",
    "체계적으로 분석하고 원인을 밝힙니다.",
    "안정적으로 다룰 수 있게 합니다.",
    "새로 정의하고 평가 기준을 제시합니다.",
    "정량적으로 측정하며 코드와 데이터를 공개합니다.",
    "기존 연구와 나란히 비교합니다.",
    "자동으로 탐색하여 알맞은 해를 찾습니다.",
    "크게 개선할 수 있음을 실험으로 보입니다.",
    "더 깊이 이해하는 데 도움을 줍니다.",
    "한 단계 발전시킨 결과를 보고합니다.",
)
EASY_SUBJECTS = (
    "쉽게 말하면 이 기술은",
    "이 연구는",
    "컴퓨터가 이제",
    "연구진은",
    "이 모델은 사람처럼",
    "누구나 이 방법으로",
)
EASY_OBJECTS = (
    "많은 글과 그림을",
    "우리가 하는 말을",
    "어려운 문제를 잘게 나누어",
    "꼭 필요한 정보만 골라",
    "로봇의 움직임을",
    "사진 속 물건을",
    "긴 이야기의 줄거리를",
)
EASY_VERBS = (
    "더 빠르고 정확하게 이해하도록 돕습니다.",
    "적은 비용으로 처리하는 길을 보여 줍니다.",
    "스스로 배우고 나아지게 합니다.",
    "알기 쉽게 정리해 줍니다.",
    "여러 곳에서 쓸 수 있게 만듭니다.",
    "실수 없이 끝까지 해내게 합니다.",
)
NAME_HEADS = (  # noqa: SIM905 -- words, not strings
    "Aero Aster Atlas Aura Bright Calm Cedar Clear Cobalt Coral Crystal Drift Ember Fern Flint Frost Glide "
    "Harbor Indigo Iris Ivory Juniper Kite Lark Linen Maple Marble Mist Nimbus North Ocean Opal Orbit Pebble "
    "Pine Prism Quartz Quill Raven Ridge River Saffron Sage Slate Solar Spark Stone Summit Terra Tide Velvet"
).split()
NAME_TAILS = (  # noqa: SIM905
    "Agent Align Bench CLIP Coder Diff Edit Eval Flow Former GPT LLM Lab Mamba Mix Net Plan RAG Search Tune"
).split()
APPROACHES = (
    "A Unified View of",
    "An Efficient Approach to",
    "Benchmarking",
    "Data-Efficient",
    "Learning",
    "Open-Source",
    "Rethinking",
    "Scaling",
    "A Survey of",
    "Towards Reliable",
    "Training-Free",
)
TOPICS = (
    "3D Reconstruction",
    "Code Generation",
    "Diffusion Transformers",
    "Long-Context Attention",
    "Mathematical Reasoning",
    "Mixture-of-Experts",
    "Multi-Agent Systems",
    "Preference Alignment",
    "Retrieval-Augmented Generation",
    "Sequential Recommendation",
    "Speech & Audio Models",
    "Token Compression",
    "Video Understanding",
    "Vision-Language Models",
)
TURNS = (
    "",
    " at Scale",
    " for Any Task",
    " from Few Examples",
    " in the Wild",
    " under <1% Data",
    " with $O(n)$ Memory",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One appearance of a paper in a digest."""

    arxiv_id: str
    title: str
    summary: list[str]
    easy: list[str]
    fields: tuple[str, ...]
    votes: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When a digest is published, and which share of its day it has."""

    day: dt.date
    index: int
    of: int

    def path(self) -> Path:
        """Return the digest's path in the tree: a folder a year, named by local date and time."""
        if self.of <= len(TWO_A_DAY):
            time = TWO_A_DAY[self.index]
        else:
            minutes = self.index * (24 * 60 // self.of)
            time = dt.time(minutes // 60, minutes % 60, 25)
        return Path(f"{self.day.year}", f"{self.day.isoformat()}-{time:%H-%M-%S}.md")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many digests there are and on which days."""

    digests: int
    end: dt.date

    @property
    def crowded(self) -> int:
        """How many digests a day there must be; 0 if one and two in turn are enough."""
        available = (self.end - FIRST_DAY).days + 1
        return 0 if self.digests <= available * 3 // 2 else -(-self.digests // available)

    @property
    def most(self) -> int:
        """The largest number of digests on any day."""
        return self.crowded or len(TWO_A_DAY)

    def slots(self) -> Iterator[Slot]:
        """Yield the digests in order of time; the last ones fall on the end day."""
        days = -(-self.digests // self.crowded) if self.crowded else -(-self.digests * 2 // 3) + 1
        start = max(self.end - dt.timedelta(days=days - 1), FIRST_DAY)
        every = [
            Slot(start + dt.timedelta(days=n), i, many)
            for n in range((self.end - start).days + 1)
            for many in (self.crowded or 1 + n % 2,)
            for i in range(many)
        ]
        yield from every[len(every) - self.digests :]


class Pool:
    """Ready sentences, labels and titles, drawn by a seeded generator.

    Args:
        seed: Decides what is drawn; two pools of one seed draw the same.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        sentences = [" ".join(parts) for parts in itertools.product(SUBJECTS, MEANS, OBJECTS, VERBS)]
        self.sentences = self.rng.sample(sentences, SENTENCE_POOL)
        self.easy = [" ".join(parts) for parts in itertools.product(EASY_SUBJECTS, EASY_OBJECTS, EASY_VERBS)]
        names = itertools.product(NAME_HEADS, NAME_HEADS, NAME_TAILS)
        self.names = [first + second.lower() + tail for first, second, tail in names]
        self.rng.shuffle(self.names)
        rests = itertools.product(APPROACHES, TOPICS, TURNS)
        self.rests = [f": {approach} {topic}{turn}" for approach, topic, turn in rests]
        self.rng.shuffle(self.rests)
        self.offset = seed * 1_000_003
        self.labels = [self._fields() for _ in range(LABEL_POOL)]

    def _fields(self) -> tuple[str, ...]:
        """Draw two to four different fields by Zipf's law."""
        slugs = list(FIELDS)
        weights = [1 / rank for rank in range(1, len(slugs) + 1)]
        drawn = dict.fromkeys(self.rng.choices(slugs, weights, k=self.rng.choice((2, 3, 3, 3, 4))))
        return tuple(drawn)

    def title(self, number: int) -> str:
        """Return the title of a paper; no two numbers below some fifty million have the same."""
        count = len(self.names) * len(self.rests)
        name, rest = divmod((number + self.offset) * TITLE_STEP % count, len(self.rests))
        return self.names[name] + self.rests[rest]

    def summary(self) -> list[str]:
        """Draw the five to eight sentences of a summary."""
        drawn = self.rng.choices(self.sentences, k=5 + int(self.rng.random() * 4))
        return [*drawn, MATHS] if self.rng.random() < MATHS_SHARE else drawn

    def paper(self, number: int, arxiv_id: str) -> Paper:
        """Make the paper of this number, as it appears for the first time."""
        rng = self.rng
        return Paper(
            arxiv_id=arxiv_id,
            title=self.title(number),
            summary=self.summary(),
            easy=rng.choices(self.easy, k=2 + int(rng.random() * 2)),
            fields=self.labels[int(rng.random() * LABEL_POOL)],
            votes=int(2 + 3 / (1.02 - rng.random())),
        )

    def again(self, paper: Paper) -> Paper:
        """Make a later appearance of a paper: more votes and, half the time, a summary in other words."""
        votes = paper.votes + int(self.rng.random() * 40)
        if self.rng.random() < 0.5:
            return replace(paper, summary=self.summary(), votes=votes)
        return replace(paper, votes=votes)

    def take(self, papers: list[Paper]) -> Paper:
        """Remove any one of some papers and return it."""
        return papers.pop(int(self.rng.random() * len(papers)))

    def spell(self, fields: Iterable[str]) -> str:
        """Write field labels as a digest does: mostly the usual spelling, sometimes another."""
        rng = self.rng
        return ", ".join(
            FIELDS[slug][0] if rng.random() < 0.55 else FIELDS[slug][int(rng.random() * len(FIELDS[slug]))]
            for slug in fields
        )


def month_size(day: dt.date, most: int) -> int:
    """Return how many ids the month of a day has, roughly as arXiv grew, and enough for the tree.

    Args:
        day: Any day of the month.
        most: The largest number of digests on a day.

    Raises:
        ValueError: If the month's four or five digits cannot number so many papers.
    """
    needed = (most * PER_DIGEST + 1) * 31
    largest = 10 ** id_digits(day) - 1
    if needed > largest:
        raise ValueError(f"too many papers: {day:%Y-%m} has only {largest} ids")
    return max(needed, min(largest, 4500 + 1000 * (day.year - 2007)))


def id_digits(day: dt.date) -> int:
    """Return how many digits an id of this day has after its full stop."""
    return 4 if day.year < 2015 else 5


def ids_of(slot: Slot, count: int, most: int, rng: random.Random) -> Iterator[str]:
    """Yield rising ids for a digest's new papers, all submitted on the day before it.

    Each day has its own range of its month's numbers and each digest of a day its own part of that, so that
    no id is given twice and none is later than its digest.
    """
    day = slot.day - dt.timedelta(days=1)
    width = month_size(day, most) // calendar.monthrange(day.year, day.month)[1]
    share = width // slot.of
    step = share // PER_DIGEST
    base = (day.day - 1) * width + slot.index * share
    for position in range(count):
        number = base + position * step + int(rng.random() * step) + 1
        yield f"{day:%y%m}.{number:0{id_digits(day)}d}"


def head(paper: Paper) -> str:
    """Write what both layouts begin an item with: thumbnail and title."""
    thumbnail = f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper.arxiv_id}.png"
    return f"![Image]({thumbnail})\n## 제목:\n{paper.title}\n\n"


def dense_item(paper: Paper, labels: str) -> str:
    """Write an item in the layout with values on the line after their labels."""
    return (
        f"{head(paper)}**요약**:\n{' '.join(paper.summary)}\n\n"
        f"**쉬운설명**:\n{' '.join(paper.easy)}\n\n"
        f"**관련분야**:\n{labels}\n\n**추천수**:\n{paper.votes}\n\n"
        f"**PDF 다운로드 링크**: ![PDF 다운로드](https://arxiv.org/pdf/{paper.arxiv_id})\n---"
    )


def spacious_item(paper: Paper, labels: str) -> str:
    """Write an item in the layout with paragraphs, and short values beside their labels."""
    half = (len(paper.summary) + 1) // 2
    return (
        f"{head(paper)}**요약**:\n\n{' '.join(paper.summary[:half])}\n\n{' '.join(paper.summary[half:])}\n\n"
        f"**쉬운설명**:\n\n{' '.join(paper.easy)}\n\n"
        f"**관련분야**: {labels}\n\n**추천수**: {paper.votes}\n\n"
        f"**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/{paper.arxiv_id})\n\n---\n"
    )


def digest_text(papers: Iterable[Paper], pool: Pool) -> str:
    """Write a digest in one of the two layouts."""
    if pool.rng.random() < 0.5:
        return "\n\n".join([dense_item(paper, pool.spell(paper.fields)) for paper in papers])
    return "\n" + "\n".join([spacious_item(paper, pool.spell(paper.fields)) for paper in papers]) + "\n"


def schedule_for(papers: int, end: dt.date) -> Schedule:
    """Return the schedule of a tree of so many distinct papers."""
    return Schedule(digests=-(-int(papers * (1 + REPEATED)) // PER_DIGEST), end=end)


def write_digest(out: Path, slot: Slot, text: str) -> Path:
    """Write one digest below ``out`` and return its path."""
    path = out / slot.path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def write_tree(papers: int, seed: int, end: dt.date, out: Path) -> int:
    """Write the tree and return how many appearances it holds."""
    schedule = schedule_for(papers, end)
    pool = Pool(seed)
    recent: list[Paper] = []
    made = appearances = 0
    for number, slot in enumerate(schedule.slots(), start=1):
        count = papers * number // schedule.digests - made
        ids = ids_of(slot, count, schedule.most, pool.rng)
        new = [pool.paper(made + i, arxiv_id) for i, arxiv_id in enumerate(ids)]
        made += count
        repeats = [pool.again(pool.take(recent)) for _ in range(min(PER_DIGEST - count, len(recent)))]
        items = pool.rng.sample(new + repeats, len(new) + len(repeats))
        write_digest(out, slot, digest_text(items, pool))
        appearances += len(items)
        recent = (recent + new)[-RECENT:]
    return appearances


def write_extra(extra: int, papers: int, seed: int, end: dt.date, out: Path) -> list[Path]:
    """Write further digests of new papers, one on each day after ``end``, and return their paths."""
    pool = Pool(seed)
    pool.rng.seed(f"extra {seed}")
    most = schedule_for(papers, end).most
    paths = []
    for number in range(extra):
        slot = Slot(end + dt.timedelta(days=number + 1), 0, 1)
        first = papers + number * PER_DIGEST
        ids = ids_of(slot, PER_DIGEST, most, pool.rng)
        text = digest_text([pool.paper(first + i, arxiv_id) for i, arxiv_id in enumerate(ids)], pool)
        paths.append(write_digest(out, slot, text))
    return paths


def main(argv: list[str] | None = None) -> int:
    """Write a tree, or further digests for one.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Write a deterministic tree of synthetic paper digests.")
    parser.add_argument("--papers", type=int, required=True, help="how many distinct papers the tree has")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--end", type=dt.date.fromisoformat, default=DEFAULT_END, help="day of the last digest")
    parser.add_argument("--extra", type=int, default=0, help="write only so many further digests")
    options = parser.parse_args(argv)
    if options.extra:
        paths = write_extra(options.extra, options.papers, options.seed, options.end, options.out)
        print(*paths, sep="\n")
        return 0
    appearances = write_tree(options.papers, options.seed, options.end, options.out)
    print(f"{options.papers} papers, {appearances} appearances", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
