"""The data card: Croissant 1.1 JSON-LD (MLCommons, "Croissant Format Specification" 1.1), with PROV-O provenance and
ODRL usage conditions as that specification's section on responsible AI recommends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .risk import RiskReport

if TYPE_CHECKING:
    from .build import Dataset

CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
_TYPES: Final = {"string": "sc:Text", "integer": "sc:Integer", "boolean": "sc:Boolean"}
_SPLIT_URLS: Final = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
_TERMS: Final = (
    "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileProperty fileObject "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path readLines recordSet references "
    "regex repeated replace samplingRate sdVersion separator source subField transform unArchive value"
)


class FileFact(NamedTuple):
    """A written file: its path in the release, the split it holds, its bytes and their sum."""

    path: str
    split: str
    size: int
    sha256: str


def context() -> dict[str, Any]:
    """The JSON-LD context of Croissant 1.1, with PROV-O and ODRL."""
    out: dict[str, Any] = {"@language": "en", "@vocab": "https://schema.org/"}
    out |= {term: f"cr:{term}" for term in _TERMS.split()}
    out |= {
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "description": {"@container": "@language"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "name": {"@container": "@language"},
        "odrl": "http://www.w3.org/ns/odrl/2/",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
    }
    return dict(sorted(out.items()))


def croissant(dataset: Dataset, facts: Sequence[FileFact], risk: RiskReport) -> dict[str, Any]:
    """The card of a written release. Nothing in it names a member."""
    release, scope = dataset.release, dataset.scope
    name = f"{scope.name}-{release.epoch}-{release.sale_id[2:10]}"
    return {
        "@context": context(),
        "@type": "sc:Dataset",
        "name": name,
        "description": (
            f"{dataset.num_rows} rows of {dataset.num_members} members of a data collective. For each member: "
            f"{scope.sentence} Members appear under pseudonyms made for this release."
        ),
        "conformsTo": CONFORMS_TO,
        "version": f"{scope.version}.0.0",
        "datePublished": release.date,
        "url": f"urn:unwrapped-dao:sale:{release.chain_id}:{release.sale_id}",
        "license": f"urn:unwrapped-dao:terms:{release.terms_digest}",
        "citeAs": f"Data collective {release.collective}, pool {scope.name}/{release.epoch}, sale {release.sale_id}",
        "keywords": [scope.kind, scope.name, "data collective", "pseudonymous"],
        "creator": {"@type": "sc:Organization", "name": f"Data collective {release.collective}"},
        "isLiveDataset": False,
        **_provenance(dataset),
        "usageInfo": _usage(dataset),
        **_responsible(dataset, risk),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": fact.path,
                "name": fact.path.rpartition("/")[2],
                "contentUrl": fact.path,
                "contentSize": f"{fact.size} B",
                "encodingFormat": "application/x-parquet",
                "sha256": fact.sha256,
            }
            for fact in facts
        ],
        "recordSet": [_splits(facts), *(_records(dataset, fact) for fact in facts)],
    }


def _provenance(dataset: Dataset) -> dict[str, Any]:
    release, scope = dataset.release, dataset.scope
    return {
        "prov:wasDerivedFrom": {
            "@id": f"urn:unwrapped-dao:pool:{release.chain_id}:0x{scope.scope_id.hex()}:{release.epoch}"
        },
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": (
                "Each member cut their own export down to the scope on their own machine and signed its digest; "
                f"{release.validators} attested it; the members voted this sale; {release.excluded} members of the "
                "pool are excluded because they withdrew or opted out."
            ),
            "prov:endedAtTime": release.date,
        },
        "prov:wasAttributedTo": {
            "@type": "prov:Agent",
            "prov:label": f"collective {release.collective} on chain {release.chain_id}",
        },
    }


def _usage(dataset: Dataset) -> dict[str, Any]:
    release = dataset.release
    return {
        "@type": ["sc:CreativeWork", "odrl:Offer"],
        "name": f"Terms with the digest {release.terms_digest}, as voted; the scope's base terms are in TERMS.txt",
        "odrl:permission": {
            "@type": "odrl:Permission",
            "odrl:action": {"@id": "odrl:use"},
            "odrl:constraint": [
                {
                    "@type": "odrl:Constraint",
                    "odrl:leftOperand": {"@id": "odrl:purpose"},
                    "odrl:operator": {"@id": "odrl:eq"},
                    "odrl:rightOperand": {"@id": f"urn:unwrapped-dao:purpose:{release.purpose}"},
                }
            ],
        },
        "odrl:prohibition": {"@type": "odrl:Prohibition", "odrl:action": {"@id": "odrl:distribute"}},
    }


def _responsible(dataset: Dataset, risk: RiskReport) -> dict[str, Any]:
    return {
        "rai:dataCollection": "Exports that the members requested from their services under their right of access.",
        "rai:dataCollectionType": ["Others"],
        "rai:dataUseCases": [dataset.release.purpose],
        "rai:personalSensitiveInformation": [*risk.lines()],
        "rai:dataBiases": ["Members are self-selected: people who asked for their export and joined a collective."],
        "rai:dataLimitations": [
            "Exports are unsigned: forging one is costly, not impossible.",
            f"Never contains: {', '.join(dataset.scope.never_contains)}.",
        ],
        "rai:dataReleaseMaintenancePlan": (
            "A member may withdraw: later releases leave them out, this one cannot be recalled."
        ),
    }


def _splits(facts: Sequence[FileFact]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": "sc:URL"},
        ],
        "data": [{"splits/name": fact.split, "splits/url": _SPLIT_URLS[fact.split]} for fact in facts],
    }


def _records(dataset: Dataset, fact: FileFact) -> dict[str, Any]:
    what = f"of the scope {dataset.scope.name}."
    named = [("member", "string", "Pseudonym of the member in this release.")]
    named += [(c.name, c.type, f"The column {c.name} {what}") for c in dataset.columns]
    return {
        "@type": "cr:RecordSet",
        "@id": fact.split,
        "name": fact.split,
        "description": f"The rows of the members in the {fact.split} split.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{fact.split}/{name}",
                "name": name,
                "description": text,
                "dataType": _TYPES[kind],
                "source": {"fileObject": {"@id": fact.path}, "extract": {"column": name}},
            }
            for name, kind, text in named
        ],
    }
