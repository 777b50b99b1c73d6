"""Load a model as the one who asks believes it to be."""

from commands.runtime.streams import Streams
from domain.kernel.errors import StaleVersionError
from domain.scoring.errors import ModelNotFoundError
from domain.scoring.model import Model, model_stream


async def load_model(streams: Streams, key: str, expected_version: int | None = None) -> Model:
    """Return the model; raises `ModelNotFoundError`, or `StaleVersionError` if it is not at that version."""
    model = await streams.load(Model, model_stream(key))
    if not model.exists:
        raise ModelNotFoundError("there is no model with this key: train it first", field="model")
    if expected_version not in (None, model.version):
        raise StaleVersionError(f"the model is at version {model.version}: read it again and decide anew")
    return model
