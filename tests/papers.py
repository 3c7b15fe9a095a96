"""Sample papers, contexts and heads for the tests of the renderers."""

from __future__ import annotations

import datetime as dt

import msgspec

from digestfeed.config import Config
from digestfeed.model import Basis, Links, Mention, Paper
from digestfeed.render.context import Context, FeedHead

MOMENT = 1_735_084_800
"""2024-12-25T00:00:00Z."""

NAMES = {
    "natural-language-processing": "자연어 처리",
    "computer-vision": "컴퓨터 비전",
    "other": "기타",
}


def make_context(**settings: object) -> Context:
    """Make a context for a published site."""
    published = Config(base_url="https://digests.example.org/", id_authority="example.org,2024")
    config = msgspec.structs.replace(published, **settings)
    return Context(config=config, field_names=NAMES, version="1.2.3")


def arxiv_links(arxiv_id: str) -> Links:
    """Give the links of an arXiv paper."""
    return Links(
        abs=f"https://arxiv.org/abs/{arxiv_id}",
        pdf=f"https://arxiv.org/pdf/{arxiv_id}",
        huggingface=f"https://huggingface.co/papers/{arxiv_id}",
    )


def make_paper(key: str = "2412.17743", /, **values: object) -> Paper:
    """Make a paper like the ones of the Korean digests."""
    paper = Paper(
        key=key,
        title="YuLan-Mini: An Open Data-efficient Language Model",
        published=MOMENT,
        published_basis=Basis.FILE_NAME,
        day=dt.date(2024, 12, 25),
        submitted=None if key.startswith("item-") else dt.date(2024, 12, 23),
        updated=MOMENT + 86_400,
        summary="이 논문은 작은 모델을 적은 데이터로 학습한다.\n\n성능은 큰 모델에 견줄 만하다.",
        easy_summary="적게 먹고도 잘 크는 모델이다.",
        fields=("natural-language-processing",),
        labels=("자연어 처리(NLP)",),
        votes=42,
        links=Links() if key.startswith("item-") else arxiv_links(key),
        mentions=(Mention(digest="2024-12-25.md", line=3, day=dt.date(2024, 12, 25), votes=42),),
    )
    return msgspec.structs.replace(paper, **values)


def make_head(**values: object) -> FeedHead:
    """Make the head of a subscription document."""
    head = FeedHead(
        slug="all",
        feed_id="tag:example.org,2024:feed/all",
        title="AI paper digest",
        description="New AI papers, from a daily digest.",
        self_url="https://digests.example.org/feeds/all/atom.xml",
        page_url="https://digests.example.org/feeds/all/",
        updated=MOMENT + 86_400,
    )
    return msgspec.structs.replace(head, **values)
