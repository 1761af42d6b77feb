import pytest
from support.local_services import Service, client

from customlabels.aws import parameters


def test_more_parameters_are_read_and_deleted_than_one_call_takes(service: Service) -> None:
    ssm = client(service, "ssm")
    paths = [parameters.schedule(f"line-{number}") for number in range(23)]
    for path in paths:
        parameters.write(ssm, path, path.upper(), "tried")
    assert parameters.read(ssm, [*paths, parameters.schedule("nobody")]) == {path: path.upper() for path in paths}
    parameters.write(ssm, paths[0], "again", "tried")
    assert parameters.read(ssm, paths[:1]) == {paths[0]: "again"}
    assert parameters.newest(ssm, paths[0]).value == "again"  # type: ignore[union-attr]
    assert [version.value for version in parameters.history(ssm, paths[0])] == ["again", paths[0].upper()]
    parameters.delete(ssm, [*paths, parameters.schedule("nobody")])
    assert parameters.read(ssm, paths) == {}
    assert (parameters.newest(ssm, paths[0]), parameters.history(ssm, paths[0])) == (None, [])


@pytest.mark.parametrize("name", ["champion", "schedule", "overrides", "memory", "serving"])
def test_every_name_is_of_the_project(name: str) -> None:
    assert getattr(parameters, name)("surface").startswith("/customlabels/surface/")
