"""The gate run on a measured version, with the intervals and the champion that it asks for."""

from customlabels.aws.clients import Clients
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.comparison import compare, interval_lows, need_snapshot
from customlabels.pipelines.evaluation.gate import Verdict, beside, judge
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.service import champion as champions
from customlabels.pipelines.service.versions import choose_version


def judge_measured(measured: Measured, gate: GateSettings, champion: Measured | None = None) -> Verdict:
    """The verdict on a version.

    Parameters
    ----------
    champion : needed where the gate allows no regression and there is a champion

    Raises
    ------
    ServiceError : intervals are asked for, and the version has no snapshot any more
    SettingsError : as gate.judge
    """
    if gate.decide_on != "interval":
        return judge(measured.evaluation, gate, champion=beside(measured, champion, gate))
    lows = interval_lows(need_snapshot(measured))
    interval = compare(champion, measured).overall["f1"].interval if champion is not None else None
    against = beside(measured, champion, gate, interval.low if interval else None)
    return judge(measured.evaluation, gate, lows=lows, champion=against)


def judge_beside_champion(clients: Clients, project: str, measured: Measured, gate: GateSettings) -> Verdict:
    """As judge_measured; the champion, where the gate asks for one, is looked up and measured.

    Raises
    ------
    ServiceError, SettingsError
    """
    promoted = champions.current(clients.ssm, project) if gate.max_regression is not None else None
    champion = None
    if promoted is not None:
        champion = measure(clients.s3, choose_version(clients.rekognition, project, promoted.version))
    return judge_measured(measured, gate, champion)
