"""Which fields a paper belongs to: the vocabulary, raw labels to fields, texts to fields.

Owns the vocabulary (`data/fields.toml`, extended by the config) and the rules by which a label that nobody
listed finds its field.  Refuses feed formats, splitting a line of labels, and I/O other than its own data.

A label is tried whole, then by its gloss in parentheses, then without its generic words (`기술`, `systems`),
then by the parts that it joins, and at last by the known phrases in it.  Korean and English both put the head
of a phrase last, so the phrase that ends the label always counts; what stands before it counts if it names a
subject of its own (`의료 영상 분할`), and does not if it only says which medium or tool (`소프트웨어 보안`).
A label that says nothing known gives no field: a wrong field is worse than none.

Every step is linear in the label: windows over words and syllables have a fixed width.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache, cached_property, lru_cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from digestfeed.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

OTHER = "other"
"""The field of what has no other."""

_MAX_INFERRED = 3
_REMEMBERED = 65_536
_WINDOW = 7
_LONGEST = 12
_SYLLABLES = 12
_NEAREST_KEY = 48

_SEPARATORS = dict.fromkeys(map(ord, " \t\n\r\f\v_-‐‑‒–—―−·•‧∙⋅・ㆍᆞ'’`\"“”‘"))
_SIGNS = _SEPARATORS | dict.fromkeys(map(ord, "/&"))
_EMPHASIS = "*_~`# \t\r\n"
_STOPS = ".。．"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its slug, its names, and by what it is recognised.

    `aliases` are labels that mean it, `terms` phrases that give it away in a text, `formerly` slugs it had.
    """

    slug: str
    name_en: str
    name_ko: str
    aliases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()


class FieldOverride(msgspec.Struct, frozen=True, kw_only=True):
    """What a config adds to a field, or the field that it defines; None leaves a name as it is."""

    name_en: str | None = None
    name_ko: str | None = None
    aliases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()


# ---------------------------------------- folding of wording

_VARIANTS = (
    # American spelling, and phrases that have a preposition in them or a common abbreviation
    ("isation", "ization"),
    ("modelling", "modeling"),
    ("labelling", "labeling"),
    ("behaviour", "behavior"),
    ("mixture of expert", "moe"),
    ("mixture-of-expert", "moe"),
    ("internet of thing", "iot"),
    ("artificial intelligence", "ai"),
    ("large language model", "llm"),
    ("natural language processing", "nlp"),
    ("reinforcement learning", "rl"),
    # Korean: loan words and the words for them, spaced either way
    ("러닝", "학습"),
    ("인공 지능", "ai"),
    ("인공지능", "ai"),
    ("머신 학습", "기계학습"),
    ("머신학습", "기계학습"),
    ("기계 학습", "기계학습"),
    ("심층 학습", "딥학습"),
    ("심층학습", "딥학습"),
    ("딥 학습", "딥학습"),
    ("강화 학습", "rl"),
    ("강화학습", "rl"),
    ("자연어 처리", "nlp"),
    ("자연어처리", "nlp"),
    ("초거대", "대규모"),
    ("초대형", "대규모"),
    ("거대", "대규모"),
    ("대형", "대규모"),
    ("대규모 언어 모델", "llm"),
    ("대규모 언어모델", "llm"),
    ("대규모언어모델", "llm"),
    ("모형", "모델"),
    ("비젼", "비전"),
    ("동영상", "비디오"),
    ("비주얼", "시각"),
    ("디퓨전", "확산"),
    ("컨텍스트", "문맥"),
    ("콘텍스트", "문맥"),
    ("맥락", "문맥"),
    ("세그멘테이션", "분할"),
    ("프로세싱", "처리"),
    ("리즈닝", "추론"),
    ("트레이닝", "훈련"),
    ("파인 튜닝", "미세조정"),
    ("파인튜닝", "미세조정"),
    ("미세 조정", "미세조정"),
    ("미세 튜닝", "미세조정"),
    ("인터랙션", "상호작용"),
    ("인터렉션", "상호작용"),
    ("상호 작용", "상호작용"),
    ("휴먼", "인간"),
    ("알고리듬", "알고리즘"),
    ("시큐리티", "보안"),
    ("얼라인먼트", "정렬"),
    ("데이터 세트", "데이터셋"),
    ("데이터세트", "데이터셋"),
    ("데이터 셋", "데이터셋"),
    ("다중 모달", "멀티모달"),
    ("다중모달", "멀티모달"),
    ("다중 양식", "멀티모달"),
    ("멀티 모달", "멀티모달"),
    ("다중 에이전트", "멀티 에이전트"),
    ("다중에이전트", "멀티 에이전트"),
    ("에이젼트", "에이전트"),
    ("생성형", "생성"),
    ("생성적", "생성"),
    ("효율적인", "효율"),
    ("효율적", "효율"),
    ("효율성", "효율"),
    ("안전성", "안전"),
    ("자기 지도", "자가지도"),
    ("자기지도", "자가지도"),
    ("자가 지도", "자가지도"),
    ("자동 회귀", "자가회귀"),
    ("자동회귀", "자가회귀"),
    ("자기 회귀", "자가회귀"),
    ("자기회귀", "자가회귀"),
    ("자가 회귀", "자가회귀"),
    ("에지 ", "엣지 "),
    ("3차원", "3d"),
    ("2차원", "2d"),
    ("4차원", "4d"),
    ("트랜스포머즈", "트랜스포머"),
    ("스플랫팅", "스플래팅"),
    ("어플리케이션", "애플리케이션"),
    ("컨텐츠", "콘텐츠"),
    ("메세지", "메시지"),
    ("질의 응답", "질의응답"),
    ("질문 응답", "질의응답"),
    ("질문 답변", "질의응답"),
    ("질문응답", "질의응답"),
)
_PLURAL_IES = re.compile("(?<=[a-z]{3})ies(?![a-z])")
_PLURAL = re.compile("(?<=[a-z]{2}[a-hj-rtv-z])s(?![a-z])")
_ADJECTIVE = re.compile("(?<=[가-힣]{2})(?<![추목표궤누실축흔])적인?(?![가-힣])")
_PARTICLES = re.compile("(?<=[가-힣]{2})[을를의](?![가-힣])")
_WORD = re.compile("[a-z0-9+#]+|[가-힣]+|[^\\W_]")


def _fold(text: str) -> str:
    """Take the usual variants of wording out of a text, be it one label or a list of them."""
    text = normal("NFKC", text).casefold()
    text = _PLURAL.sub("", _PLURAL_IES.sub("y", text))
    for written, meant in _VARIANTS:
        text = text.replace(written, meant)
    return _PARTICLES.sub("", _ADJECTIVE.sub("", text))


def _folded_label(label: str) -> str:
    bare = normal("NFKC", label).replace("*", "").strip(_EMPHASIS)
    # The table of variants knows single spaces only.
    text = _fold(" ".join(bare.rstrip(_STOPS + _EMPHASIS).split()))
    return " ".join(text.split())


def _key(folded: str) -> str:
    """Give the form of a folded label that the index has: also `UI/UX` and `R&D` without their signs."""
    return "".join(folded.translate(_SIGNS).split())


def _korean(word: str) -> bool:
    return "가" <= word[0] <= "힣"


def _table(text: str) -> frozenset[str]:
    return frozenset(_key(word) for word in _fold(text).split(";"))


_TAILS = _table(
    "기술;시스템;모델;모델링;연구;분야;기반;활용;응용;방법론;방법;기법;알고리즘;서비스;프레임워크;"
    "플랫폼;솔루션;문제;작업;과제;개발;구현;개선;향상;혁신;도구;툴;관련;영역;능력;전략;접근법;접근;"
    "방식;방안;동향;과정;설계;구축;메커니즘;이해와활용;애플리케이션;응용 프로그램;프로그램;소프트웨어;"
    "공학;과학;엔진;기기;장치;환경;사례;지원;기능;출시;업데이트;네트워크;학;론;을위한ai;ai;이슈;소식;"
    "technology;technique;method;methodology;approach;system;model;modeling;research;study;application;"
    "framework;field;area;algorithm;task;problem;platform;service;solution;tool;development;"
    "improvement;design;strategy;engineering;implementation;mechanism;advance;software;engine;support;"
    "feature"
)
_HEADS = _table(
    "최신;새로운;고급;일반;범용;차세대;혁신;실시간;자동;자동화된;지능형;고성능;고품질;고효율;대규모;"
    "오픈소스;통합;적응형;심층;딥;ai;ai 기반;딥러닝;딥러닝 기반;머신러닝;머신러닝 기반;기계 학습 기반;"
    "강화된;향상된;컴퓨터;디지털;스마트;효율;현대;기초;신경;뉴럴;advanced;novel;new;modern;general;"
    "large scale;real time;automated;automatic;intelligent;ai based;ai driven;ai powered;deep;"
    "deep learning;deep learning based;machine learning;efficient;neural;smart;digital;open source;"
    "unified;adaptive;applied;computational;based;driven;powered;기반"
)
_WEAK = _table(
    "분석;처리;생성;학습;훈련;예측;인식;이해;분류;회귀;제어;계획;효율;지각;도구;분할;탐색;추적;응용;"
    "연구;기술;과학;개발;통계;표현;비교 분석;모델 설계;모델 구조;아키텍처;시스템;네트워크;통신;메모리;"
    "도메인;혁신;산업;기업;관리;협력;협업;경제;시장;콘텐츠;문서;정렬;이론;압축;성능 향상;성능 개선;"
    "프레임워크;애플리케이션;응용 프로그램;프로그램;인터페이스;상호작용;설계;디자인;analysis;"
    "processing;generation;learning;training;prediction;recognition;understanding;classification;"
    "regression;control;planning;efficiency;perception;tool;tracking;application;research;technology;"
    "science;theory;system;network;memory;architecture;innovation;industry;content;design;interaction;"
    "interface;compression;alignment;framework;enterprise;modeling;inference;general;data;update;trend;"
    "event;meta;flux;apple;google;메타;달리;소라;라마;구글;애플;리뷰;지원;제품;서비스;공학;engineering;"
    "컴퓨터;computer;바이오;자동화된"
)
_FILLERS = _table(
    "기반;위한;통한;이용한;활용한;대한;관련;중심;자동;실시간;효율;새로운;고품질;고성능;있는;사용한;및;"
    "사용;의;맞춤형;based;driven;powered;automatic;automated;efficient;real;novel;aware;and;the;a;an;"
    "guided;enhanced"
)
_PREPOSITIONS = frozenset({"for", "of", "in", "with", "using", "via", "on", "from", "through", "by", "to", "towards"})

# Fields that a label names only when it names nothing else.
_BACKGROUND = frozenset({"artificial-intelligence", "machine-learning", "deep-learning", "computer-science", OTHER})
# Fields that a single word before the head names beside the head's: subjects, not media or tools.
_SUBJECTS = frozenset(
    {
        "3d-vision", "autonomous-agents", "autonomous-driving", "computational-biology",
        "diffusion-models", "education", "games-and-game-theory", "ai-industry-and-business",
        "large-language-models", "long-context", "mathematics-and-reasoning", "medical-ai",
        "mobile-and-devices", "model-alignment", "multimodal-learning", "music",
        "physics-and-simulation", "recommender-systems", "reinforcement-learning", "robotics",
        "speech-and-audio", "synthetic-data", "time-series", "video-understanding",
        "virtual-and-augmented-reality", "vision-language-models", "neural-architectures",
        "code-generation", "dialogue-systems", "information-retrieval", "security-and-privacy",
        "ocr-and-document-understanding", "hardware-and-systems", "social-science-and-policy",
        "image-generation", "video-generation", "model-compression",
    }
)  # fmt: skip

_JOINS = re.compile(" (?:및|and|or|또는|그리고|와|과|&|[+]|plus|vs) |[,;&] ?| [/|] |[/|·•・ㆍᆞ]")
_PARTICLE = re.compile("(?<=[가-힣])(?:와|과|이랑|랑) ")
_ACRONYM = re.compile("[A-Za-z0-9/-]{1,6}")


class _Match(NamedTuple):
    """A known phrase in a label: its fields, how many words it has, whether it ends the label."""

    slugs: tuple[str, ...]
    words: int
    last: bool
    weak: bool


def _union(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    slugs = dict.fromkeys(chain.from_iterable(groups))
    if len(slugs) > 1:
        slugs.pop(OTHER, None)
    return tuple(slugs)


def _glossed(text: str) -> tuple[str, str]:
    """Split a label into what stands outside and what inside of parentheses."""
    outer: list[str] = []
    inner: list[str] = []
    depth = 0
    for piece in re.split("([()\\[\\]])", text):
        if piece in {"(", "["}:
            depth += 1
        elif piece in {")", "]"}:
            depth = max(0, depth - 1)
        else:
            (inner if depth else outer).append(piece)
    return " ".join(" ".join(outer).split()), ", ".join(filter(None, map(str.strip, inner)))


def _rotated(words: list[str]) -> list[str]:
    """Put the head of an English phrase last: `theory of learning` as `learning theory`."""
    segments: list[list[str]] = [[]]
    for word in words:
        if word in _PREPOSITIONS and segments[-1]:
            segments.append([])
        else:
            segments[-1].append(word)
    return list(chain.from_iterable(reversed(segments)))


def _without_tails(words: list[str]) -> Iterator[list[str]]:
    """Give the words with one generic word fewer at the end each time, at least one word left."""
    end = len(words)
    while end > 1 and words[end - 1] in _TAILS:
        end -= 1
        if end <= _LONGEST:
            yield words[:end]


def _without_heads(words: list[str]) -> Iterator[list[str]]:
    """Give the words with one generic word fewer at the beginning each time, at least one word left."""
    for start in range(1, len(words)):
        if words[start - 1] not in _HEADS:
            return
        if len(words) - start <= _LONGEST:
            yield words[start:]


_LATIN_WORD = re.compile("(?<![a-z])[a-z]{5,24}(?![a-z])")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _slips(word: str) -> set[str]:
    """Give the words from which this one is a letter dropped, doubled or put in, or two exchanged.

    The first letter is kept and none is replaced by another: `banking` and `earning` are words of their own.
    """
    cuts = [(word[:place], word[place:]) for place in range(1, len(word) + 1)]
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    shorter = {head + tail[1:] for head, tail in cuts if tail and len(word) > len("words")}
    return swapped | shorter | {head + letter + tail for head, tail in cuts for letter in _LETTERS}


class Vocabulary:
    """The fields, and what can be asked of them.  Immutable; pickled by its fields alone.

    Args:
        fields: in the order in which they are shown.
        preferred: label keys that belong to one field whatever the others' aliases say, as (key, slug).
    """

    def __init__(self, fields: Iterable[Field], preferred: Iterable[tuple[str, str]] = ()) -> None:
        self.fields = tuple(fields)
        self.preferred = tuple(preferred)
        self._by_slug = {field.slug: field for field in self.fields}
        self._remembered = lru_cache(_REMEMBERED)(self._resolve)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[tuple[Field, ...], tuple[tuple[str, str], ...]]]:
        return type(self), (self.fields, self.preferred)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash(self.slugs)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def __getitem__(self, slug: str) -> Field:
        return self._by_slug[slug]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs, in the order of the fields."""
        return tuple(self._by_slug)

    def slugs_for(self, label: str) -> tuple[str, ...]:
        """Give the fields that a raw label means; () if it says nothing known."""
        return self._remembered(label)

    def classify(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Give the fields of all labels in the order first named; `other` for a label without any."""
        return tuple(dict.fromkeys(chain.from_iterable(self._remembered(label) or (OTHER,) for label in labels)))

    def nearest(self, label: str) -> str | None:
        """Give the field whose alias is spelt most like the label, as a suggestion; None if none is near."""
        import difflib  # noqa: PLC0415 -- 6 ms that no build should pay

        key = _key(_folded_label(label))[:_NEAREST_KEY]
        pairs = {key[i : i + 2] for i in range(len(key) - 1)}
        shared = Counter(chain.from_iterable(self._pairs.get(pair, ()) for pair in pairs))
        likely = [alias for alias, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:50]]
        found = difflib.get_close_matches(key, likely, n=1, cutoff=0.5)
        return self._index[found[0]][0] if found else None

    def infer(self, title: str, summary: str) -> tuple[str, ...]:
        """Give at most three fields that the terms in title and summary tell, surest first; () if unsure."""
        return self._matcher.infer(title, summary)

    # ---------------------------------------- what is built once

    @cached_property
    def _index(self) -> dict[str, tuple[str, ...]]:
        """Folded key of each alias → the slugs of the fields that have it."""
        index: dict[str, tuple[str, ...]] = {}
        for field in self.fields:
            names = ";".join((field.slug, field.name_en, field.name_ko, *field.formerly, *field.aliases))
            for key in dict.fromkeys(map(_key, _fold(names).split(";"))):
                index[key] = (*index.get(key, ()), field.slug)
        for label, slug in self.preferred:
            index[_key(_folded_label(label))] = (slug,)
        index.pop("", None)
        return index

    @cached_property
    def _latin(self) -> frozenset[str]:
        """The Latin words of all names and aliases, folded."""
        names = ";".join(chain.from_iterable((f.name_en, *f.aliases) for f in self.fields))
        return frozenset(_LATIN_WORD.findall(_fold(names)))

    @cached_property
    def _pairs(self) -> dict[str, list[str]]:
        """Two neighbouring letters → the alias keys that have them."""
        pairs: dict[str, list[str]] = {}
        for key in self._index:
            for pair in {key[i : i + 2] for i in range(len(key) - 1)}:
                pairs.setdefault(pair, []).append(key)
        return pairs

    @cached_property
    def _matcher(self) -> _Matcher:
        return _Matcher(self.fields)

    # ---------------------------------------- the steps

    def _resolve(self, label: str) -> tuple[str, ...]:
        text = _folded_label(label)
        found = self._meant(text)
        if found:
            return found
        spelt = _LATIN_WORD.sub(self._spelt, text)
        return self._meant(spelt) if spelt != text else ()

    def _spelt(self, match: re.Match[str]) -> str:
        """Give the one known word that a Latin word is a slip of the fingers from, else the word: `langauge`."""
        word = match.group()
        if word in self._latin:
            return word
        meant = sorted(_slips(word) & self._latin)
        return meant[0] if len(meant) == 1 else word

    def _meant(self, text: str) -> tuple[str, ...]:
        """Resolve a folded label."""
        if whole := self._exact(text):
            return whole
        outer, inner = _glossed(text)
        glosses = [gloss.strip() for gloss in re.split("[,;/]", inner) if gloss.strip()]
        spelt = _union(self._exact(gloss) for gloss in glosses if not _ACRONYM.fullmatch(gloss))
        if named := self._exact(outer):
            return _union((named, spelt))
        return (
            spelt
            or self._parts(outer)
            or _union(self._exact(gloss) for gloss in glosses)
            or _union(self._phrase(gloss) for gloss in glosses)
        )

    def _exact(self, folded: str) -> tuple[str, ...]:
        return self._index.get(_key(folded), ())

    def _stripped(self, words: list[str]) -> tuple[str, ...]:
        """Look the words up whole, then without generic words at the end, at the beginning, at both."""
        for shorter in chain([words], _without_tails(words)):
            for core in chain([shorter], _without_heads(shorter)):
                if found := self._index.get("".join(core)):
                    return found
        return ()

    def _parts(self, text: str) -> tuple[str, ...]:
        """Resolve what a label joins, each part by itself or with the word that it shares."""
        # `AR/VR 기술` is one; but what stands before a sign that joins is no generic word, so only tails go.
        for words in _without_tails(_WORD.findall(text)):
            if found := self._index.get("".join(words)):
                return found
        parts = [part for piece in _JOINS.split(text) for part in self._unjoined(piece.strip()) if part]
        if len(parts) < 2:
            return self._phrase(text)
        first, last = parts[0].split(), parts[-1].split()
        tail = last[-1:] if len(last) > 1 else []
        resolved = [self._sharing(part, [], tail) for part in parts[:-1]]
        resolved.append(self._sharing(parts[-1], first[:-1] if len(last) == 1 else [], []))
        return _union(resolved)

    def _sharing(self, part: str, before: list[str], after: list[str]) -> tuple[str, ...]:
        """Resolve a part: with the words that it leaves to its neighbour if that is a known phrase."""
        if (before or after) and (found := self._exact(" ".join((*before, part, *after)))):
            return found
        return self._phrase(part)

    def _unjoined(self, text: str) -> Iterator[str]:
        """Cut at 와 and 과 where they are a particle: what stands before must be known."""
        start = 0
        for joint in _PARTICLE.finditer(text):
            before = text[start : joint.start()]
            if self._stripped(_WORD.findall(before)[-_WINDOW:]):
                yield before
                start = joint.end()
        yield text[start:]

    def _phrase(self, text: str) -> tuple[str, ...]:
        """Resolve a label that joins nothing: without its generic words, else by the known phrases in it."""
        words = _WORD.findall(text)
        if found := self._stripped(words):
            return found
        return _weighed(list(self._matches(_rotated(words))))

    def _matches(self, words: list[str]) -> Iterator[_Match]:
        """Give the known phrases that cover the words best, the last one first."""
        words = [word for word in words if word not in _FILLERS]
        head = len(words)
        while head > 1 and words[head - 1] in _TAILS:
            head -= 1
        cover, start = [], 0
        sizes = self._cover(words)
        while start < len(words):
            end = start + abs(sizes[start])
            cover.append((start, end))
            start = end
        for start, end in reversed(cover):
            if match := self._match(words[start:end], known=sizes[start] > 0, last=end >= head):
                yield match

    def _cover(self, words: list[str]) -> list[int]:
        """Give for each place the size of the phrase to take there, negative for a word to step over.

        Fewest words unknown, then fewest phrases, then the longest phrase first.
        """
        costs = [(0, 0)] * (len(words) + 1)
        sizes = [0] * len(words)
        for start in range(len(words) - 1, -1, -1):
            unknown, phrases = costs[start + 1]
            costs[start], sizes[start] = (unknown + 1, phrases), -1
            for size in range(1, min(_WINDOW, len(words) - start) + 1):
                if "".join(words[start : start + size]) in self._index:
                    unknown, phrases = costs[start + size]
                    if (unknown, phrases + 1) <= costs[start]:
                        costs[start], sizes[start] = (unknown, phrases + 1), size
        return sizes

    def _match(self, words: list[str], *, known: bool, last: bool) -> _Match | None:
        key = "".join(words)
        if known:
            return _Match(self._index[key], len(words), last, key in _WEAK or key in _TAILS)
        return self._within(key, last=last) if _korean(key) else None

    def _within(self, word: str, *, last: bool) -> _Match | None:
        """Find a known word at the end, else at the beginning, of a Korean word that is written in one."""
        for size in range(min(_SYLLABLES, len(word) - 1), 1, -1):
            for part, ends in ((word[-size:], last), (word[:size], False)):
                slugs = self._index.get(part)
                if slugs and part not in _WEAK and OTHER not in slugs:
                    return _Match(slugs, 1, ends, weak=False)
        return None


def _weighed(matches: list[_Match]) -> tuple[str, ...]:
    """Choose among the phrases found in a label, the last one first: the head, and the subjects before it."""
    strong = [match for match in matches if not match.weak]
    named = [match for match in strong if not _BACKGROUND.issuperset(match.slugs)]
    chosen = [match.slugs for match in named if match.last or match.words > 1 or not _SUBJECTS.isdisjoint(match.slugs)]
    # What is said first stands first.
    chosen.reverse()
    if chosen:
        return _union(chosen)
    for group in (named, strong, [match for match in matches if match.last]):
        if group:
            return group[0].slugs
    return ()


# ---------------------------------------- inference

_TOKEN = re.compile("[a-z0-9]+|[가-힣]+")
# Measured on digests with labels: a title rarely misleads, a word in passing often does.
_TITLE_WEIGHT = 6
_OFTEN = 3
_SHARE = 0.5
_SAMPLE = 8_000
"""Characters of a text in which terms are looked for: four times the longest summary of real digests."""


class _Matcher:
    """Finds the terms of fields in texts: by the first letters of their first words, then whole."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._anchors: dict[str, list[tuple[str, str]]] = {}
        for field in fields:
            for term in field.terms:
                for spelling, anchor in _spellings(term):
                    self._anchors.setdefault(anchor, []).append((spelling, field.slug))
        self._order = {field.slug: place for place, field in enumerate(fields)}

    def infer(self, title: str, summary: str) -> tuple[str, ...]:
        in_title, in_summary = self._found(title), self._found(summary)
        scores = {
            slug: _TITLE_WEIGHT * in_title.get(slug, 0) + in_summary.get(slug, 0)
            for slug in in_title.keys() | in_summary.keys()
            if slug in in_title or in_summary[slug] >= _OFTEN
        }
        least = _SHARE * max(scores.values(), default=0)
        sure = [slug for slug, score in scores.items() if score >= least]
        sure.sort(key=lambda slug: (-scores[slug], self._order[slug]))
        return tuple(sure[:_MAX_INFERRED])

    def _found(self, text: str) -> dict[str, int]:
        """Count the terms of each field in a text."""
        tokens = _TOKEN.findall(_composed(text[:_SAMPLE]).lower())
        joined = " " + " ".join(tokens) + " "
        found: dict[str, int] = {}
        for anchor in self._anchors.keys() & {*tokens, *[token[:2] for token in tokens]}:
            for spelling, slug in self._anchors[anchor]:
                if spelling in joined:
                    found[slug] = found.get(slug, 0) + joined.count(spelling)
        return found


def _composed(text: str) -> str:
    return text if text.isascii() else normal("NFC", text)


def _spellings(term: str) -> Iterator[tuple[str, str]]:
    """Give a term as it stands in a text of tokens, with its anchor."""
    tokens = _TOKEN.findall(_composed(term).casefold())
    if not tokens:
        return
    first = tokens[0]
    phrase = " " + " ".join(tokens)
    if len(tokens) > 1:  # an ending may follow: a plural, a particle
        yield phrase, _anchor(first)
        if _korean(first):
            yield " " + "".join(tokens), _anchor(first)
    elif _korean(first):
        yield phrase, _anchor(first)
    else:
        yield phrase + " ", first
        yield phrase + "s ", first + "s"


def _anchor(token: str) -> str:
    """Give what a text must have as the start of a word: a Latin word, two syllables of a Korean one."""
    return token[:2] if _korean(token) else token


# ---------------------------------------- vocabularies


@cache
def builtin_vocabulary() -> Vocabulary:
    """Give the vocabulary that comes with the program."""
    text = resources.files("digestfeed.data").joinpath("fields.toml").read_text(encoding="utf-8")
    return Vocabulary(_field(slug, table) for slug, table in tomllib.loads(text).items())


def _field(slug: str, table: Mapping[str, str]) -> Field:
    return Field(
        slug=slug,
        name_en=table["name_en"],
        name_ko=table["name_ko"],
        aliases=_listed(table.get("aliases", "")),
        terms=_listed(table.get("terms", "")),
        formerly=_listed(table.get("formerly", "")),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip())


def extended(vocabulary: Vocabulary, overrides: Mapping[str, FieldOverride]) -> Vocabulary:
    """Give the vocabulary with what a config says.

    A slug that is new becomes a field, before `other`.  A field named in another's `formerly` is merged into
    that one, with its aliases and terms.  An alias of the config belongs to its field alone.
    """
    fields = {field.slug: field for field in vocabulary}
    for slug, override in overrides.items():
        fields[slug] = _overridden(slug, fields.get(slug), override)
    gone = {old: slug for slug in overrides for old in fields[slug].formerly if old in fields and old != slug}
    for old, slug in gone.items():
        # Two fields that claim to have been one another: the first claim holds.
        if old in fields and slug in fields:
            fields[slug] = _merged(fields[slug], fields.pop(old))
    if OTHER in fields:
        fields[OTHER] = fields.pop(OTHER)
    owned = {alias: slug for slug, override in overrides.items() for alias in override.aliases}
    kept = [(alias, slug) for alias, slug in (*vocabulary.preferred, *owned.items())]
    return Vocabulary(fields.values(), ((alias, _now(slug, gone, fields)) for alias, slug in kept))


def _now(slug: str, gone: Mapping[str, str], fields: Mapping[str, Field]) -> str:
    """Follow merges from a slug to the field that there is."""
    for _ in gone:
        if slug in fields:
            break
        slug = gone.get(slug, OTHER)
    return slug


def _overridden(slug: str, field: Field | None, override: FieldOverride) -> Field:
    name = override.name_en or (field.name_en if field else slug.replace("-", " ").title())
    return Field(
        slug=slug,
        name_en=name,
        name_ko=override.name_ko or (field.name_ko if field else override.name_en or name),
        aliases=(*(field.aliases if field else ()), *override.aliases),
        terms=(*(field.terms if field else ()), *override.terms),
        formerly=tuple(dict.fromkeys((*(field.formerly if field else ()), *override.formerly))),
    )


def _merged(field: Field, old: Field) -> Field:
    names = (old.name_en, old.name_ko, *old.aliases)
    formerly = dict.fromkeys((*field.formerly, old.slug, *old.formerly))
    formerly.pop(field.slug, None)
    return msgspec.structs.replace(
        field,
        aliases=(*field.aliases, *names),
        terms=(*field.terms, *old.terms),
        formerly=tuple(formerly),
    )
