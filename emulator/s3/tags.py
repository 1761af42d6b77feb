"""Tags of S3 objects, which lie with the object that they are of; buckets' stay with moto.

Source of moto's names: moto.utilities.tagging_service (TaggingService), moto.s3.models (S3Backend.tagger).
"""

from typing import Any

from moto.s3.models import FakeKey
from moto.utilities.tagging_service import TaggingService

from customlabels.emulator.s3.keys import StoredKeys
from customlabels.emulator.server.seams import replace

_HELD = "customlabels_tagger"


def install() -> None:
    """Makes moto's S3 keep the tags of objects with them."""
    replace("moto.s3.models:S3Backend.tagger", property(_tagger, _set_tagger))


class ObjectTags(TaggingService):  # type: ignore[misc] # moto is not typed
    """moto's service of tags; an object's ARN ends in its version."""

    def get_tag_dict_for_resource(self, arn: str) -> dict[str, str]:
        version = _version(arn)
        held: dict[str, str] = super().get_tag_dict_for_resource(arn) if version is None else tags_of(version)
        return held

    def list_tags_for_resource(self, arn: str) -> dict[str, list[dict[str, str]]]:
        tags = self.get_tag_dict_for_resource(arn)
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}

    def has_tags(self, arn: str) -> bool:
        return bool(self.get_tag_dict_for_resource(arn))

    def delete_all_tags_for_resource(self, arn: str) -> None:
        version = _version(arn)
        if version is None:
            super().delete_all_tags_for_resource(arn)
        else:
            version.__dict__.pop("customlabels_tags", None)

    def tag_resource(self, arn: str, tags: list[dict[str, str]] | None) -> None:
        version = _version(arn)
        if version is None:
            super().tag_resource(arn, tags)
        elif tags:
            added = {tag["Key"]: tag.get("Value", "") for tag in tags}
            version.__dict__["customlabels_tags"] = {**tags_of(version), **added}

    def copy_tags(self, from_arn: str, to_arn: str) -> None:
        self.tag_resource(to_arn, self.list_tags_for_resource(from_arn)["Tags"])

    def untag_resource_using_names(self, arn: str, tag_names: list[str]) -> None:
        version = _version(arn)
        if version is None:
            super().untag_resource_using_names(arn, tag_names)
        else:
            kept = {name: value for name, value in tags_of(version).items() if name not in tag_names}
            version.__dict__["customlabels_tags"] = kept


def tags_of(version: FakeKey) -> dict[str, str]:
    """The tags of a version of an object."""
    held: dict[str, str] = version.__dict__.get("customlabels_tags", {})
    return held


def _version(arn: str) -> FakeKey | None:
    """The object that an ARN is of; None where it is a bucket's."""
    bucket, _, path = arn.partition(":::")[2].partition("/")
    key, _, number = path.rpartition("/")
    if not path:
        return None
    versions = StoredKeys(bucket).getlist(key, [])
    empty: FakeKey = object.__new__(FakeKey)
    return next((version for version in versions if version.version_id == number), empty)


def _tagger(backend: Any) -> Any:
    return backend.__dict__[_HELD]


def _set_tagger(backend: Any, tagger: Any) -> None:
    tagger.__class__ = ObjectTags
    backend.__dict__[_HELD] = tagger
