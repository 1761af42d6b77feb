"""Definitions checked: everything in one that is wrong, or that is not run here, with its place.

Source: Amazon States Language specification; Step Functions developer guide, "Amazon States Language" and "Map state in
Distributed mode".
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customlabels.emulator.stepfunctions import choices, paths, resources, templates

State = dict[str, Any]
_TERMINAL = {"Succeed", "Fail"}

_EVERYWHERE = {"Type", "Comment"}
_FLOW = {"Next", "End"}
_IO = {"InputPath", "OutputPath"}
_RESULT = {"Parameters", "ResultSelector", "ResultPath"}
_FAILURES = {"Retry", "Catch"}
_FIELDS = {
    "Pass": _FLOW | _IO | {"Parameters", "Result", "ResultPath"},
    "Task": _FLOW
    | _IO
    | _RESULT
    | _FAILURES
    | {"Resource", "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Credentials"},
    "Choice": _IO | {"Choices", "Default"},
    "Wait": _FLOW | _IO | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _IO,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": _FLOW | _IO | _RESULT | _FAILURES | {"Branches"},
    "Map": _FLOW
    | _IO
    | _RESULT
    | _FAILURES
    | {"ItemProcessor", "Iterator", "ItemsPath", "ItemSelector", "MaxConcurrency", "MaxConcurrencyPath"},
}
_DISTRIBUTED = {
    *("ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailurePercentage"),
    *("ToleratedFailurePercentagePath", "ToleratedFailureCount", "ToleratedFailureCountPath"),
}
_NOT_RUN = {"Credentials", "HeartbeatSeconds", "HeartbeatSecondsPath"}

READERS = ("CSV", "JSON", "JSONL", "MANIFEST")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where, as ValidateStateMachineDefinition has it."""

    place: str
    text: str
    code: str = "SCHEMA_VALIDATION_FAILED"


def faults(text: str) -> list[Fault]:
    """All that is wrong with a definition."""
    try:
        document = json.loads(text)
    except ValueError as error:
        return [Fault("/", f"it is no JSON: {error}", "INVALID_JSON_DESCRIPTION")]
    return [Fault(where or "/", fault) for where, fault in _machine(document, "", top=True)]


Found = Iterator[tuple[str, str]]


def _machine(machine: Any, where: str, *, top: bool, more: frozenset[str] = frozenset()) -> Found:
    """Faults of states that belong together; `more` are fields that may stand beside them."""
    if not isinstance(machine, dict):
        yield where, "is no object"
        return
    known = {"StartAt", "States", "Comment", *(("Version", "TimeoutSeconds", "QueryLanguage") if top else ()), *more}
    for name in sorted(machine.keys() - known):
        yield f"{where}/{name}", "is not known here"
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        yield f"{where}/QueryLanguage", f"{machine['QueryLanguage']!r} is not run here; JSONPath is"
        return
    if "TimeoutSeconds" in machine and not _whole(machine["TimeoutSeconds"], 1):
        yield f"{where}/TimeoutSeconds", "takes a whole number of seconds"
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"{where}/States", "there are no states"
        return
    if machine.get("StartAt") not in states:
        yield f"{where}/StartAt", f"{machine.get('StartAt')!r} is none of the states"
    reached = {machine.get("StartAt")}
    for name, state in states.items():
        if len(name) > 80:
            yield f"{where}/States/{name}", "a name has at most 80 characters"
        if not isinstance(state, dict):
            yield f"{where}/States/{name}", "is no object"
            continue
        for target, place in _targets(state, f"{where}/States/{name}"):
            reached.add(target)
            if target not in states:
                yield place, f"{target!r} is none of the states beside it"
        yield from _state(state, f"{where}/States/{name}")
    for name in states.keys() - reached:
        yield f"{where}/States/{name}", "nothing leads to it"


def _targets(state: State, where: str) -> Iterator[tuple[Any, str]]:
    """(state, place) of all that a state names as following."""
    if "Next" in state:
        yield state["Next"], f"{where}/Next"
    if state.get("Type") == "Choice":
        if "Default" in state:
            yield state["Default"], f"{where}/Default"
        for number, rule in enumerate(_list(state.get("Choices"))):
            if isinstance(rule, dict) and "Next" in rule:
                yield rule["Next"], f"{where}/Choices[{number}]/Next"
    for number, rule in enumerate(_list(state.get("Catch"))):
        if isinstance(rule, dict):
            yield rule.get("Next"), f"{where}/Catch[{number}]/Next"


def _state(state: State, where: str) -> Found:
    kind = state.get("Type")
    if kind not in _FIELDS:
        yield f"{where}/Type", f"{kind!r} is no type of state"
        return
    yield from _fields(state, kind, where)
    if kind not in _TERMINAL and kind != "Choice" and ("Next" in state) is (state.get("End") is True):
        yield where, "needs either Next or End"
    for name in ("InputPath", "OutputPath"):
        if state.get(name) is not None and (wrong := paths.fault(state[name])):
            yield f"{where}/{name}", wrong
    if state.get("ResultPath") is not None and (wrong := paths.fault(state["ResultPath"], reference=True)):
        yield f"{where}/ResultPath", wrong
    for name in ("Parameters", "ResultSelector", "ItemSelector"):
        if name in state:
            yield from templates.faults(state[name], f"{where}/{name}")
    for name in state:
        of_its_own = name.endswith("Path") and name not in ("InputPath", "OutputPath", "ResultPath")
        if of_its_own and (wrong := paths.fault(state[name])):
            yield f"{where}/{name}", wrong
    yield from _failures(state, where)
    if kind in _BY_KIND:
        yield from _BY_KIND[kind](state, where)


def _fields(state: State, kind: str, where: str) -> Found:
    known = _EVERYWHERE | _FIELDS[kind]
    if kind == "Map" and is_distributed(state):
        known = known | _DISTRIBUTED
    for name in sorted(state.keys() - known):
        at_large = kind == "Map" and name in _DISTRIBUTED
        yield f"{where}/{name}", "needs a Map in mode DISTRIBUTED" if at_large else f"is not known of a {kind}"
    for name in sorted(state.keys() & _NOT_RUN):
        yield f"{where}/{name}", "is not run here"


def _failures(state: State, where: str) -> Found:
    for field, known in (
        ("Retry", {"IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}),
        ("Catch", {"Next", "ResultPath"}),
    ):
        rules = state.get(field, [])
        if not isinstance(rules, list):
            yield f"{where}/{field}", "takes a list"
            continue
        for number, rule in enumerate(rules):
            place = f"{where}/{field}[{number}]"
            if not isinstance(rule, dict):
                yield place, "is no object"
                continue
            for name in sorted(rule.keys() - known - {"ErrorEquals", "Comment"}):
                yield f"{place}/{name}", "is not known here"
            names = rule.get("ErrorEquals")
            if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
                yield f"{place}/ErrorEquals", "takes a list of names"
            elif "States.ALL" in names and (len(names) > 1 or number < len(rules) - 1):
                yield f"{place}/ErrorEquals", "States.ALL stands alone, in the last rule"
            yield from _retry_numbers(rule, place)
            if rule.get("ResultPath") is not None and (wrong := paths.fault(rule["ResultPath"], reference=True)):
                yield f"{place}/ResultPath", wrong


def _retry_numbers(rule: dict[str, Any], place: str) -> Found:
    for name, least in (("IntervalSeconds", 1), ("MaxAttempts", 0), ("MaxDelaySeconds", 1)):
        if name in rule and not _whole(rule[name], least):
            yield f"{place}/{name}", f"takes a whole number from {least} on"
    if "BackoffRate" in rule and not (_number(rule["BackoffRate"]) and rule["BackoffRate"] >= 1):
        yield f"{place}/BackoffRate", "takes a number from 1 on"
    if rule.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield f"{place}/JitterStrategy", "takes FULL or NONE"


def _task(state: State, where: str) -> Found:
    try:
        call = resources.read(state.get("Resource"))
    except ValueError as error:
        yield f"{where}/Resource", str(error)
        return
    if wrong := resources.fault(call, state.get("Parameters")):
        yield f"{where}/Parameters", wrong
    if "TimeoutSeconds" in state and not _whole(state["TimeoutSeconds"], 1):
        yield f"{where}/TimeoutSeconds", "takes a whole number of seconds"


def _choice(state: State, where: str) -> Found:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        yield f"{where}/Choices", "takes a list of rules"
        return
    for number, rule in enumerate(rules):
        yield from choices.faults(rule, f"{where}/Choices[{number}]")


def _wait(state: State, where: str) -> Found:
    given = state.keys() & {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}
    if len(given) != 1:
        yield where, "needs one of Seconds, SecondsPath, Timestamp and TimestampPath"
    if "Seconds" in state and not _whole(state["Seconds"], 0):
        yield f"{where}/Seconds", "takes a whole number of seconds"
    if "Timestamp" in state:
        try:
            datetime.fromisoformat(state["Timestamp"])
        except (TypeError, ValueError):
            yield f"{where}/Timestamp", f"{state['Timestamp']!r} is no time"


def _parallel(state: State, where: str) -> Found:
    branches = state.get("Branches")
    if not isinstance(branches, list) or not branches:
        yield f"{where}/Branches", "takes a list of branches"
        return
    for number, branch in enumerate(branches):
        yield from _machine(branch, f"{where}/Branches[{number}]", top=False)


def _map(state: State, where: str) -> Found:
    if ("ItemProcessor" in state) is ("Iterator" in state):
        yield where, "needs ItemProcessor"
        return
    if "Parameters" in state and "ItemSelector" in state:
        yield f"{where}/ItemSelector", "stands instead of Parameters, not beside it"
    field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    processor = state[field]
    yield from _machine(processor, f"{where}/{field}", top=False, more=frozenset({"ProcessorConfig"}))
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    place = f"{where}/{field}/ProcessorConfig"
    if not isinstance(config, dict) or config.keys() - {"Mode", "ExecutionType"}:
        yield place, "takes Mode and ExecutionType"
        return
    mode, kind = config.get("Mode", "INLINE"), config.get("ExecutionType")
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"{place}/Mode", f"{mode!r} is neither INLINE nor DISTRIBUTED"
    elif mode == "DISTRIBUTED" and kind not in ("STANDARD", "EXPRESS"):
        yield f"{place}/ExecutionType", "takes STANDARD or EXPRESS"
    elif mode == "INLINE" and kind is not None:
        yield f"{place}/ExecutionType", "needs the mode DISTRIBUTED"
    if "MaxConcurrency" in state and not _whole(state["MaxConcurrency"], 0):
        yield f"{where}/MaxConcurrency", "takes a whole number"
    for name in ("MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount"):
        if name in state and f"{name}Path" in state:
            yield f"{where}/{name}", f"stands instead of {name}Path, not beside it"
    yield from _distributed(state, where)


def _distributed(state: State, where: str) -> Found:
    share = state.get("ToleratedFailurePercentage", 0)
    if not _number(share) or not 0 <= share <= 100:
        yield f"{where}/ToleratedFailurePercentage", "takes a number from 0 to 100"
    if not _whole(state.get("ToleratedFailureCount", 0), 0):
        yield f"{where}/ToleratedFailureCount", "takes a whole number"
    if "Label" in state and not (isinstance(state["Label"], str) and 0 < len(state["Label"]) <= 40):
        yield f"{where}/Label", "has 1 to 40 characters"
    if "ItemReader" in state:
        if "ItemsPath" in state:
            yield f"{where}/ItemsPath", "stands instead of ItemReader, not beside it"
        yield from _reader(state["ItemReader"], f"{where}/ItemReader")
    if "ItemBatcher" in state:
        yield from _batcher(state["ItemBatcher"], f"{where}/ItemBatcher")
    if "ResultWriter" in state:
        yield from _writer(state["ResultWriter"], f"{where}/ResultWriter")


def _reader(reader: Any, where: str) -> Found:
    if not isinstance(reader, dict) or reader.keys() - {"Resource", "ReaderConfig", "Parameters"}:
        yield where, "takes Resource, ReaderConfig and Parameters"
        return
    config, resource = reader.get("ReaderConfig", {}), str(reader.get("Resource")).rpartition(":::")[2]
    yield from templates.faults(reader.get("Parameters"), f"{where}/Parameters")
    if resource == "s3:listObjectsV2":
        known, needed = {"MaxItems", "MaxItemsPath"}, {"Bucket"}
    elif resource == "s3:getObject":
        known = {"InputType", "MaxItems", "MaxItemsPath", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"}
        needed = {"Bucket", "Key"}
        if not isinstance(config, dict) or config.get("InputType") not in READERS:
            yield f"{where}/ReaderConfig/InputType", f"takes one of {', '.join(READERS)} here"
    else:
        yield f"{where}/Resource", f"{reader.get('Resource')!r} is no reader that is run here"
        return
    if not isinstance(config, dict):
        yield f"{where}/ReaderConfig", "is no object"
        return
    for name in sorted(config.keys() - known):
        yield f"{where}/ReaderConfig/{name}", "is not known here"
    given = {name.removesuffix(".$") for name in reader.get("Parameters") or {}}
    for name in sorted(needed - given):
        yield f"{where}/Parameters", f"needs {name}"
    for name in sorted(given - needed - {"Prefix", "VersionId"}):
        yield f"{where}/Parameters/{name}", "is not known here"
    if config.get("InputType") == "CSV":
        location = config.get("CSVHeaderLocation")
        if location not in ("FIRST_ROW", "GIVEN"):
            yield f"{where}/ReaderConfig/CSVHeaderLocation", "takes FIRST_ROW or GIVEN"
        elif location == "GIVEN" and not config.get("CSVHeaders"):
            yield f"{where}/ReaderConfig/CSVHeaders", "takes the names of columns"
        if config.get("CSVDelimiter", "COMMA") not in DELIMITERS:
            yield f"{where}/ReaderConfig/CSVDelimiter", f"takes one of {', '.join(DELIMITERS)}"


DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def _batcher(batcher: Any, where: str) -> Found:
    sizes = {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"}
    if not isinstance(batcher, dict) or batcher.keys() - sizes - {"BatchInput"}:
        yield where, f"takes {', '.join(sorted(sizes))} and BatchInput"
        return
    if not batcher.keys() & sizes:
        yield where, "needs MaxItemsPerBatch or MaxInputBytesPerBatch"
    for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch"):
        if name in batcher and not _whole(batcher[name], 1):
            yield f"{where}/{name}", "takes a whole number from 1 on"
    yield from templates.faults(batcher.get("BatchInput"), f"{where}/BatchInput")


def _writer(writer: Any, where: str) -> Found:
    if not isinstance(writer, dict) or writer.keys() - {"Resource", "Parameters", "WriterConfig"}:
        yield where, "takes Resource, Parameters and WriterConfig"
        return
    yield from templates.faults(writer.get("Parameters"), f"{where}/Parameters")
    if "Resource" in writer and not str(writer["Resource"]).endswith(":::s3:putObject"):
        yield f"{where}/Resource", f"{writer['Resource']!r} is no writer that is run here"
    given = {name.removesuffix(".$") for name in writer.get("Parameters") or {}}
    if "Resource" in writer and given != {"Bucket", "Prefix"}:
        yield f"{where}/Parameters", "takes Bucket and Prefix"
    config = writer.get("WriterConfig", {})
    if not isinstance(config, dict) or config.keys() - {"Transformation", "OutputType"}:
        yield f"{where}/WriterConfig", "takes Transformation and OutputType"
        return
    if config.get("Transformation", "NONE") not in ("NONE", "COMPACT", "FLATTEN"):
        yield f"{where}/WriterConfig/Transformation", "takes NONE, COMPACT or FLATTEN"
    if config.get("OutputType", "JSON") not in ("JSON", "JSONL"):
        yield f"{where}/WriterConfig/OutputType", "takes JSON or JSONL"


_BY_KIND: dict[str, Callable[[State, str], Found]] = {
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Parallel": _parallel,
    "Map": _map,
}


def processor_of(state: State) -> State:
    """The states that a Map runs for each item."""
    processor: State = state["ItemProcessor"] if "ItemProcessor" in state else state["Iterator"]
    return processor


def is_distributed(state: State) -> bool:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
