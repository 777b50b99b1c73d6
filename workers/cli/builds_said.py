"""Where the values of a build came from, in words."""

from typing import Final

from projections.batch.writing import Manifest, Why

_WHY: Final[dict[Why, str]] = {
    "first": "there is no earlier build to carry over from",
    "unknown": "nobody tells what is new",
    "surroundings": "what all values are made of is not what it was",
    "touched": "most people were touched since the last build",
    "definitions": "most tags are not what they were",
    "asked": "that was asked for",
}


def origin_said(manifest: Manifest) -> str:
    """Return in a sentence or two what was asked anew, and what was carried over from which build."""
    origin = manifest.origin
    if origin.why is not None:
        changed = f" ({', '.join(origin.changed)})" if origin.changed else ""
        return f"Everything was asked anew: {_WHY[origin.why]}{changed}."
    if origin.base is None:
        return "The parts were there already."
    touched = f"{origin.touched:,} of {manifest.rows:,} people were touched and asked anew"
    kept = f"the others keep {origin.kept} tags, and {origin.followed} that follow the clock were worked out"
    said = [f"Since the build as of {origin.base:%F %T} UTC {touched}; {kept}."]
    if origin.anew:
        said.append(f"Asked of everybody: {', '.join(origin.anew)}.")
    if origin.damaged:
        said.append(f"Parts of that build were not what they were written as: {', '.join(map(repr, origin.damaged))}.")
    return " ".join(said)
