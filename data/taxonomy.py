"""Topics and their needs, read from YAML and checked; no other code knows a topic's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from data.errors import ConfigError, nearest

DEFAULT_PATH = Path(__file__).with_name("taxonomy.yaml")


@dataclass(frozen=True)
class Need:
    """What exactly is wanted inside a topic; `queue` and `priority` (1 first .. 5 last) are where a router sends it and how soon."""

    name: str
    queue: str | None = None
    priority: int = 3
    titles: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class Topic:
    """One topic, its needs by name, and whether it is the open one: the topic of all that the others do not cover."""

    name: str
    needs: Mapping[str, Need] = field(default_factory=dict)
    queue: str | None = None
    priority: int = 3
    open: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class Taxonomy:
    """Every label a message can get.

    `topics` by name; `no_request` is the label that says nothing has been asked yet, as a Topic without a queue, or None;
    `channels` are the known ones (empty: any); `review_queue` is where a person looks; `attachment` is the no-request need of a message
    that is only an attachment.
    """

    name: str
    topics: Mapping[str, Topic]
    no_request: Topic | None = None
    channels: tuple[str, ...] = ()
    review_queue: str | None = None
    attachment: str | None = None

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All labels: the topics and, last, the no-request label."""
        return (*self.topics, *((self.no_request.name,) if self.no_request else ()))

    @cached_property
    def open_topic(self) -> str | None:
        """Name of the open topic, or None."""
        return next((topic.name for topic in self.topics.values() if topic.open), None)

    @cached_property
    def no_request_label(self) -> str | None:
        """The label that says there is no request, or None."""
        return self.no_request.name if self.no_request else None

    def label(self, name: str) -> Topic:
        """The topic (or no-request label) of that name; ConfigError names the nearest known one."""
        if self.no_request and name == self.no_request.name:
            return self.no_request
        if name not in self.topics:
            raise ConfigError(f"unknown topic {name!r}{nearest(name, self.labels)}")
        return self.topics[name]

    def needs(self, label: str) -> tuple[str, ...]:
        """Names of the needs of a label."""
        return tuple(self.label(label).needs)

    def route(self, label: str, need: str | None) -> tuple[str | None, int]:
        """Queue and priority for a label and its need (None: the topic's own)."""
        topic = self.label(label)
        place: Topic | Need = topic.needs.get(need, topic) if need else topic
        return place.queue, place.priority

    def as_dict(self) -> dict[str, Any]:
        """Plain dicts for a manifest; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_labels(cls, labels: Iterable[str], open_label: str | None = None) -> Taxonomy:
        """The taxonomy of a foreign data set: its labels are the topics, without needs; `open_label` is the open one."""
        names = sorted({*labels, *([open_label] if open_label else [])})
        return cls(name="labels", topics={name: Topic(name=name, open=name == open_label) for name in names})

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Taxonomy:
        """The inverse of `as_dict`."""

        def topic(value: Mapping[str, Any]) -> Topic:
            return Topic(**{**value, "needs": {name: Need(**need) for name, need in value["needs"].items()}})

        return cls(
            name=raw["name"],
            topics={name: topic(value) for name, value in raw["topics"].items()},
            no_request=topic(raw["no_request"]) if raw["no_request"] else None,
            channels=tuple(raw["channels"]),
            review_queue=raw["review_queue"],
            attachment=raw["attachment"],
        )


def load_taxonomy(path: Path | str = DEFAULT_PATH) -> Taxonomy:
    """Read and check a taxonomy file.

    Raises:
        ConfigError: the file is missing or not YAML, a key is unknown, a need's name is used twice, or there is more than one open topic.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not a readable taxonomy: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("topics"), dict) or not raw["topics"]:
        raise ConfigError(f"{path}: expected a mapping with 'topics'; data/taxonomy.yaml shows the form")
    _known(path, "taxonomy", raw, {"name", "version", "review_queue", "channels", "no_request", "topics"})
    topics = {name: _topic(path, name, value) for name, value in raw["topics"].items()}
    no_request, attachment = None, None
    if raw.get("no_request"):
        body = dict(raw["no_request"])
        attachment = body.pop("attachment", None)
        no_request = _topic(path, body.pop("label", "no_request"), body)
        if attachment is not None and attachment not in no_request.needs:
            raise ConfigError(
                f"{path}: no_request: attachment {attachment!r} is none of its needs{nearest(str(attachment), no_request.needs)}"
            )
    labels = [*topics.values(), *([no_request] if no_request else [])]
    seen: dict[str, str] = {}
    for topic in labels:
        for need in topic.needs:
            if need in seen:
                raise ConfigError(f"{path}: need {need!r} stands in {seen[need]!r} and in {topic.name!r}: give one of them another name")
            seen[need] = topic.name
    if sum(topic.open for topic in labels) > 1:
        raise ConfigError(f"{path}: only one topic can have 'open: true'")
    return Taxonomy(
        name=str(raw.get("name", path.stem)),
        topics=topics,
        no_request=no_request,
        channels=tuple(raw.get("channels", ())),
        review_queue=raw.get("review_queue"),
        attachment=attachment,
    )


def _topic(path: Path, name: str, raw: Any) -> Topic:
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: topic {name!r}: expected a mapping with title, queue, priority and needs")
    _known(path, f"topic {name!r}", raw, {"title", "description", "queue", "priority", "open", "needs"})
    queue, priority = raw.get("queue"), raw.get("priority", 3)
    needs = {}
    for key, value in (raw.get("needs") or {}).items():
        place = f"need {key!r} of topic {name!r}"
        if not isinstance(value, dict):
            raise ConfigError(f"{path}: {place}: expected a mapping with ru, en and description")
        _known(path, place, value, {"ru", "en", "description", "queue", "priority"})
        titles = {lang: value[lang] for lang in ("ru", "en") if lang in value}
        needs[key] = Need(
            name=key,
            queue=value.get("queue", queue),
            priority=_priority(path, place, value.get("priority", priority)),
            titles=titles,
            description=value.get("description", ""),
        )
    return Topic(
        name=name,
        needs=needs,
        queue=queue,
        priority=_priority(path, f"topic {name!r}", priority),
        open=raw.get("open") is True,
        titles=raw.get("title") or {},
        description=raw.get("description", ""),
    )


def _priority(path: Path, place: str, value: Any) -> int:
    if not isinstance(value, int) or not 1 <= value <= 5:
        raise ConfigError(f"{path}: {place}: priority must be a whole number from 1 (first) to 5, got {value!r}")
    return value


def _known(path: Path, place: str, raw: Mapping[str, Any], known: set[str]) -> None:
    for key in raw:
        if key not in known:
            raise ConfigError(f"{path}: {place}: unknown key {key!r}{nearest(str(key), known)}")
