"""Files for tests: pictures made on the spot, and a course written out as an author's folder."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import yaml
from PIL import Image


def picture_bytes(kind: str = "PNG", size: tuple[int, int] = (4, 3), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 60, 40)).save(target, format=kind, **options)
    return target.getvalue()


def bomb_png(side: int = 50_000) -> bytes:
    """A few bytes that claim to be an image of `side` squared pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def write_folder(folder: Path, document: dict[str, Any]) -> Path:
    """The document as the files that `read_folder` reads."""
    frame = {name: value for name, value in document.items() if name not in ("lessons", "scenarios")}
    frame["lessons"] = [lesson["key"] for lesson in document["lessons"]]
    write(folder / "course.yaml", frame)
    for kind in ("lessons", "scenarios"):
        for part in document[kind]:
            write(folder / kind / f"{part['key']}.yaml", part)
    return folder


def write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
