"""What is measured: Prometheus metrics of one service, kept in the HTTP process, so that a new predictor process changes no counter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
CHANNELS = 40  # further channels, where the taxonomy names none, are counted together: labels must not grow with what clients send
OTHER = "(other)"
_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99, 1.0)


class Telemetry:
    """Counters and histograms; labels are names of routes, channels, topics and models, never anything that a client wrote."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("rubricator_requests", "Requests", ("method", "route", "status"), registry=self.registry)
        stage_help = "Latency by stage: queue (waiting), predict (a batch), store (waiting for the commit), total (a request)"
        stages = Histogram("rubricator_stage_seconds", stage_help, ("stage",), buckets=_SECONDS, registry=self.registry)
        self._queue, self._predict, self._store, self._total = (stages.labels(stage) for stage in ("queue", "predict", "store", "total"))
        self._batch = Histogram("rubricator_batch_messages", "Messages in a batch", buckets=_SIZES, registry=self.registry)
        self._tags = Counter("rubricator_tags", "Tags given", ("channel", "topic", "status"), registry=self.registry)
        self._confidence = Histogram("rubricator_confidence", "Confidence", ("channel", "topic"), buckets=_SHARES, registry=self.registry)
        self._commit = Histogram("rubricator_commit_seconds", "Commits", buckets=_SECONDS, registry=self.registry)
        self._rows = Histogram("rubricator_commit_messages", "Messages in a commit", buckets=_SIZES, registry=self.registry)
        self._unstored = Counter("rubricator_unstored", "Answers given while the store was away", registry=self.registry)
        self._channels: set[str] = set()
        self._events = Counter("rubricator_model_events", "Loads, swaps, refused bundles, restarts", ("event",), registry=self.registry)
        for event in ("loaded", "swapped", "refused", "restarted"):
            self._events.labels(event)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request has been answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._total.observe(seconds)

    def waited(self, seconds: float) -> None:
        """A message has left the queue."""
        self._queue.observe(seconds)

    def batch(self, messages: int, seconds: float) -> None:
        """The predictor has answered a batch."""
        self._batch.observe(messages)
        self._predict.observe(seconds)

    def tagged(self, channel: str, tag: Mapping[str, Any]) -> None:
        """A tag has been given."""
        topic = tag["topic"] or "none"
        if channel not in self._channels:
            if len(self._channels) < CHANNELS:
                self._channels.add(channel)
            else:
                channel = OTHER
        self._tags.labels(channel, topic, tag["status"]).inc()
        self._confidence.labels(channel, topic).observe(tag["confidence"])

    def stored(self, seconds: float) -> None:
        """An answer has waited so long for its commit."""
        self._store.observe(seconds)

    def unstored(self, answers: int) -> None:
        """Answers went out without being kept."""
        self._unstored.inc(answers)

    def commit(self, messages: int, seconds: float) -> None:
        """A commit has ended."""
        self._commit.observe(seconds)
        if messages:
            self._rows.observe(messages)

    def model_event(self, event: str) -> None:
        """loaded, swapped, refused or restarted."""
        self._events.labels(event).inc()

    def watch(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when somebody asks for it."""
        Gauge(f"rubricator_{name}", help_text, registry=self.registry).set_function(read)

    def watch_model(self, version: Callable[[], str]) -> None:
        """Which model answers, as a label."""
        self.registry.register(_Model(version))

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _Model(Collector):
    def __init__(self, version: Callable[[], str]) -> None:
        self._version = version

    def collect(self) -> Iterable[Metric]:
        metric = GaugeMetricFamily("rubricator_model", "The model in service", labels=["model"])
        metric.add_metric([self._version()], 1.0)
        yield metric
