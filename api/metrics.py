"""Prometheus metrics of the HTTP side. Labels are bounded: route templates, never paths or ids."""

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST.encode()


class Metrics:
    """What the gate counts. With several worker processes their files are added up."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._durations = Histogram(
            "intellimatch_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer, or until its live stream "
            "is open.",
            ("method", "route", "status"),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self._registry,
        )
        self._refused = Counter(
            "intellimatch_http_refused_total",
            "Requests that were refused before they reached a route.",
            ("reason",),
            registry=self._registry,
        )
        self._streams = Gauge(
            "intellimatch_streams_open",
            "Live streams that are open.",
            ("form",),
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._ended = Counter(
            "intellimatch_streams_ended_total",
            "Live streams that ended, by who or what ended them.",
            ("form", "reason"),
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method if method in METHODS else "other", route, status)
        child = self._children.get(key)
        if child is None:
            child = self._durations.labels(key[0], route, str(status))
            self._children[key] = child
        child.observe(seconds)

    def refuse(self, reason: str) -> None:
        """Count one request that the gate refused; `reason` is a code of ours."""
        self._refused.labels(reason).inc()

    def open_stream(self, form: str) -> None:
        """Count a live stream in; `form` is `sse` or `websocket`."""
        self._streams.labels(form).inc()

    def end_stream(self, form: str, reason: str) -> None:
        """Count a live stream out; `reason` is a word of ours."""
        self._streams.labels(form).dec()
        self._ended.labels(form, reason).inc()

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
