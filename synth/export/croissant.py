"""The metadata of an export as Croissant 1.0 (JSON-LD): each file with its checksum, each column with its type.

The format is described by Akhtar et al., *Croissant: a metadata format for ML-ready datasets* (2024), and at
http://mlcommons.org/croissant/1.0. The tests validate it with `mlcroissant`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from synth.run.ledger import sha256

FILE = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.0"
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_KINDS = {
    ".parquet": "application/x-parquet",
    ".jsonl": "application/jsonlines",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".pyz": "application/zip",
    ".py": "text/x-python",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    folder: Path, name: str, about: str, tables: Mapping[str, pa.Schema], leave_out: Iterable[str]
) -> dict[str, Any]:
    """Return the metadata of the files in a folder, as JSON data.

    `tables` gives the schema of each Parquet file by its path in the folder; each is a record set. Files to
    `leave_out` are those that may change later, such as the card.
    """
    left_out = {FILE, *leave_out}
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": name,
        "version": version("synth-corpus"),
        "description": about,
        "license": LICENCE,
        "keywords": ["synthetic", "reasoning", "verifiable rewards", "proofs"],
        "isLiveDataset": False,
        "rai:dataCollection": "Synthetic: composed by grammars, answered by solvers or models, checked by a kernel.",
        "distribution": [_file(folder, path) for path in paths if path not in left_out],
        "recordSet": [_record_set(path, schema) for path, schema in sorted(tables.items())],
    }


def _file(folder: Path, path: str) -> dict[str, Any]:
    file = folder / path
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": _KINDS.get(file.suffix, "text/plain"),
        "contentSize": f"{file.stat().st_size} B",
        "sha256": sha256(file),
    }


def checksums(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (path, SHA-256) of every file that the metadata names. Raise `KeyError` or `TypeError` where it is none."""
    for file in data["distribution"]:
        yield file["contentUrl"], file["sha256"]


def _record_set(path: str, schema: pa.Schema) -> dict[str, Any]:
    name = path.removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [_field(f"{name}/{column.name}", path, column.name, column.type, "") for column in schema],
    }


def _field(identity: str, path: str, column: str, kind: pa.DataType, json_path: str) -> dict[str, Any]:
    """Return the description of a column, or of a part of one: what it holds, and where that is found."""
    found: dict[str, Any] = {"@type": "cr:Field", "@id": identity, "name": identity}
    if pa.types.is_list(kind):
        found["repeated"] = True
        kind = kind.value_type
    source: dict[str, Any] = {"fileObject": {"@id": path}, "extract": {"column": column}}
    if json_path:
        source["transform"] = {"jsonPath": json_path}
    if pa.types.is_struct(kind):
        found["source"] = source
        found["subField"] = [
            _field(f"{identity}/{part.name}", path, column, part.type, f"{json_path}.{part.name}".lstrip("."))
            for part in kind
        ]
        return found
    return {**found, "dataType": _type(kind), "source": source}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"
