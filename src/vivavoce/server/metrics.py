"""The figures that `/metrics` shows, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LAGS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_CPU = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


class Metrics:
    """One server's figures, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "vivavoce_http_requests",
            "REST calls answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "vivavoce_http_request_seconds",
            "Time until a REST call was answered, to its last byte",
            ["method", "route"],
            registry=self._registry,
        )
        self._loop_lag = Histogram(
            "vivavoce_event_loop_lag_seconds",
            "How late a timer of the event loop fires, looked at twenty times a second",
            buckets=_LAGS,
            registry=self._registry,
        )
        self._add_ons = Histogram(
            "vivavoce_add_on_cpu_seconds",
            "CPU time of one run of an add-on: on one final or a whole session, loading included",
            ["add_on"],
            buckets=_CPU,
            registry=self._registry,
        )
        self._attempts = Counter(
            "vivavoce_delivery_attempts",
            "Attempts to deliver to callbacks and webhooks, by what came of them",
            ["outcome"],
            registry=self._registry,
        )
        self._deliveries = Gauge(
            "vivavoce_deliveries",
            "What is kept for callbacks and webhooks: pending, or dead after the last attempt",
            ["state"],
            registry=self._registry,
        )

    def attempted(self, outcome: str) -> None:
        """Count an attempt to deliver."""
        self._attempts.labels(outcome).inc()

    def deliveries_kept(self, pending: int, dead: int) -> None:
        """Show how many deliveries are kept."""
        self._deliveries.labels("pending").set(pending)
        self._deliveries.labels("dead").set(dead)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer. `route` is the pattern, not the path: figures per session would never end."""
        method = method if method in _KNOWN_METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def loop_lagged(self, seconds: float) -> None:
        """Count how late a timer fired."""
        self._loop_lag.observe(seconds)

    def add_on_ran(self, name: str, cpu: float) -> None:
        """Count a run of an add-on, which took so many seconds of CPU. Threads may call it."""
        self._add_ons.labels(name).observe(cpu)

    def gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Show what `value` gives at the moment of looking."""
        Gauge(f"vivavoce_{name}", description, registry=self._registry).set_function(value)

    def counts(
        self, name: str, description: str, label: str, values: Callable[[], Mapping[str, float]]
    ) -> None:
        """Show how often something has happened, by `label`: what `values` gives at the moment of looking."""
        self._registry.register(_Counts(f"vivavoce_{name}", description, label, values))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Counts(Collector):
    def __init__(
        self, name: str, description: str, label: str, values: Callable[[], Mapping[str, float]]
    ) -> None:
        self._described = name, description, label
        self._values = values

    def collect(self) -> Iterator[CounterMetricFamily]:
        name, description, label = self._described
        family = CounterMetricFamily(name, description, labels=[label])
        for value, count in self._values().items():
            family.add_metric([value], count)
        yield family
