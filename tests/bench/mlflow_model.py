"""The bundle as an MLflow model: code that MLflow runs when it serves it (models from code, so nothing is pickled)."""

from __future__ import annotations

import threading
from typing import Any

import mlflow.models
import mlflow.pyfunc

from data.messages import Message


class BundleModel(mlflow.pyfunc.PythonModel):
    """Texts in, tags out, by the same tagger that the service has."""

    def load_context(self, context: Any) -> None:
        from models.bundle import load

        # MLflow asks from several threads; spaCy's memory zones, which keep memory bounded, know one at a time.
        self.one_at_a_time = threading.Lock()
        self.tagger = load(context.artifacts["bundle"])
        self.tagger.tag([Message("warm-up", "Здравствуйте, какой у меня тариф?")])

    # Without a type: MLflow would take it for a promise and check every request.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        messages = [Message(str(number), str(text), "app") for number, text in enumerate(model_input)]
        with self.one_at_a_time:
            return [tag.as_dict() for tag in self.tagger.tag(messages)]


mlflow.models.set_model(BundleModel())
