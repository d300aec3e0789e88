"""A promotion: the bundle of a run becomes the champion in one atomic step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from data.errors import BundleError
from models.bundle import CHAMPION, read_manifest, verify


def promote(bundle: Path, champion: Path = CHAMPION) -> str:
    """Copy a verified bundle beside the champion and let the champion's link point at the copy; returns the model version.

    The link is replaced by one rename, so that a reader sees the old model or the new one, whole.

    Raises:
        BundleError: the bundle is missing, damaged or foreign, or the champion's place is taken by something that is no link.
    """
    manifest = read_manifest(bundle)
    verify(bundle, manifest)
    if champion.exists() and not champion.is_symlink():
        raise BundleError(f"{champion}: a folder or file stands there; move it away, promotions keep a link at this place")
    shelf = champion.parent / "promoted"
    place = shelf / manifest.version
    if not place.exists():
        shelf.mkdir(parents=True, exist_ok=True)
        temporary = shelf / f".{manifest.version}-{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(bundle, temporary)
        os.replace(temporary, place)
    verify(place, manifest)
    link = champion.with_name(f".{champion.name}-{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(place, champion.parent))
    os.replace(link, champion)
    return manifest.version
