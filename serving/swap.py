"""Swapping models in service: a promotion is noticed, tried on probes beside the old model, and takes over only if all went well."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from data.errors import BundleError, RubricatorError
from serving.logs import Log
from serving.predictor import ProcessPredictor
from serving.probes import PROBES
from serving.telemetry import Telemetry

LOOK_SECONDS = 1.0

Remember = Callable[[str, str, str], Awaitable[None]]


class Swapper:
    """Notices promotions and swaps models.

    Args:
        predictor: in service.
        model: the folder that a promotion replaces.
        telemetry: counts swaps and refusals.
        log: names them.
        remember: writes (event, model, detail) into the model's history.
    """

    def __init__(self, predictor: ProcessPredictor, model: Path, telemetry: Telemetry, log: Log, remember: Remember | None = None) -> None:
        self._predictor, self._manifest = predictor, model / "manifest.json"
        self._telemetry, self._log, self._remember = telemetry, log, remember
        self._seen = self._signature()
        self._one_at_a_time = asyncio.Lock()

    async def started(self) -> None:
        """Say which model the service began with."""
        await self._tell("loaded", self._predictor.facts.version, "")

    async def watch(self) -> None:
        """Look for a promotion every LOOK_SECONDS, for ever; a bundle that was refused is not tried again until it changes."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            signature = self._signature()
            # None: for an instant there is no bundle while one takes the other's place.
            if signature is not None and signature != self._seen:
                try:
                    await self.reload()
                except RubricatorError:
                    continue

    async def reload(self) -> bool:
        """Load what stands in the model's folder; False if it is the model in service already.

        Raises:
            RubricatorError: it cannot be used; the old model goes on, and metrics and log say so.
        """
        async with self._one_at_a_time:
            self._seen = self._signature()
            try:
                if await asyncio.to_thread(self._promoted) == self._predictor.facts.version:
                    return False
                await self._predictor.swap(PROBES)
            except RubricatorError as error:
                await self._tell("refused", "", str(error))
                raise
            await self._tell("swapped", self._predictor.facts.version, "")
            return True

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = self._manifest.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _promoted(self) -> str:
        try:
            return str(json.loads(self._manifest.read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{self._manifest}: damaged ({type(error).__name__}); promote a model again") from None

    async def _tell(self, event: str, model: str, detail: str) -> None:
        self._telemetry.model_event(event)
        say = self._log.warning if event == "refused" else self._log.info
        say("model", what=event, model=model, detail=detail)
        if self._remember:
            try:
                await self._remember(event, model, detail)
            except RubricatorError:
                self._log.warning("history", what="the store is away: not written", model=model)
