"""The model card (Mitchell et al. 2019, arXiv:1810.03993): Markdown made from a bundle's manifest and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.bundle import Manifest
from models.card_figures import FIGURES, MISSING, SETS, figures_section, table, value_and_range

PROOFS = {"auto": "auto: the topic is right", "no_request": "no_request: nothing is asked for"}
AGAIN = "valid for messages like these; prove it again on your own traffic: python -m training certify --data FILE --model DIR"
LIMITS = """\
* No decision about a person's rights or money without a person: no refund, block, contract or claim follows from a tag alone.
* It is not a judge of people: it says what a message is about, not who wrote it, in what mood, or whether it is true.
* It is not proven on real clients' messages; certify it on your own traffic before anything is routed automatically.
* Not for other languages, trades or taxonomies than those below without training and measuring again.
* Not a lookout for emergencies: nothing is proven of finding people in danger."""


def card(manifest: Manifest) -> str:
    """The whole card; what the manifest does not hold is said to be missing."""
    return "\n\n".join(part for section in (_head, _data, figures_section, _proofs, _open_set, _use) for part in section(manifest)) + "\n"


def _head(manifest: Manifest) -> Iterator[str]:
    taxonomy, parameters, source = manifest.taxonomy, manifest.parameters, manifest.provenance
    open_topic = _open_topic(manifest)
    needs = sum(bool(need) for _, need in manifest.leaves)
    yield f"# Model card: {manifest.version}"
    yield (
        f"Says what a message to a mobile operator or another service is about: {len(manifest.topics)} labels, {needs} needs, "
        f"taxonomy `{taxonomy.get('name', MISSING)}`, open topic {f'`{open_topic}`' if open_topic else 'none'}. "
        "Repair and masking of personal data, then TF-IDF of words and characters beside a sentence encoder, one linear support vector "
        "machine, calibrated probabilities, an open-set test, and thresholds with a proof."
    )
    yield table(
        ("what", "value"),
        [
            ("labels", ", ".join(manifest.topics)),
            ("language", str(parameters.get("lang", MISSING))),
            ("encoder", manifest.encoder_version),
            ("parameters", ", ".join(f"{name} {value}" for name, value in sorted(parameters.items()))),
            ("thresholds", ", ".join(f"{name} {'never' if value is None else value}" for name, value in manifest.thresholds.items())),
            ("made", str(source.get("created", MISSING))),
            ("commit", f"{source.get('commit', MISSING)}{' (working tree dirty)' if source.get('dirty') else ''}"),
            ("libraries", ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items()))),
        ],
    )


def _data(manifest: Manifest) -> Iterator[str]:
    source, sizes, figures = manifest.provenance, manifest.metrics.get("sizes", {}), manifest.metrics.get("figures", {})
    yield "## Data"
    yield table(
        ("what", "value"),
        [
            ("messages learned from", str(sizes.get("fit", MISSING))),
            *((f"messages of `{name}`", f"{size} by {figures.get(name, {}).get('authors', '?')} authors") for name, size in sizes.items()),
            ("fingerprint (sha256 of all messages)", str(source.get("data", MISSING))),
            ("corpus in the configuration", str(source.get("config", {}).get("data", MISSING))),
            ("who wrote it", str(source.get("written_by", MISSING))),
        ],
    )
    yield (
        "The corpus bundled with the project (`data/corpus`) was written by a language model in many voices, one file an author; no "
        "message of it is a client's. Authors are never torn apart: whoever is measured on was not learned from. A bundle holds no "
        "messages, only their ids, what was learned of their words, and the centres of their encodings."
    )


def _proofs(manifest: Manifest) -> Iterator[str]:
    certificates: Mapping[str, Any] = manifest.metrics.get("certificates", {})
    yield "## What is proven"
    rows, costs = [], []
    for name, title in PROOFS.items():
        found = certificates.get(name)
        if not found:
            rows.append((title, *[MISSING] * 6))
            continue
        if "cost" in found:
            costs.append(found)
            continue
        threshold = found["threshold"]
        more = "" if threshold is not None else f"; some {found['needed']} more messages" if found.get("needed") else "; more will not do"
        rows.append(
            (
                title,
                f"never: not proven{more}" if threshold is None else f"{threshold:.4f}",
                f"{found['n']} of {found['total']}",
                str(found["errors"]),
                f"{found['bound']:.4f}",
                f"{found['target']:.4f}",
                f"{1 - found['delta']:.0%}",
            )
        )
    yield table(("status", "from probability", "messages", "errors", "share right at least", "target", "confidence"), rows)
    yield from (_cheapest(found) for found in costs)
    if "certified_on" in manifest.metrics:
        yield f"Proven on `{manifest.metrics['certified_on']}`."
    yield f"These bounds are {AGAIN}"


def _cheapest(found: Mapping[str, Any]) -> str:
    place = "never" if found["threshold"] is None else f"from a probability of {found['threshold']:.4f} on"
    return (
        f"No share right is proven of auto: costs were given instead (a wrong topic {found['wrong']:g}, a review {found['review']:g}). Cheapest: "
        f"{place}; {found['errors']} errors in {found['n']} of {found['total']} messages, {found['cost']:.4f} a message, "
        f"with {1 - found['delta']:.0%} confidence at most {found['bound']:.4f}."
    )


def _open_set(manifest: Manifest) -> Iterator[str]:
    yield "## Open-set test"
    name = _open_topic(manifest)
    if name is None:
        yield "The taxonomy names no open topic: every message is given one of the known labels."
        return
    figures = manifest.metrics.get("figures", {})
    held = next((key for key in SETS if key in figures), None)
    stored = figures[held].get("figures", {}) if held else {}
    rows = [
        (FIGURES[key], *value_and_range(stored.get(key)))
        for key in ("in_scope_accuracy", "in_scope_accuracy_unrefused", "open_recall", "unknown_auroc")
    ]
    limit = manifest.thresholds.get("open")
    yield (
        f"What is unlike everything known raises the open topic `{name}`; it is given "
        f"{'where it is the likeliest' if limit is None else f'from a probability of {limit} on'}."
        + (f" Measured on `{held}`:" if held else "")
    )
    yield table(("figure", "value", "95 % over messages"), rows)
    unseen = manifest.metrics.get("unseen_kinds")
    yield f"Kinds of `{name}` that were left out of training: {unseen if unseen is not None else MISSING}."


def _use(manifest: Manifest) -> Iterator[str]:
    config = manifest.provenance.get("config", {})
    yield "## What it must not be used for"
    yield LIMITS
    yield "## How to train it again"
    name = config.get("name", "default")
    yield (
        f"`python -m training train experiments/configs/{name}.toml --promote`\n\nSeed {manifest.provenance.get('seed', MISSING)}; the "
        "same data, seed and library versions give the same bundle. Anything that the command line added (--data, --validation ...) is "
        "not part of the configuration: see the run of the same version in `experiments/runs`."
    )


def _open_topic(manifest: Manifest) -> str | None:
    topics: Mapping[str, Any] = manifest.taxonomy.get("topics", {})
    return next((name for name, topic in topics.items() if topic.get("open")), None)
