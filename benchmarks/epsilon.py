"""Figure 2b against how well its representations were pretrained: the smaller epsilon, the closer.

About forty minutes on one core; what was pretrained before is taken from the cache.
"""

from __future__ import annotations

import argparse

from w2s_mol.statistics.gain_misfit import statistics_of, synthetic_table
from w2s_mol.synthetic.run import run_synthetic
from w2s_mol.tasks.registry import REGRESSION

SETTINGS = (
    {"representation_epochs": 100},
    {"representation_epochs": 400},
    {"representation_epochs": 1500},
    {"representation_epochs": 6000},
    {"pretraining_samples": 8000},
)
SHOWN = ("slope", "correlation", "mean_slack", "mean_slack_epsilon")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = tuple(range(parser.parse_args().seeds))
    words = [statistics_of(REGRESSION)[name][0] for name in SHOWN]
    print("| setting | epsilon / misfit | " + " | ".join(words) + " |")
    print("| --- |" + " ---: |" * (len(SHOWN) + 1))
    for setting in SETTINGS:
        results = run_synthetic(experiment="pretraining", seeds=seeds, **setting).tables["results"]
        ratio = results["ceiling_error"].mean() / results["misfit"].mean()
        rows = synthetic_table(results).set_index("statistic")
        cells = [
            f"{rows.loc[s, 'estimate']:.2f} [{rows.loc[s, 'low_all']:.2f}, "
            f"{rows.loc[s, 'high_all']:.2f}]"
            for s in SHOWN
        ]
        [(name, value)] = setting.items()
        print(f"| {name.replace('_', ' ')} {value:,} | {ratio:.2f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
