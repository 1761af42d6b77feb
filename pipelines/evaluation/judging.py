"""The gate run on a measured version, with the intervals and the champion that it asks for."""

from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.comparison import compare, interval_lows, need_snapshot
from customlabels.pipelines.evaluation.gate import Verdict, beside, judge
from customlabels.pipelines.evaluation.measured import Measured


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
