"""The gate run on a measured version, with the intervals and the champion that it asks for."""

from customlabels.aws.clients import Clients
from customlabels.core.settings import GateSettings
from customlabels.core.watching import UNWATCHED, Watch
from customlabels.pipelines.evaluation.comparison import compare, interval_lows, need_snapshot
from customlabels.pipelines.evaluation.gate import Verdict, beside, judge
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.service import champion as champions


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


def judge_beside_champion(
    clients: Clients, project: str, measured: Measured, gate: GateSettings, watch: Watch = UNWATCHED
) -> Verdict:
    """As judge_measured; the champion, where the gate asks for one, is looked up and measured.

    One that was deleted keeps none from taking its place: it is warned of, and not compared with.

    Raises
    ------
    ServiceError, SettingsError
    """
    promoted = champions.current(clients.ssm, project) if gate.max_regression is not None else None
    if promoted is None:
        return judge_measured(measured, gate, None)
    if sentence := champions.lost(clients.rekognition, project, promoted):
        watch.warn(f"{sentence}; nothing is compared with it")
        return judge_measured(measured, gate, None)
    version = champions.promoted_version(clients.rekognition, project, promoted)
    champion = measure(clients.s3, version)
    for sentence in champion.unread:
        watch.warn(sentence)
    return judge_measured(measured, gate, champion)
