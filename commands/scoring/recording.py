"""Record what a training came to, how good it proved, what a run said, and that the data have moved."""

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from commands.scoring.loading import load_model
from domain.scoring.model import Drift, Evaluation, Model, ScoringRun, Training, model_stream


async def record_training(key: str, training: Training, *, streams: Streams, by: Context) -> int:
    """Keep a training as the next version of the model and return its number; raises `KindChangedError`."""
    model = await streams.load(Model, model_stream(key))
    version = model.train(key, training)
    await streams.save(model, by=by, result={"id": model.id, "version": model.version, "model_version": version})
    return version


async def record_evaluation(key: str, version: int, found: Evaluation, *, streams: Streams, by: Context) -> Saved:
    """Keep how good a version is on data it has not learned from; raises `KnowsTheFutureError` if it has."""
    model = await load_model(streams, key)
    model.evaluate(version, found)
    return await streams.save(model, by=by)


async def record_scores(
    key: str, run: ScoringRun, *, drift: Drift | None = None, streams: Streams, by: Context
) -> Saved:
    """Keep where the scores of a run lie, and its drift where it passed the bound."""
    model = await load_model(streams, key)
    model.note_scores(run)
    if drift is not None:
        model.note_drift(drift)
    return await streams.save(model, by=by)
